"""Writes noise of the shapes that `architectures.sail` reads, beside it: to see its programs run,
and how long they take. 20 MB.

    python architectures.py
"""

from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).parent


def main():
    rng = np.random.default_rng(0)
    files = {
        "photos": {
            "images": rng.random((20, 224, 224, 3), np.float32),
            "labels": rng.integers(1_000, size=20, dtype=np.uint16),
        },
        "slices": {
            "images": rng.random((10, 256, 256, 1), np.float32),
            "masks": rng.integers(2, size=(10, 256, 256, 1)).astype(np.float32),
        },
        "chromatin": {
            "bases": np.eye(4, dtype=np.float32)[rng.integers(4, size=(100, 1_000))],
            "marks": rng.integers(2, size=(100, 919)).astype(np.float32),
        },
        "shaking": {
            "waves": rng.normal(size=(200, 400, 3)).astype(np.float32),
            "phases": rng.integers(3, size=200, dtype=np.uint8),
        },
        "sentences": {
            "pieces": rng.integers(30_522, size=(10, 512), dtype=np.uint16),
            "segments": rng.integers(2, size=(10, 512), dtype=np.uint8),
            "meanings": rng.normal(size=(10, 768)).astype(np.float32),
        },
    }
    for name, arrays in files.items():
        with h5py.File(HERE / f"{name}.h5", "w") as file:
            for key, array in arrays.items():
                file[key] = array


if __name__ == "__main__":
    main()
