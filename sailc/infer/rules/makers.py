"""Plan-time makers: optimizers, schedules, stops, distributions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sailc.diagnostics.types import WrongArguments
from sailc.infer.context import Context
from sailc.infer.rules.arithmetic import broadcast
from sailc.infer.values import POISON, Constructor, Made, Poison, Value, as_dim
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Term
from sailc.types.model import UNKNOWN, Label, Shape, Tensor, Type

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule


def _make(role: str, ctx: Context, call: Bound) -> Value:
    """A named bundle of plan-time values; who reads it knows what it means."""
    counts = {p.name for p in call.declaration.parameters or () if _is_count(p)}
    values = {n: _count(ctx, call, n) if n in counts else v for n, (v, _) in call.values.items()}
    made = Made(call.name, values, role)
    if made.name == "uniform" and made.attributes.get("high") is False and label_of(made) is None:
        problem = "draws between two bounds, or of an enum"
        how = "uniform(0, 1)` or `uniform(Element)"
        ctx.report(WrongArguments(span=call.span, name="uniform", problem=problem, mend=how))
        return POISON
    return made


def _is_count(p: tree.Parameter) -> bool:
    """Whether a parameter is a number of steps, epochs or the like."""
    return isinstance(p.type, tree.Name) and p.type.id == "int"


def _count(ctx: Context, call: Bound, name: str) -> Value:
    """What is given as a number of steps or epochs; reported where it is none."""
    value = call.value(name)
    count = as_dim(value)
    if isinstance(value, Poison) or (count is not None and (count.value or 0) > 0):
        return value if count is None else count
    problem = f"takes a whole number, 1 or more, as `{name}`"
    ctx.report(WrongArguments(span=call.where(name), name=call.name, problem=problem))
    return POISON


def label_of(made: Made) -> Label | None:
    """The enum or class that a distribution draws from, if it is one."""
    match made.attributes.get("low"):
        case Constructor(Tensor(Label() as label, ())) if made.name == "uniform":
            return label
        case _:
            return None


def draw_type(ctx: Context, arguments: list[Term], lead: Shape, span: Span) -> Type:
    """The type of draws of a distribution with these parameters, broadcast together;
    `lead` is how many, and their own shape."""
    shape: Shape = ()
    element = None
    for a in arguments:
        match ctx.type_of(a):
            case Tensor(e, s):
                shape = broadcast(ctx, shape, s, span) or ()
                if element is not None:
                    ctx.solver.unify_elements(e, element, span)
                element = element or e
            case _:
                pass
    return Tensor(element, (*lead, *shape)) if element is not None else UNKNOWN


ROLES = {"make": "", "optimizer": "optimizer", "schedule": "schedule", "stop": "stop"}

RULES: dict[str, Rule] = {rule: partial(_make, role) for rule, role in ROLES.items()}
