"""What the programs and the references learn from: an NPZ file each, of digits or drawn.

Points are whole batches. Truths that are numbers have a mean of 0 and a spread of 1, so that a loss
in their spread is the loss itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

Arrays = tuple[np.ndarray, np.ndarray]


def digits() -> Arrays:
    x, y = map(np.asarray, load_digits(return_X_y=True))
    return x / 16, y


def pictures() -> Arrays:
    """Digits three times as large, with a border: 28 × 28."""
    x, y = digits()
    large = np.kron(x.reshape(-1, 8, 8), np.ones((3, 3)))
    return np.pad(large, [(0, 0), (2, 2), (2, 2)]), y


def bags() -> Arrays:
    x = np.random.default_rng(0).normal(size=(4096 + 64, 32, 8))
    return x, standard((x[..., 0] * x[..., 1]).sum(1), 4096)


def cubes() -> Arrays:
    rng = np.random.default_rng(0)
    x = np.log1p(rng.poisson(1.0, size=(32 + 4, 32, 32, 32, 4)))
    return x, standard(rng.uniform(-1, 1, size=(len(x), 4)), 32)


def clouds() -> Arrays:
    x = np.random.default_rng(0).normal(size=(8 + 4, 256, 256, 9))
    return x, x.mean(-1) > 0


def micrographs() -> Arrays:
    """Bright rings, counted by few electrons each."""
    rng = np.random.default_rng(0)
    n, places = 16 + 4, np.arange(256)
    x, y, wide = rng.uniform((0, 0, 8), (256, 256, 32), size=(n, 3)).T[..., None]
    square = (places - x)[:, :, None] ** 2 + (places - y)[:, None] ** 2
    clean = np.sin(np.sqrt(square) / wide[..., None])[..., None]
    return rng.poisson(5 * (1 + clean)) / 5 - 1, standard(clean, 16)


def drugs() -> Arrays:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(256 + 32, 6212))
    return x, standard(x[:, :100].sum(1), 256)


def standard(y: np.ndarray, n: int) -> np.ndarray:
    """With the mean and the spread of the first n points taken off."""
    return (y - y[:n].mean()) / y[:n].std()


SOURCES: dict[str, tuple[Callable[[], Arrays], int, int]] = {
    "mlp": (digits, 1728, 64),
    "lenet": (pictures, 1728, 64),
    "sets": (bags, 4096, 64),
    "cosmoflow": (cubes, 32, 4),
    "slstr": (clouds, 8, 4),
    "denoise": (micrographs, 16, 4),
    "uno": (drugs, 256, 32),
}


def write(folder: Path, stored: type[np.floating] = np.float32) -> None:
    """One file for each, in a folder; those that are there stay. Numbers are `stored` as the
    programs compute them: in another precision the truths' spread is 1 but for rounding."""
    for name, (source, n, batch) in SOURCES.items():
        path = folder / f"{name}.npz"
        if not path.exists():
            x, y = source()
            kind = np.int64 if np.issubdtype(y.dtype, np.integer) else y.dtype
            x, y = x.astype(stored), y.astype(kind)
            rest = slice(n, n + batch)
            np.savez(path, x=x[:n], y=y[:n], test_x=x[rest], test_y=y[rest])
