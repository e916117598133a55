"""Bumps, answered by Reader, on JAX.

JAX.precision = bf16

Written by sailc 0.1.0 from bumps.sail. It needs jax, optax, numpy, and no sailc.
"""

import argparse
import json
import math
import time
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from timeit import Timer

import jax
import jax.numpy as jnp
import numpy as np
import optax

SCENARIO = "c96bbd7b7642"
VERSIONS = {p: version(p) for p in ["jax", "optax", "numpy"]} | {"python": python_version()}
EPOCHS = 5
BATCH = 32
OPTIMIZER = optax.adam(0.01)


def data():
    """Questions and true answers of every split, as the model and its loss take them."""
    heights = np.random.default_rng(0).uniform(np.array((1.0,)), np.array((2.0,)), (200, 1))
    splits = {"train": heights[:150], "test": heights[-50:]}
    for split, h in splits.items():
        splits[split] = np.stack(
            [
                (h[:, 0] * 0.006737946999085467)[..., None],
                (h[:, 0] * 0.021750359344450344)[..., None],
                (h[:, 0] * 0.060054667895307945)[..., None],
                (h[:, 0] * 0.14183015908734253)[..., None],
                (h[:, 0] * 0.2865047968601901)[..., None],
                (h[:, 0] * 0.4950358969261986)[..., None],
                (h[:, 0] * 0.7316156289466418)[..., None],
                (h[:, 0] * 0.9248488132162048)[..., None],
                h[:, 0][..., None],
                (h[:, 0] * 0.9248488132162048)[..., None],
                (h[:, 0] * 0.7316156289466418)[..., None],
                (h[:, 0] * 0.4950358969261986)[..., None],
                (h[:, 0] * 0.2865047968601901)[..., None],
                (h[:, 0] * 0.14183015908734253)[..., None],
                (h[:, 0] * 0.060054667895307945)[..., None],
                (h[:, 0] * 0.021750359344450344)[..., None],
            ],
            axis=-2,
        ), h
    truth = splits["train"][1]
    scale = truth.std() or 1.0
    splits["train"] = splits["train"][0], truth / scale
    return splits, (scale,)


def init(rng):
    """The learned arrays, as their layers start them."""

    def glorot(*shape):
        """Uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010)."""
        *window, n, m = shape
        bound = math.sqrt(6 / (math.prod(window) * (n + m)))
        return rng.uniform(-bound, bound, shape)

    return {
        "seen_1.weight": glorot(3, 1, 8),
        "seen_1.bias": np.zeros(8),
        "seen_2.scale": np.ones(8),
        "seen_2.shift": np.zeros(8),
        "y.weight": glorot(128, 1),
        "y.bias": np.zeros(1),
    }


def mixed(model):
    """A model in mixed precision: it computes in bfloat16, of weights and with answers in
    float32."""

    def cast(values, kind):
        return jax.tree.map(
            lambda x: x.astype(kind) if jnp.issubdtype(x.dtype, jnp.floating) else x, values
        )

    def answer(w, question):
        w, question = cast((w, question), jnp.bfloat16)
        return cast(model(w, question), jnp.float32)

    return answer


def conv1d(w, name, x):
    """A convolution, as large as what it is of; channels come last, as XLA has them."""
    axes = ("NWC", "WIO", "NWC")
    weight, bias = w[f"{name}.weight"], w[f"{name}.bias"]
    return bias + jax.lax.conv_general_dilated(x, weight, (1,), "SAME", dimension_numbers=axes)


def layer_norm(x, scale, shift):
    """The last axis less its mean and divided by its spread, scaled and shifted."""
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + shift


@jax.jit
@mixed
def reader(w, x):
    """One convolution, its channels normalized at every place."""
    seen = conv1d(w, "seen_1", x)
    seen_2 = layer_norm(
        seen.astype(jnp.float32), w["seen_2.scale"], w["seen_2.shift"]
    ).astype(jnp.bfloat16)
    seen_3 = jax.nn.relu(seen_2)
    return seen_3.reshape(-1, 128) @ w["y.weight"] + w["y.bias"]


def loss(output, target, scale):
    """The mean loss of some points."""
    return ((output / scale - target) ** 2).mean()


@jax.jit(donate_argnums=(0, 1))  # weights and state are replaced
def step(w, state, x, y, index, constants):
    """One step of the optimizer on the points of a batch."""
    value, gradient = jax.value_and_grad(
        lambda w: loss(reader(w, x[index]), y[index], *constants)
    )(w)
    updates, state = OPTIMIZER.update(gradient, state, w)
    return optax.apply_updates(w, updates), state, value


def train(w, points, constants, rng):
    """Train; the weights, seconds, epochs and last loss."""
    x, y = points["train"]
    state = OPTIMIZER.init(w)
    start = time.perf_counter()
    for epoch in range(1, EPOCHS + 1):
        # The points in a new order, in batches of one size: the first fill up the last.
        orders = np.resize(rng.permutation(len(y)), (math.ceil(len(y) / BATCH), BATCH))
        values = []
        for index in orders:
            w, state, value = step(w, state, x, y, index, constants)
            values.append(value)
        mean_loss = float(np.mean(jax.device_get(values)))
        if not math.isfinite(mean_loss):
            raise FloatingPointError(f"the loss is {mean_loss} after epoch {epoch}")
        seconds = time.perf_counter() - start
        report("epoch", epoch=epoch, epochs=EPOCHS, loss=mean_loss, seconds=seconds)
    return w, time.perf_counter() - start, epoch, mean_loss


def report(event, **facts):
    """Print one JSON object on a line of its own."""
    print(json.dumps({"event": event, **facts}), flush=True)


def main():
    """Train, answer, judge, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of weights and order")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of result.json")
    parser.add_argument("--device", default="cpu", help="where to run")
    args = parser.parse_args()
    try:
        jax.config.update("jax_default_device", jax.devices(args.device)[0])
        jnp.zeros(1, jnp.bfloat16)
        args.out.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as refused:
        parser.error(f"--device {args.device}, --out {args.out}: {refused}")
    report("start", scenario=SCENARIO, versions=VERSIONS, seed=args.seed, device=args.device)
    points, statistics = data()
    truth = points["test"][1]
    rng = np.random.default_rng(args.seed)
    points, w = jax.tree.map(jnp.asarray, (points, init(rng)))
    constants = [jnp.asarray(s) for s in statistics]

    # Compiling is timed apart from training: what trains and what answers is called once.
    start = time.perf_counter()
    x, y = points["train"]
    index = np.arange(BATCH)
    jax.block_until_ready(
        step(jax.tree.map(jnp.copy, w), OPTIMIZER.init(w), x, y, index, constants)
    )
    jax.block_until_ready(reader(w, points["test"][0]))
    compile_time = time.perf_counter() - start
    report("compile", seconds=compile_time)

    w, train_time, epochs, final_loss = train(w, points, constants, rng)
    output = np.asarray(reader(w, points["test"][0]), dtype=np.float64)
    repeats, seconds = Timer(lambda: jax.device_get(reader(w, points["test"][0]))).autorange()
    test_time = seconds / repeats
    run = {
        "train": {"time": train_time, "epochs": epochs, "loss": final_loss},
        "compile": {"time": compile_time},
        "test": {"time": test_time, "count": len(output)},
        "model": {"parameters": sum(value.size for value in w.values())},
    }
    metrics = {
        "mean_error": float(np.abs(output - truth).mean()),
    }
    result = {"scenario": SCENARIO, "seed": args.seed, "metrics": metrics, **run}
    (args.out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    report("result", **result)


if __name__ == "__main__":
    main()
