"""What a model requires of what fills its holes: told once they are filled."""

from __future__ import annotations

from msgspec import Struct

from sailc.infer.context import Context
from sailc.infer.modules.common import Requirement
from sailc.infer.values import is_term
from sailc.symbolic.smoothness import smoothness
from sailc.terms import Apply, Lambda, Term, Var, walk


class Wanting(Struct, frozen=True, eq=False):
    """A requirement as a term: with its holes filled it is a truth value."""

    condition: Term
    because: str

    def about(self, hole: Var) -> bool:
        return any(t is hole for t in walk(self.condition))


def wanting(ctx: Context, r: Requirement) -> Wanting | None:
    """A requirement on holes; None for one that is decided, or waits for data."""
    if r.holds is not None:
        return None
    value = ctx.evaluate(r.condition, r.scope)
    if not is_term(value) or (told(value) is None and not _asks(value)):
        return None
    return Wanting(value, r.because)


def _asks(condition: Term) -> bool:
    return any(isinstance(t, Apply) and t.operator == "smooth" for t in walk(condition))


def told(condition: Term) -> bool | None:
    """Whether a condition holds; None where a hole in it is not filled."""
    match condition:
        case Apply(operator="smooth", attributes=attributes):
            function, n = attributes["f"], attributes["n"]
            assert isinstance(function, Lambda)
            known = smoothness(function)
            return None if known is None else known >= float(str(n))
        case Apply(operator="logical_not", arguments=(a,)):
            inner = told(a)
            return None if inner is None else not inner
        case Apply(operator="logical_and" | "logical_or" as operator, arguments=(a, b)):
            both = (told(a), told(b))
            decisive = operator == "logical_or"
            if decisive in both:
                return decisive
            return None if None in both else not decisive
        case _:
            return None
