"""Typing rules for operators whose types no signature can say. A declaration in the
library names its rule (`rule reduction`); the table below finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sailc.infer.rules import (
    arithmetic,
    collections,
    dynamics,
    equations,
    formulas,
    gradient,
    judging,
    makers,
    matrices,
    ordered,
    reductions,
    shapes,
)

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.context import Context
    from sailc.infer.values import Value

Rule = Callable[["Context", "Bound"], "Value"]

RULES: Mapping[str, Rule] = {
    **arithmetic.RULES,
    **reductions.RULES,
    **collections.RULES,
    **shapes.RULES,
    **makers.RULES,
    **judging.RULES,
    **equations.RULES,
    **gradient.RULES,
    **formulas.RULES,
    **dynamics.RULES,
    **ordered.RULES,
    **matrices.RULES,
}
VARIADIC = frozenset({"extreme", "concat", "stack", "zip", "derivative"})
OPEN = frozenset({"reference"})
"""Rules that take arguments of any names."""
