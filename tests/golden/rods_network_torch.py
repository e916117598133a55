"""Rods, answered by Network, on PyTorch.

Rods: Rods that conduct heat more and less well.
Network: A network that is fitted to the equation itself.
phi.MLP.width = 64, phi.MLP.depth = 1, phi.MLP.activation = tanh

Written by sailc 0.1.0 from heat.sail. It needs torch, numpy, scipy, and no sailc.
"""

import argparse
import json
import math
import runpy
import time
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from platform import python_version

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import qmc

SCENARIO = "0e8bde17c26c"
VERSIONS = {p: version(p) for p in ["torch", "numpy", "scipy"]} | {"python": python_version()}
EPOCHS = 100
RATE = 0.01


@dataclass(frozen=True)
class Heat:
    """The equation Heat, of u(x, t)."""

    conductivity: float

    def domain(self):
        """The ends of x, t."""
        return [(0, 1), (0, 1)]

    def sides(self):
        """Where each condition holds: which variable is fixed, and at what."""
        return [(1, [0]), (0, [0]), (0, [1])]

    def laws(self, field, x, t):
        """What the laws leave over for a field, left minus right sides."""
        conductivity = self.conductivity
        u = field(torch.stack([x, t], dim=-1))[:, 0]
        u_x, u_t = slopes(u, x, t)
        u_xx = slopes(u_x, x)[0]
        return (u_t - conductivity * u_xx)[..., None]

    def conditions(self, field, places):
        """What the conditions leave over for a field, each at its places."""
        (x, t), (x_2, t_2), (x_3, t_3) = places
        u = field(torch.stack([x, t], dim=-1))[:, 0]
        u_2 = field(torch.stack([x_2, t_2], dim=-1))[:, 0]
        u_3 = field(torch.stack([x_3, t_3], dim=-1))[:, 0]
        u_x = slopes(u_3, x_3)[0]
        return torch.cat([u - torch.sin(math.pi * x), u_2, u_x], dim=-1)


def load():
    """What is asked about, one after another."""
    return [Heat(c) for c in np.random.default_rng(1).uniform(0.1, 1, (3,))]


def collocation(domain, n, rng):
    """Places inside a domain, spread evenly: a Latin hypercube (McKay et al. 1979)."""
    low, high = np.array(domain, dtype=float).T
    drawn = qmc.LatinHypercube(len(domain), rng=rng).random(n)
    return list((low + drawn * (high - low)).T)


def borders(eq, n, rng):
    """Places where the conditions hold, n in all; of a periodic one, on both sides."""
    found = []
    for i, (axis, ends) in enumerate(eq.sides()):
        drawn = collocation(eq.domain(), max(1, (n + i) // len(eq.sides())), rng)
        for end in ends:
            held = np.full_like(drawn[axis], end)
            found.append([*drawn[:axis], held, *drawn[axis + 1 :]])
    return found


def init(rng):
    """Weights uniform within sqrt(6 / (inputs + outputs)) (Glorot and Bengio 2010), biases 0."""
    shapes = {"phi_hidden": (2, 64), "phi_y": (64, 1)}
    w = {}
    for name, (n, m) in shapes.items():
        bound = math.sqrt(6 / (n + m))
        w[f"{name}.weight"] = rng.uniform(-bound, bound, (n, m)).T
        w[f"{name}.bias"] = np.zeros(m)
    return w


def phi(w, points):
    """The field at some points."""
    phi_hidden = F.linear(points, w["phi_hidden.weight"], w["phi_hidden.bias"])
    return F.linear(torch.tanh(phi_hidden), w["phi_y.weight"], w["phi_y.bias"])


def slopes(values, *places):
    """The derivatives of numbers by the places that each of them is read at."""
    return torch.autograd.grad(values.sum(), places, create_graph=True, materialize_grads=True)


def loss(w, eq, inside, border):
    """What Network makes small."""
    laws = eq.laws(partial(phi, w), *inside)
    conditions = eq.conditions(partial(phi, w), border)
    return (laws ** 2).mean() + (conditions ** 2).mean()


@dataclass
class Solution:
    """A field that was fitted: of NumPy's coordinates, it gives NumPy's values."""

    w: dict

    @torch.no_grad()
    def __call__(self, *coordinates):
        points = np.stack(np.broadcast_arrays(*coordinates), axis=-1)
        flat = tensor(points.reshape(-1, points.shape[-1]), self.w)
        values = phi(self.w, flat).cpu().double().numpy()
        return values.reshape(*points.shape[:-1], -1)


def tensor(array, w):
    """An array as a tensor like those of the field."""
    known = next(iter(w.values()))
    return torch.as_tensor(array, dtype=known.dtype, device=known.device)


def places_of(arrays, w):
    """Coordinates as tensors by which a field is differentiated."""
    return [tensor(x, w).requires_grad_() for x in arrays]


def residual(eq, field, n, rng):
    """What the laws leave over for a fitted field, at n places inside the domain."""
    places = places_of(collocation(eq.domain(), n, rng), field.w)
    left = eq.laws(partial(phi, field.w), *places)
    return left.detach().cpu().double().numpy()


def network(eq, rng, device):
    """A network that is fitted to the equation itself."""
    kind = {"dtype": torch.float32, "device": device, "requires_grad": True}
    w = {name: torch.tensor(np.ascontiguousarray(v), **kind) for name, v in init(rng).items()}
    inside = places_of(collocation(eq.domain(), 200, rng), w)
    border = [places_of(at, w) for at in borders(eq, 60, rng)]
    optimizer = torch.optim.Adam(w.values(), lr=RATE, fused=True)
    start = time.perf_counter()
    for epoch in range(1, EPOCHS + 1):
        optimizer.zero_grad()
        value = loss(w, eq, inside, border)
        value.backward(inputs=[*w.values()])
        optimizer.step()
        mean_loss = value.item()
        if not math.isfinite(mean_loss):
            raise FloatingPointError(f"the loss is {mean_loss} after epoch {epoch}")
        seconds = time.perf_counter() - start
        report("epoch", epoch=epoch, epochs=EPOCHS, loss=mean_loss, seconds=seconds)
    return Solution(w)


def true_fields(folder):
    """The places and the true answers to field, by the module beside this program."""
    module = Path(__file__).with_name("rods_references_d3cbd3.py")
    return runpy.run_path(str(module))["references"](folder)


def report(event, **facts):
    """Print one JSON object on a line of its own."""
    print(json.dumps({"event": event, **facts}), flush=True)


def main():
    """Solve, judge, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder of result.json")
    parser.add_argument("--device", default="cpu", help="where to run")
    here = Path(__file__).parent
    parser.add_argument("--fixtures", type=Path, default=here, help="folder of kept references")
    args = parser.parse_args()
    for name in ["rods_references_d3cbd3.py", "sail_fixtures.py"]:
        if not (here / name).exists():
            parser.error(f"references need {here / name}, which `sailc emit -o` writes")
    try:
        torch.zeros(1, device=args.device)
        args.out.mkdir(parents=True, exist_ok=True)
    except (AssertionError, OSError, RuntimeError, TypeError) as refused:
        parser.error(f"--device {args.device}, --out {args.out}: {refused}")
    torch.empty(8_000_000)  # freeing 32 MB lets glibc keep what steps free, not map it anew
    report("start", scenario=SCENARIO, versions=VERSIONS, seed=args.seed, device=args.device)
    rng = np.random.default_rng(args.seed)
    points = load()
    places, field_truths = true_fields(args.fixtures)

    start = time.perf_counter()
    outputs = []
    for number, eq in enumerate(points, 1):
        outputs.append(network(eq, rng, args.device))
        seconds = time.perf_counter() - start
        report("answer", answer=number, answers=len(points), seconds=seconds)
    test_time = time.perf_counter() - start

    rng = np.random.default_rng(args.seed)  # whatever a solver drew, it is judged at these places

    field_answers = np.stack([field(*grid) for field, grid in zip(outputs, places)])
    law_answers = np.stack([residual(eq, field, 100, rng) for eq, field in zip(points, outputs)])
    law_truths = np.full(law_answers.shape, 0.0)
    run = {
        "test": {"time": test_time, "count": len(points)},
        "model": {"parameters": sum(value.numel() for value in outputs[0].w.values())},
    }
    metrics = {
        "mean_error": float(np.abs(field_answers - field_truths).mean()),
        "mean_error(law)": float(np.abs(law_answers - law_truths).mean()),
        "throughput": len(points) / test_time,
    }
    result = {"scenario": SCENARIO, "seed": args.seed, "metrics": metrics, **run}
    (args.out / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    report("result", **result)


if __name__ == "__main__":
    main()
