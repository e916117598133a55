"""Digits, answered by LeNet, on JAX.

LeNet.kernel = 5, adam.rate = 0.001

Written by sailc 0.1.0 from quickstart.sail. It needs jax, optax, numpy, the data in sklearn, and no
sailc.
"""

import argparse
import json
import math
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from platform import python_version
from timeit import Timer

import jax
import jax.numpy as jnp
import numpy as np
import optax

SCENARIO = "1292314683a1"
VERSIONS = {p: version(p) for p in ["jax", "optax", "numpy"]} | {"python": python_version()}
EPOCHS = 60
BATCH = 64
OPTIMIZER = optax.adam(0.001)


def data():
    """Questions and true answers of every split, as the model takes them."""
    file = Path(find_spec("sklearn").origin).parent / "datasets/data/digits.csv.gz"
    table = np.loadtxt(file, delimiter=",")
    rows = table[np.random.default_rng(0).permutation(len(table))]
    splits = {"train": rows[:1397], "test": rows[-400:]}
    for split, row in splits.items():
        image = row[:, 0:64].reshape(-1, 8, 8) / 16
        digit = row[:, 64].astype(np.int64)
        splits[split] = image.reshape(-1, 8, 8, 1), digit
    return splits


def init(rng):
    """Weights uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010), biases 0."""
    shapes = {
        "features_1": (5, 5, 1, 6), "features_2": (5, 5, 6, 16),
        "y_1": (64, 120), "y_2": (120, 84), "y_3": (84, 10),
    }
    w = {}
    for name, (*window, n, m) in shapes.items():
        bound = math.sqrt(6 / (math.prod(window) * (n + m)))
        w[f"{name}.weight"] = rng.uniform(-bound, bound, (*window, n, m))
        w[f"{name}.bias"] = np.zeros(m)
    return w


def conv2d(w, name, x):
    """A convolution, as large as what it is of; channels come last, as XLA has them."""
    axes = ("NHWC", "HWIO", "NHWC")
    weight, bias = w[f"{name}.weight"], w[f"{name}.bias"]
    return bias + jax.lax.conv_general_dilated(x, weight, (1, 1), "SAME", dimension_numbers=axes)


@jax.jit
def lenet(w, image):
    """Two convolutions and three linear layers, after LeCun et al. (1998), for small pictures."""
    features = conv2d(w, "features_1", image)
    x = jax.nn.relu(features).reshape(-1, 4, 2, 4, 2, 6).max(axis=(2, 4))
    features_2 = conv2d(w, "features_2", x)
    z = jax.nn.relu(features_2).reshape(-1, 2, 2, 2, 2, 16).max(axis=(2, 4)).reshape(-1, 64)
    y = z @ w["y_1.weight"] + w["y_1.bias"]
    y_2 = jax.nn.relu(y) @ w["y_2.weight"] + w["y_2.bias"]
    return jax.nn.relu(y_2) @ w["y_3.weight"] + w["y_3.bias"]


def loss(output, truth):
    """The mean loss of some points."""
    return optax.softmax_cross_entropy_with_integer_labels(output, truth).mean()


@jax.jit(donate_argnums=(0, 1))  # weights and state are replaced
def step(w, state, x, y, index):
    """One step of the optimizer on the points of a batch."""
    value, gradient = jax.value_and_grad(lambda w: loss(lenet(w, x[index]), y[index]))(w)
    updates, state = OPTIMIZER.update(gradient, state, w)
    return optax.apply_updates(w, updates), state, value


def train(w, points, rng):
    """Train; the weights, seconds, epochs and last loss."""
    x, y = points["train"]
    state = OPTIMIZER.init(w)
    start = time.perf_counter()
    for epoch in range(1, EPOCHS + 1):
        # The points in a new order, in batches of one size: the first fill up the last.
        orders = np.resize(rng.permutation(len(y)), (math.ceil(len(y) / BATCH), BATCH))
        values = []
        for index in orders:
            w, state, value = step(w, state, x, y, index)
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
        args.out.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as refused:
        parser.error(f"--device {args.device}, --out {args.out}: {refused}")
    report("start", scenario=SCENARIO, versions=VERSIONS, seed=args.seed, device=args.device)
    points = data()
    truth = points["test"][1]
    rng = np.random.default_rng(args.seed)
    points, w = jax.tree.map(jnp.asarray, (points, init(rng)))

    # Compiling is timed apart from training: what trains and what answers is called once.
    start = time.perf_counter()
    x, y = points["train"]
    index = np.arange(BATCH)
    jax.block_until_ready(step(jax.tree.map(jnp.copy, w), OPTIMIZER.init(w), x, y, index))
    jax.block_until_ready(lenet(w, points["test"][0]))
    compile_time = time.perf_counter() - start
    report("compile", seconds=compile_time)

    w, train_time, epochs, final_loss = train(w, points, rng)
    output = np.asarray(lenet(w, points["test"][0]), dtype=np.float64)
    repeats, seconds = Timer(lambda: jax.device_get(lenet(w, points["test"][0]))).autorange()
    test_time = seconds / repeats
    run = {
        "train": {"time": train_time, "epochs": epochs, "loss": final_loss},
        "compile": {"time": compile_time},
        "test": {"time": test_time, "count": len(output)},
        "model": {"parameters": sum(value.size for value in w.values())},
    }
    metrics = {
        "accuracy": float((output.argmax(-1) == truth).mean()),
        "training_time": train_time,
        "throughput": len(output) / test_time,
    }
    result = {"scenario": SCENARIO, "seed": args.seed, "metrics": metrics, **run}
    (args.out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    report("result", **result)


if __name__ == "__main__":
    main()
