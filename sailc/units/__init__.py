"""Units of measure: an abelian group over base dimensions, with a scale beside it.

A `Unit` is a product of powers of base dimensions and unit variables, and a scale: how
many coherent SI units one of it is. Unification works on the powers alone; two units of
one dimension convert by the ratio of their scales.
"""

from sailc.units.spelling import Declared, UnitError, known_units, parse_unit
from sailc.units.unit import ONE, Unit, base_unit

__all__ = ["ONE", "Declared", "Unit", "UnitError", "base_unit", "known_units", "parse_unit"]
