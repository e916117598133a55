"""GFN2-xTB energies and gradients (Bannwarth, Ehlert & Grimme 2019) by tblite, beside
`molecular_dynamics.sail`: positions in angstrom, energies in hartree."""

from functools import lru_cache

import numpy as np
from tblite.interface import Calculator
from threadpoolctl import ThreadpoolController

BOHR = 0.529177210903  # angstrom, CODATA 2018
NUMBERS = np.array([1, 6, 7, 8])  # of the library's elements: H, C, N, O
THREADS = ThreadpoolController()  # more than one only costs time on so few atoms


def energy(atoms):
    """The energy of a molecule, in hartree."""
    return _point(*_key(atoms))[0]


def gradient(atoms):
    """Its derivative by the positions, (n, 3), in hartree per angstrom."""
    return _point(*_key(atoms))[1] / BOHR


def _key(atoms):
    numbers, positions = NUMBERS[atoms["species"]], atoms["position"] / BOHR
    return numbers.tobytes(), positions.astype(float).tobytes()


@lru_cache(maxsize=4096)  # all energies are asked for, and then all gradients
def _point(numbers, positions):
    """One single point; energy and gradient of the same molecule are computed once."""
    found = np.frombuffer(numbers, dtype=NUMBERS.dtype)
    calculator = Calculator("GFN2-xTB", found, np.frombuffer(positions).reshape(-1, 3))
    calculator.set("verbosity", 0)
    with THREADS.limit(limits=1):
        result = calculator.singlepoint()
    return float(result.get("energy")), result.get("gradient")
