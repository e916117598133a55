"""Bowl, answered by Smooth, on JAX.

Bowl: A particle in a bowl: energies and forces.

Written by sailc 0.1.0 from bowl.sail. It needs jax, optax, numpy, and no sailc.
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

SCENARIO = "7a60006dfa5c"
VERSIONS = {p: version(p) for p in ["jax", "optax", "numpy"]} | {"python": python_version()}
EPOCHS = 30
BATCH = 64
OPTIMIZER = optax.adam(0.01)


def data():
    """Questions and true answers of every split, in training as the loss takes them."""
    corner = np.array((1, 1))
    places = np.random.default_rng(1).uniform(-corner, corner, (400, 2))
    energy = 2.0 * (places ** 2).sum(axis=-1)
    force = -4.0 * places
    splits = {
        "train": {"at": places[:250], "energy": energy[:250], "force": force[:250]},
        "validate": {"at": places[-50:], "energy": energy[-50:], "force": force[-50:]},
        "test": {"at": places[250:350], "energy": energy[250:350], "force": force[250:350]},
    }
    for split, m in splits.items():
        splits[split] = m["at"], {"energy": m["energy"], "pull": m["force"]}
    truth = splits["train"][1]
    center, spread = truth["energy"].mean(), truth["energy"].std() or 1.0
    pull_scale = truth["pull"].std() or 1.0
    for split in ("train", "validate"):
        question, truth = splits[split]
        splits[split] = question, {
            "energy": truth["energy"] / spread, "pull": truth["pull"] / pull_scale
        }
    at = splits["train"][0]
    center_2 = at.mean(axis=0)
    deviation = at.std(axis=0)
    spread_2 = np.where(deviation == 0, 1, deviation)
    return splits, (center_2, spread_2, center, spread, pull_scale)


def init(rng):
    """Weights uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010), biases 0."""
    shapes = {"y_1": (2, 32), "y_2": (32, 1)}
    w = {}
    for name, (n, m) in shapes.items():
        bound = math.sqrt(6 / (n + m))
        w[f"{name}.weight"] = rng.uniform(-bound, bound, (n, m))
        w[f"{name}.bias"] = np.zeros(m)
    return w


def smooth(w, x):
    """The model Smooth."""
    y = x @ w["y_1.weight"] + w["y_1.bias"]
    return jnp.tanh(y) @ w["y_2.weight"] + w["y_2.bias"]


def energy(w, question, center, spread, center_2, spread_2):
    """Questions, as they are asked, to answers, as the truths are."""
    standardize_columns = (question - center) / spread
    squeeze = smooth(w, standardize_columns).reshape(-1)
    return squeeze * spread_2 + center_2


def pull(w, at, center, spread, center_2, spread_2):
    """The fixture pull, computed from answers."""
    return -jax.grad(lambda at: energy(w, at, center, spread, center_2, spread_2).sum())(at)


def loss(w, at, target, center, spread, center_2, spread_2, pull_scale):
    """The mean loss of some points: of every fixture, in the spread of its truths."""
    energy_answer = energy(w, at, center, spread, center_2, spread_2) / spread_2
    energy_loss = ((energy_answer - target["energy"]) ** 2).mean()
    pull_answer = pull(w, at, center, spread, center_2, spread_2) / pull_scale
    pull_loss = ((pull_answer - target["pull"]) ** 2).mean()
    return energy_loss + 10 * pull_loss


@jax.jit
def answer(w, at, center, spread, center_2, spread_2):
    """What is answered, before it is judged."""
    standardize_columns = (at - center) / spread
    return {
        "energy": smooth(w, standardize_columns),
        "pull": pull(w, at, center, spread, center_2, spread_2),
    }


@jax.jit(donate_argnums=(0, 1))  # weights and state are replaced
def advance(w, state, x, y, orders, constants):
    """All steps of an epoch in one call: each takes less time than calling it."""

    def step(known, index):
        w, state = known
        value, gradient = jax.value_and_grad(loss)(w, x[index], taken(y, index), *constants)
        updates, state = OPTIMIZER.update(gradient, state, w)
        return (optax.apply_updates(w, updates), state), value

    (w, state), values = jax.lax.scan(step, (w, state), orders)
    return w, state, values.mean()


def train(w, points, constants, rng):
    """Train; the weights, seconds, epochs and last loss."""
    x, y = points["train"]
    state = OPTIMIZER.init(w)
    best, since = math.inf, 0
    start = time.perf_counter()
    for epoch in range(1, EPOCHS + 1):
        # The points in a new order, in batches of one size: the first fill up the last.
        count = len(y["energy"])
        orders = np.resize(rng.permutation(count), (math.ceil(count / BATCH), BATCH))
        w, state, value = advance(w, state, x, y, orders, constants)
        mean_loss = value.item()
        if not math.isfinite(mean_loss):
            raise FloatingPointError(f"the loss is {mean_loss} after epoch {epoch}")
        seconds = time.perf_counter() - start
        report("epoch", epoch=epoch, epochs=EPOCHS, loss=mean_loss, seconds=seconds)
        check = loss(w, *points["validate"], *constants).item()
        best, since = (check, 0) if check < best else (best, since + 1)
        if since >= 10:
            break
    return w, time.perf_counter() - start, epoch, mean_loss


def taken(value, index):
    """Some of the points that a question or an answer is of."""
    return jax.tree.map(lambda array: array[index], value)


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
    points, (center, spread, center_2, spread_2, pull_scale) = data()
    truth = points["test"][1]
    rng = np.random.default_rng(args.seed)
    points, w = jax.tree.map(jnp.asarray, (points, init(rng)))
    constants = [jnp.asarray(s) for s in (center, spread, center_2, spread_2, pull_scale)]

    # Compiling is timed apart from training: what trains and what answers is called once.
    start = time.perf_counter()
    x, y = points["train"]
    orders = np.zeros((math.ceil(len(y["energy"]) / BATCH), BATCH), int)
    jax.block_until_ready(
        advance(jax.tree.map(jnp.copy, w), OPTIMIZER.init(w), x, y, orders, constants)
    )
    loss(w, *points["validate"], *constants)
    jax.block_until_ready(answer(w, points["test"][0], *constants[:4]))
    compile_time = time.perf_counter() - start
    report("compile", seconds=compile_time)

    w, train_time, epochs, final_loss = train(w, points, constants, rng)
    output = jax.tree.map(
        lambda array: np.asarray(array, dtype=np.float64),
        answer(w, points["test"][0], *constants[:4]),
    )
    repeats, seconds = Timer(
        lambda: jax.device_get(answer(w, points["test"][0], *constants[:4]))
    ).autorange()
    test_time = seconds / repeats
    run = {
        "train": {"time": train_time, "epochs": epochs, "loss": final_loss},
        "compile": {"time": compile_time},
        "test": {"time": test_time, "count": len(output["energy"])},
        "model": {"parameters": sum(value.size for value in w.values())},
    }
    metrics = {
        "mean_error": float(
            np.abs(output["energy"].reshape(-1) * spread_2 + center_2 - truth["energy"]).mean()
        ),
        "mean_error(pull)": float(np.abs(output["pull"] - truth["pull"]).mean()),
    }
    result = {"scenario": SCENARIO, "seed": args.seed, "metrics": metrics, **run}
    (args.out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    report("result", **result)


if __name__ == "__main__":
    main()
