"""Bowl, answered by Smooth, on PyTorch.

Bowl: A particle in a bowl: energies and forces.

Written by sailc 0.1.0 from bowl.sail. It needs torch, numpy, and no sailc.
"""

import argparse
import json
import math
import time
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from timeit import Timer

import numpy as np
import torch
import torch.nn.functional as F

SCENARIO = "120ee5eb96a4"
VERSIONS = {p: version(p) for p in ["torch", "numpy"]} | {"python": python_version()}
EPOCHS = 30
BATCH = 64
RATE = 0.01


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
        w[f"{name}.weight"] = rng.uniform(-bound, bound, (n, m)).T
        w[f"{name}.bias"] = np.zeros(m)
    return w


def value_and_gradient(function, x):
    """A function's numbers and the derivative of their sum by x, of one pass; in training both can
    be differentiated."""
    further = torch.is_grad_enabled()
    with torch.enable_grad():
        x = x if x.requires_grad else x.detach().requires_grad_()
        y = function(x)
        found = torch.autograd.grad(y.sum(), x, create_graph=further, materialize_grads=True)
    return y if further else y.detach(), found[0]


def smooth(w, x):
    """The model Smooth."""
    y = F.linear(x, w["y_1.weight"], w["y_1.bias"])
    return F.linear(torch.tanh(y), w["y_2.weight"], w["y_2.bias"])


def energy(w, question, center, spread, center_2, spread_2):
    """Questions, as they are asked, to answers, as the truths are."""
    standardize_columns = (question - center) / spread
    squeeze = smooth(w, standardize_columns).reshape(-1)
    return squeeze * spread_2 + center_2


def pull(w, at, center, spread, center_2, spread_2):
    """The fixture pull, computed from answers."""
    return -value_and_gradient(lambda at: energy(w, at, center, spread, center_2, spread_2), at)[1]


def loss(w, at, target, center, spread, center_2, spread_2, pull_scale):
    """The mean loss of some points: of every fixture, in the spread of its truths."""
    values, slopes = value_and_gradient(
        lambda at: energy(w, at, center, spread, center_2, spread_2), at
    )
    energy_answer = values / spread_2
    energy_loss = F.mse_loss(energy_answer, target["energy"])
    pull_answer = -slopes / pull_scale
    pull_loss = F.mse_loss(pull_answer, target["pull"])
    return energy_loss + 10 * pull_loss


@torch.no_grad()
def answer(w, at, center, spread, center_2, spread_2):
    """What is answered, before it is judged."""
    standardize_columns = (at - center) / spread
    return {
        "energy": smooth(w, standardize_columns),
        "pull": pull(w, at, center, spread, center_2, spread_2),
    }


def train(w, points, constants, rng):
    """Train the weights; the seconds, epochs and last loss."""
    x, y = points["train"]
    optimizer = torch.optim.Adam(w.values(), lr=RATE, fused=True)
    best, since = math.inf, 0
    start = time.perf_counter()
    for epoch in range(1, EPOCHS + 1):
        total = 0.0
        # The points in a new order, in batches of one size: the first fill up the last.
        count = len(y["energy"])
        orders = np.resize(rng.permutation(count), (math.ceil(count / BATCH), BATCH))
        for index in torch.from_numpy(orders).to(y["energy"].device):
            optimizer.zero_grad()
            value = loss(w, x[index], taken(y, index), *constants)
            value.backward(inputs=[*w.values()])
            optimizer.step()
            total += value.detach()
        mean_loss = total.item() / len(orders)
        if not math.isfinite(mean_loss):
            raise FloatingPointError(f"the loss is {mean_loss} after epoch {epoch}")
        seconds = time.perf_counter() - start
        report("epoch", epoch=epoch, epochs=EPOCHS, loss=mean_loss, seconds=seconds)
        with torch.no_grad():
            check = loss(w, *points["validate"], *constants).item()
        best, since = (check, 0) if check < best else (best, since + 1)
        if since >= 10:
            break
    return time.perf_counter() - start, epoch, mean_loss


def each(change, value):
    """The same done to all arrays of questions or answers."""
    if isinstance(value, dict):
        return {name: each(change, part) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(each(change, part) for part in value)
    return change(value)


def taken(value, index):
    """Some of the points that a question or an answer is of."""
    return each(lambda array: array[index], value)


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
        torch.zeros(1, device=args.device)
        args.out.mkdir(parents=True, exist_ok=True)
    except (AssertionError, OSError, RuntimeError, TypeError) as refused:
        parser.error(f"--device {args.device}, --out {args.out}: {refused}")
    torch.empty(8_000_000)  # freeing 32 MB lets glibc keep what steps free, not map it anew
    report("start", scenario=SCENARIO, versions=VERSIONS, seed=args.seed, device=args.device)
    points, (center, spread, center_2, spread_2, pull_scale) = data()
    truth = points["test"][1]
    rng = np.random.default_rng(args.seed)

    def tensor(array):
        kind = torch.int64 if np.issubdtype(array.dtype, np.integer) else torch.float32
        return torch.tensor(array, dtype=kind, device=args.device)

    points = {split: each(tensor, pair) for split, pair in points.items()}
    constants = [tensor(np.asarray(s)) for s in (center, spread, center_2, spread_2, pull_scale)]
    w = {name: tensor(value).contiguous().requires_grad_() for name, value in init(rng).items()}

    # The first pass forward and backward pays for what the libraries prepare: it is timed apart.
    start = time.perf_counter()
    x, y = taken(points["train"], slice(BATCH))
    loss(w, x, y, *constants).backward()
    compile_time = time.perf_counter() - start
    report("compile", seconds=compile_time)

    train_time, epochs, final_loss = train(w, points, constants, rng)
    output = each(
        lambda array: array.cpu().double().numpy(), answer(w, points["test"][0], *constants[:4])
    )
    repeats, seconds = Timer(
        lambda: each(torch.Tensor.cpu, answer(w, points["test"][0], *constants[:4]))
    ).autorange()
    test_time = seconds / repeats
    run = {
        "train": {"time": train_time, "epochs": epochs, "loss": final_loss},
        "compile": {"time": compile_time},
        "test": {"time": test_time, "count": len(output["energy"])},
        "model": {"parameters": sum(value.numel() for value in w.values())},
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
