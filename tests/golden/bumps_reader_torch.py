"""Bumps, answered by Reader, on PyTorch.

PyTorch.precision = bf16

Written by sailc 0.1.0 from bumps.sail. It needs torch, numpy, and no sailc.
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

SCENARIO = "41e08235bb0f"
VERSIONS = {p: version(p) for p in ["torch", "numpy"]} | {"python": python_version()}
EPOCHS = 5
BATCH = 32
RATE = 0.01


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
        "seen_1.weight": glorot(3, 1, 8).transpose(2, 1, 0),
        "seen_1.bias": np.zeros(8),
        "seen_2.scale": np.ones(8),
        "seen_2.shift": np.zeros(8),
        "y.weight": glorot(128, 1).T,
        "y.bias": np.zeros(1),
    }


def mixed(model):
    """A model in mixed precision: what autocast deems safe is computed in bfloat16, of weights
    and with answers in float32."""

    def answer(w, question):
        device = next(iter(w.values())).device
        with torch.autocast(device.type, dtype=torch.bfloat16):
            return model(w, question).float()

    return answer


@mixed
def reader(w, x):
    """One convolution, its channels normalized at every place."""
    seen = F.conv1d(x.movedim(-1, 1), w["seen_1.weight"], w["seen_1.bias"], padding="same")
    seen_2 = F.layer_norm(
        seen.movedim(1, -1), w["seen_2.scale"].shape, w["seen_2.scale"], w["seen_2.shift"]
    )
    seen_3 = torch.relu(seen_2)
    return F.linear(seen_3.reshape(-1, 128), w["y.weight"], w["y.bias"])


def loss(output, target, scale):
    """The mean loss of some points."""
    return F.mse_loss(output / scale, target)


def train(w, points, constants, rng):
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
            value = loss(reader(w, x[index]), y[index], *constants)
            value.backward()
            optimizer.step()
            total += value.detach()
        mean_loss = total.item() / len(orders)
        if not math.isfinite(mean_loss):
            raise FloatingPointError(f"the loss is {mean_loss} after epoch {epoch}")
        seconds = time.perf_counter() - start
        report("epoch", epoch=epoch, epochs=EPOCHS, loss=mean_loss, seconds=seconds)
    return time.perf_counter() - start, epoch, mean_loss


respond = torch.no_grad()(reader)  # which keeps nothing for a gradient


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
        torch.zeros(1, dtype=torch.bfloat16, device=args.device)
        args.out.mkdir(parents=True, exist_ok=True)
    except (AssertionError, OSError, RuntimeError, TypeError) as refused:
        parser.error(f"--device {args.device}, --out {args.out}: {refused}")
    torch.empty(8_000_000)  # freeing 32 MB lets glibc keep what steps free, not map it anew
    report("start", scenario=SCENARIO, versions=VERSIONS, seed=args.seed, device=args.device)
    points, statistics = data()
    truth = points["test"][1]
    rng = np.random.default_rng(args.seed)

    def tensor(array):
        kind = torch.int64 if np.issubdtype(array.dtype, np.integer) else torch.float32
        return torch.tensor(array, dtype=kind, device=args.device)

    points = {split: tuple(map(tensor, pair)) for split, pair in points.items()}
    constants = [tensor(np.asarray(s)) for s in statistics]
    w = {name: tensor(value).contiguous().requires_grad_() for name, value in init(rng).items()}

    # The first pass forward and backward pays for what the libraries prepare: it is timed apart.
    start = time.perf_counter()
    x, y = (part[:BATCH] for part in points["train"])
    loss(reader(w, x), y, *constants).backward()
    compile_time = time.perf_counter() - start
    report("compile", seconds=compile_time)

    train_time, epochs, final_loss = train(w, points, constants, rng)
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
        "mean_error": float(np.abs(output - truth).mean()),
    }
    result = {"scenario": SCENARIO, "seed": args.seed, "metrics": metrics, **run}
    (args.out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    report("result", **result)


if __name__ == "__main__":
    main()
