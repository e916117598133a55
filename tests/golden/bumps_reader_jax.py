"""Bumps, answered by Reader, on JAX.

Reader: One convolution, its channels normalized at every place.
JAX.precision = bf16

Written by sailc 0.1.0 from bumps.sail. It needs jax, optax, numpy, and no sailc:

    python script.py --seed 0 --out results
"""

import argparse
import json
import math
import platform
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

SCENARIO = "c96bbd7b7642"
BACKEND = "jax"
VERSIONS = {
    "python": platform.python_version(),
    "jax": jax.__version__,
    "optax": optax.__version__,
    "numpy": np.__version__,
}
EPOCHS = 5
BATCH = 32
RATE = 0.01
EVALUATION_BATCH = 4096


def load():
    """Read the data and part them as the problem says."""
    heights = np.random.default_rng(0).uniform(
        np.array((1.0,)),
        np.array((2.0,)),
        (200, 1),
    )
    return heights[:150], heights[-50:]


def points(h):
    """Questions, as the model takes them, and their true answers."""
    return (
        np.stack(
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
        ),
        h,
    )


def fit_truth(truth):
    """The spread of all training truths, in which the loss is measured."""
    deviation = truth.std()
    return np.where(deviation == 0, 1, deviation)


def data():
    """Questions and true answers of every split, as the model takes them."""
    train, test = load()
    train_x, train_y = points(train)
    test_x, test_y = points(test)
    return {"train": (train_x, train_y), "test": (test_x, test_y)}


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


def layer_norm(x, scale, shift):
    """The last axis less its mean and divided by its spread, scaled and shifted."""
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + shift


@mixed
def reader(w, x):
    """One convolution, its channels normalized at every place."""
    seen = jax.lax.conv_general_dilated(
        x,
        w["seen_1.weight"],
        (1,),
        "SAME",
        dimension_numbers=("NWC", "WIO", "NWC"),
    ) + w["seen_1.bias"]
    seen_2 = layer_norm(
        seen.astype(jnp.float32),
        w["seen_2.scale"],
        w["seen_2.shift"],
    ).astype(jnp.bfloat16)
    seen_3 = jax.nn.relu(seen_2)
    return seen_3.reshape(-1, 128) @ w["y.weight"] + w["y.bias"]


def loss(output, truth, scale):
    """The mean loss of some points."""
    answer = output / scale
    target = truth / scale
    return ((answer - target) ** 2).mean()


def batches(n, rng):
    """The points in a new order, in batches of one size: the last is filled up with the
    first points of the order."""
    return np.resize(rng.permutation(n), (math.ceil(n / BATCH), min(BATCH, n)))


OPTIMIZER = optax.adam(RATE)


def step(w, state, x, y, index, constants):
    """One step of the optimizer on the points of a batch."""

    def batch_loss(w):
        return loss(reader(w, x[index]), y[index], *constants)

    value, gradient = jax.value_and_grad(batch_loss)(w)
    updates, state = OPTIMIZER.update(gradient, state, w)
    return optax.apply_updates(w, updates), state, value


# Weights and state are written over by those that come after them.
STEP = jax.jit(step, donate_argnums=(0, 1))


def train(w, points, constants, rng):
    """Fit the weights; these, the time, the epochs, and the last mean loss of one."""
    x, y = points["train"]
    state = OPTIMIZER.init(w)
    start = time.perf_counter()
    for epoch in range(1, EPOCHS + 1):
        values = []
        for index in batches(len(y), rng):
            w, state, value = STEP(w, state, x, y, index, constants)
            values.append(value)
        mean_loss = jnp.stack(values).mean().item()
        seconds = time.perf_counter() - start
        report("epoch", epoch=epoch, epochs=EPOCHS, loss=mean_loss, seconds=seconds)
        if not math.isfinite(mean_loss):
            raise FloatingPointError(f"the loss is {mean_loss} after epoch {epoch}")
    return w, time.perf_counter() - start, epoch, mean_loss


MODEL = jax.jit(reader)


def respond(w, x):
    """What the model says to many questions, in large batches."""
    starts = range(0, len(x), EVALUATION_BATCH)
    answers = [MODEL(w, x[i : i + EVALUATION_BATCH]) for i in starts]
    return jax.block_until_ready(jnp.concatenate(answers))


def mean_error(answer, truth):
    """Mean absolute error, in the unit of the truth."""
    scores = np.abs(answer - truth).mean(axis=-1)
    return scores.mean()


def timed(work):
    """Seconds that a call takes, the mean of as many as fit into 0.2 s; the first, which may
    prepare things, is not counted."""
    work()
    start, repeats = time.perf_counter(), 0
    while time.perf_counter() - start < 0.2:
        work()
        repeats += 1
    return (time.perf_counter() - start) / repeats


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
    except RuntimeError as refused:
        parser.error(f"--device {args.device}: {refused}")
    args.out.mkdir(parents=True, exist_ok=True)
    facts = {"seed": args.seed, "device": args.device, "backend": BACKEND}
    report("start", scenario=SCENARIO, versions=VERSIONS, **facts)
    points = data()
    statistics = (fit_truth(points["train"][1]),)
    rng = np.random.default_rng(args.seed)

    def array(values):
        kind = jnp.int32 if np.issubdtype(values.dtype, np.integer) else jnp.float32
        return jnp.asarray(values, dtype=kind)

    on_device = {split: tuple(map(array, pair)) for split, pair in points.items()}
    constants = [array(np.asarray(s)) for s in statistics]
    w = {name: array(value) for name, value in init(rng).items()}
    parameters = sum(value.size for value in w.values())

    # Compiling is timed apart from training: what trains and what answers is called once.
    start = time.perf_counter()
    x, y = on_device["train"]
    index = np.arange(min(BATCH, len(y)))
    spare = jax.tree.map(jnp.copy, w)
    jax.block_until_ready(STEP(spare, OPTIMIZER.init(w), x, y, index, constants))
    respond(w, on_device["test"][0])
    compile_time = time.perf_counter() - start
    report("compile", seconds=compile_time)

    w, train_time, epochs, final_loss = train(w, on_device, constants, rng)

    output = np.asarray(respond(w, on_device["test"][0]), dtype=np.float64)
    test_time = timed(lambda: respond(w, on_device["test"][0]))
    run = {
        "train": {
            "time": train_time,
            "epochs": epochs,
            "loss": final_loss,
        },
        "compile": {"time": compile_time},
        "test": {"time": test_time, "count": len(output)},
        "model": {"parameters": parameters},
    }
    truth = points["test"][1]
    metrics = {
        "mean_error": float(mean_error(output, truth)),
    }
    result = {"scenario": SCENARIO, "seed": args.seed, "metrics": metrics, **run}
    (args.out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    report("result", **result)


if __name__ == "__main__":
    main()
