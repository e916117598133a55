"""Cells as an electron microscope might show them, for `microscopy.sail`: writes `cells.h5`.

    python examples/paper/make_cells.py [--size 64]

Membranes part the picture into cells (a Voronoi diagram of random seeds), vesicles float inside,
and the detector adds noise. A mask says where membranes are. Pictures of 256 pixels or more can be
cut to tiles, too, and take sixteen times as long to learn from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import h5py
import numpy as np

UNLABELED, LABELED = 96, 96
CELL = 20  # the width of a cell, in pixels


def picture(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture of (size, size) grey values between 0 and 1, and where its membranes are."""
    y, x = np.mgrid[:size, :size]
    pixels = np.stack([y, x], axis=-1)
    seeds = rng.uniform(-CELL, size + CELL, (((size + 2 * CELL) // CELL) ** 2, 2))
    nearest, second = two_nearest(pixels, seeds)
    membrane = second - nearest < 2.5
    grey = np.where(membrane, 0.25, 0.7)
    for center in rng.uniform(0, size, ((size // CELL) ** 2, 2)):
        distance = np.hypot(*(pixels - center).transpose(2, 0, 1))
        radius = rng.uniform(1.5, 3.5)
        grey = np.where((abs(distance - radius) < 0.8) & ~membrane, 0.4, grey)
    shade = 0.1 * np.sin(rng.uniform(0, 6) + (x + y) / size * rng.uniform(1, 4))
    noisy = blurred(grey + shade) + rng.normal(0, 0.12, grey.shape)
    return noisy.clip(0, 1), membrane


def two_nearest(pixels: np.ndarray, seeds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far the nearest seed is from each pixel, and the next."""
    best = np.full((2, *pixels.shape[:2]), np.inf)
    for seed in seeds:
        distance = np.hypot(*(pixels - seed).transpose(2, 0, 1))
        best = np.sort([*best, distance], axis=0)[:2]
    return best[0], best[1]


def blurred(grey: np.ndarray) -> np.ndarray:
    """What optics leave of a picture: each pixel with its neighbours' light."""
    for axis in (0, 1):
        around = [np.roll(grey, shift, axis) for shift in (-1, 1)]
        grey = 0.5 * grey + 0.25 * sum(around)
    return grey


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64, help="of a picture, in pixels")
    size = parser.parse_args().size
    rng = np.random.default_rng(0)
    unlabeled = [picture(rng, size)[0] for _ in range(UNLABELED)]
    images, masks = zip(*(picture(rng, size) for _ in range(LABELED)), strict=True)
    with h5py.File(Path(__file__).parent / "cells.h5", "w") as file:
        file["unlabeled/images"] = np.asarray(unlabeled, dtype=np.float32)
        file["labeled/images"] = np.asarray(images, dtype=np.float32)
        file["labeled/masks"] = np.asarray(masks, dtype=np.uint8)
    print(f"wrote {UNLABELED + LABELED} pictures of {size} x {size} pixels to cells.h5")


if __name__ == "__main__":
    main()
