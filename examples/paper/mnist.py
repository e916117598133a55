"""The four files that mnist.sail reads, put beside it: Fashion-MNIST's, in place of MNIST's.

    apt install dataset-fashion-mnist
    python mnist.py

Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747; MIT) has 70,000 pictures of clothes
in MNIST's format. MNIST's own files, if you have them, go to the same place under the same names.
"""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
FILES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")


def put(folder: Path) -> None:
    """Copy the Debian package's files."""
    if not DEBIAN.is_dir():
        sys.exit("Fashion-MNIST is not installed here: apt install dataset-fashion-mnist")
    for name in FILES:
        shutil.copy(DEBIAN / f"{name}-ubyte.gz", folder)


if __name__ == "__main__":
    put(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
