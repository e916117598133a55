"""Writes `ethanol.h5` for `molecular_dynamics.sail`: 1,000 configurations of ethanol from dynamics
at 500 K (Langevin, 0.5 fs, one configuration every 10 fs after 1 ps) on GFN2-xTB forces.

    pip install "ase==3.29.0" "tblite==0.8.0" h5py threadpoolctl
    python make_ethanol.py

It takes about a minute. The file holds which atoms sit where, and nothing that is computed of them.
"""

from pathlib import Path

import h5py
import numpy as np
from ase import units
from ase.build import molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
from xtb_driver import NUMBERS, energy, gradient

FRAMES = 1_000
STEP, BETWEEN, BEFORE = 0.5 * units.fs, 20, 2_000
TEMPERATURE = 500  # K


class GFN2(Calculator):
    """The driver's energies and forces, as ASE wants them."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        given = {
            "species": np.searchsorted(NUMBERS, self.atoms.numbers),
            "position": self.atoms.positions,
        }
        self.results["energy"] = energy(given) * units.Hartree
        self.results["forces"] = -gradient(given) * units.Hartree


def frames():
    """Positions in angstrom, of shape (frames, atoms, 3), and the species' places."""
    rng = np.random.default_rng(0)
    atoms = molecule("CH3CH2OH", calculator=GFN2())
    MaxwellBoltzmannDistribution(atoms, temperature_K=TEMPERATURE, rng=rng)
    friction = 0.02 / units.fs
    dynamics = Langevin(atoms, STEP, temperature_K=TEMPERATURE, friction=friction, rng=rng)
    dynamics.run(BEFORE)
    found = []
    for _ in range(FRAMES):
        dynamics.run(BETWEEN)
        found.append(atoms.positions - atoms.get_center_of_mass())
    return np.searchsorted(NUMBERS, atoms.numbers), np.array(found)


def main():
    species, positions = frames()
    with h5py.File(Path(__file__).with_name("ethanol.h5"), "w") as file:
        file["species"] = np.tile(species.astype(np.uint8), (len(positions), 1))
        file["position"] = positions
        file["position"].attrs["units"] = "angstrom"


if __name__ == "__main__":
    main()
