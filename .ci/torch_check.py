"""Look before installing torch: say which build pip would choose, without downloading it.

On Linux the wheels of the public index bring several gigabytes of CUDA libraries; a
CPU wheel says so in its version (`2.13.0+cpu`). Exits with 1 and advice where CUDA
would be installed, unless ALLOW_CUDA=1 is set. Usage: torch_check.py REQUIREMENT
"""

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.version import Version

ADVICE = """\
{requirement} would bring CUDA libraries, several gigabytes: the newest build that pip
finds for Python {python} is {found}, and on Linux only one marked '+cpu' is free of them.

  - To install a CPU build, let pip find one: put its wheel into a folder and set
    PIP_FIND_LINKS to that folder, or set PIP_EXTRA_INDEX_URL to PyTorch's index of CPU
    wheels (PyTorch's installation page names it). If yours is of another version or for
    another Python, say so:  make TORCH='torch==X.Y.Z' PYTHON=/path/to/python …
  - To accept CUDA:  make ALLOW_CUDA=1 …
"""


def installed(requirement: Requirement) -> bool:
    """Whether this environment already has a torch that will do."""
    try:
        return requirement.specifier.contains(version(requirement.name), prereleases=True)
    except PackageNotFoundError:
        return False


def candidates(requirement: Requirement) -> list[Version]:
    """The versions pip sees for this Python and platform that satisfy the requirement."""
    command = [sys.executable, "-m", "pip", "index", "versions", requirement.name]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    listed = re.search(r"^Available versions: (.*)$", answer.stdout, re.MULTILINE)
    if listed is None:
        sys.exit(f"pip finds no {requirement.name} for this Python:\n{answer.stderr.strip()}")
    versions = [Version(text) for text in listed[1].split(", ")]
    return [v for v in versions if requirement.specifier.contains(v)]


def main() -> None:
    requirement = Requirement(sys.argv[1])
    cuda_allowed = os.environ.get("ALLOW_CUDA", "") not in ("", "0")
    if cuda_allowed or sys.platform != "linux" or installed(requirement):
        return
    found = max(candidates(requirement), default=None)
    if found is None or found.local != "cpu":
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(ADVICE.format(requirement=requirement, python=python, found=found or "none"))
    print(f"{requirement} is the CPU build {found}")


if __name__ == "__main__":
    main()
