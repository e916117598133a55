"""What the references share: their command line, how weights start, what they print.

Weights and the order of points are drawn as emitted programs draw them, so that both train on the
same numbers and their losses can be compared.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
from itertools import pairwise

import numpy as np


KINDS = {"f32": "float32", "f64": "float64"}


def arguments() -> argparse.Namespace:
    """What the command line says, and as `kind` how both libraries call the precision."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", help="an NPZ file with x and y")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=KINDS, default="f32")
    args = parser.parse_args()
    args.kind = KINDS[args.precision]
    return args


def glorot(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Uniform within sqrt(6 / (inputs + outputs)); the last two dimensions are these."""
    *window, n, m = shape
    bound = math.sqrt(6 / (math.prod(window) * (n + m)))
    return rng.uniform(-bound, bound, shape)


def dense(rng: np.random.Generator, *widths: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights (inputs, outputs) and biases of linear layers one after the other."""
    pairs = pairwise(widths)
    return [(glorot(rng, n, m), np.zeros(m)) for n, m in pairs]


def report(losses: list[float], seconds: float) -> None:
    """The mean loss of each epoch, what training took, and the process's peak memory (Linux)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"losses": losses, "seconds": seconds, "peak": peak}))
