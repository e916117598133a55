"""Digits, answered by LeNet, on PyTorch.

LeNet.kernel = 5, adam.rate = 0.001

Written by sailc 0.1.0 from quickstart.sail. It needs torch, numpy, the data in sklearn, and no
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

import numpy as np
import torch
import torch.nn.functional as F

SCENARIO = "aaa1e3f9f0f0"
VERSIONS = {p: version(p) for p in ["torch", "numpy"]} | {"python": python_version()}
EPOCHS = 60
BATCH = 64
RATE = 0.001


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
        weight = rng.uniform(-bound, bound, (*window, n, m))
        w[f"{name}.weight"] = np.moveaxis(weight, (-1, -2), (0, 1))
        w[f"{name}.bias"] = np.zeros(m)
    return w


def conv2d(w, name, x):
    """A convolution, as large as what it is of."""
    return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], padding="same")


def lenet(w, image):
    """Two convolutions and three linear layers, after LeCun et al. (1998), for small pictures."""
    features = conv2d(w, "features_1", image.movedim(-1, 1))
    features_2 = conv2d(w, "features_2", F.max_pool2d(torch.relu_(features), 2))
    z = F.max_pool2d(torch.relu_(features_2), 2).movedim(1, -1).reshape(-1, 64)
    y = F.linear(z, w["y_1.weight"], w["y_1.bias"])
    y_2 = F.linear(torch.relu(y), w["y_2.weight"], w["y_2.bias"])
    return F.linear(torch.relu(y_2), w["y_3.weight"], w["y_3.bias"])


def loss(output, truth):
    """The mean loss of some points."""
    return F.cross_entropy(output, truth)


def train(w, points, rng):
    """Train the weights; the seconds, epochs and last loss."""
    x, y = points["train"]
    optimizer = torch.optim.Adam(w.values(), lr=RATE, fused=True)
    start = time.perf_counter()
    for epoch in range(1, EPOCHS + 1):
        total = 0.0
        # The points in a new order, in batches of one size: the first fill up the last.
        orders = np.resize(rng.permutation(len(y)), (math.ceil(len(y) / BATCH), BATCH))
        for index in torch.from_numpy(orders).to(y.device):
            optimizer.zero_grad()
            value = loss(lenet(w, x[index]), y[index])
            value.backward()
            optimizer.step()
            total += value.detach()
        mean_loss = total.item() / len(orders)
        if not math.isfinite(mean_loss):
            raise FloatingPointError(f"the loss is {mean_loss} after epoch {epoch}")
        seconds = time.perf_counter() - start
        report("epoch", epoch=epoch, epochs=EPOCHS, loss=mean_loss, seconds=seconds)
    return time.perf_counter() - start, epoch, mean_loss


respond = torch.no_grad()(lenet)  # which keeps nothing for a gradient


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
    points = data()
    truth = points["test"][1]
    rng = np.random.default_rng(args.seed)

    def tensor(array):
        kind = torch.int64 if np.issubdtype(array.dtype, np.integer) else torch.float32
        return torch.tensor(array, dtype=kind, device=args.device)

    points = {split: tuple(map(tensor, pair)) for split, pair in points.items()}
    w = {name: tensor(value).contiguous().requires_grad_() for name, value in init(rng).items()}

    # The first pass forward and backward pays for what the libraries prepare: it is timed apart.
    start = time.perf_counter()
    x, y = (part[:BATCH] for part in points["train"])
    loss(lenet(w, x), y).backward()
    compile_time = time.perf_counter() - start
    report("compile", seconds=compile_time)

    train_time, epochs, final_loss = train(w, points, rng)
    output = respond(w, points["test"][0]).cpu().double().numpy()
    repeats, seconds = Timer(lambda: respond(w, points["test"][0]).cpu()).autorange()
    test_time = seconds / repeats
    run = {
        "train": {"time": train_time, "epochs": epochs, "loss": final_loss},
        "compile": {"time": compile_time},
        "test": {"time": test_time, "count": len(output)},
        "model": {"parameters": sum(value.numel() for value in w.values())},
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
