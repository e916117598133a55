"""Whether an equation is well posed, as far as counting can tell."""

from __future__ import annotations

from sailc.diagnostics.equations import ConditionOrder, OutsideDomain, Unconstrained
from sailc.infer.context import Context
from sailc.source import Span
from sailc.symbolic.form import Side, TypedEquation, mentions, number, order, same
from sailc.terms import Term, Var


def well_posed(ctx: Context, e: TypedEquation) -> None:
    """Report conditions that are no conditions, then unknowns that are left open."""
    for side in e.initial:
        _ends(ctx, e, side, starts=True)
    for side in e.boundary:
        _ends(ctx, e, side, starts=False)
    for side in e.sides:
        _low(ctx, e, side)
    if ctx.failed:
        return
    for u in e.unknowns:
        _constrained(ctx, e, u)


# --- conditions -----------------------------------------------------------------------------


def _ends(ctx: Context, e: TypedEquation, side: Side, starts: bool) -> None:
    """A condition is where its variable begins, or, on the boundary, ends."""
    low, high = e.domain[side.axis]
    ends = (low,) if starts else (low, high)
    for place in side.places:
        known = None not in (number(place), number(low), number(high))
        if not any(same(place, end) for end in ends) and known:
            name = e.independents[side.axis].name
            where = f"at {name} = {number(place):g}"
            text = f"{name} begins at {number(low):g}"
            text += "" if starts else f" and ends at {number(high):g}"
            ctx.report(OutsideDomain(span=side.span, place=where, ends=text))
            return


def _low(ctx: Context, e: TypedEquation, side: Side) -> None:
    """A condition is of a lower order than the laws."""
    name = e.independents[side.axis].name
    for u in e.unknowns:
        asked = max(order(t, u, name) for t in (side.left, side.right))
        laws = e.order(u, side.axis)
        if asked > 0 and laws >= 0 and asked >= laws:
            ctx.report(
                ConditionOrder(span=side.span, name=u.name, variable=name, order=asked, laws=laws)
            )


# --- unknowns -------------------------------------------------------------------------------


def _constrained(ctx: Context, e: TypedEquation, u: Var) -> None:
    """An unknown is in a law, and has the conditions that its derivatives ask for."""
    if not any(mentions(w, u) for w in e.laws):
        _open(ctx, u.span, u, "no law mentions it", f"a `law` for `{u.name}`")
        return
    if len(e.laws) < len(e.unknowns) and u is e.unknowns[-1]:
        n, m = len(e.unknowns), len(e.laws)
        text = f"{n} unknowns need {n} laws, and there {'is 1' if m == 1 else f'are {m}'}"
        _open(ctx, u.span, u, text, "a `law`")
        return
    for axis, low in enumerate(end[0] for end in e.domain):
        started = any(s.axis == axis for s in e.initial) or len(e.independents) == 1
        _enough(ctx, e, u, axis, low, started)


def _enough(ctx: Context, e: TypedEquation, u: Var, axis: int, low: Term, started: bool) -> None:
    """As many conditions along a variable as there are derivatives by it. Along a boundary one
    derivative may do with none where another unknown has some: the pressure of a flow has no
    condition of its own."""
    needed = e.order(u, axis)
    others = any(s.axis == axis for s in e.sides)
    own = [s for s in e.sides if s.axis == axis and mentions(s, u)]
    have = needed if any(s.periodic for s in own) else len(own)
    if needed < 1 or have >= needed or (needed == 1 and others and not started):
        return
    name = e.independents[axis].name
    times = {1: "a derivative", 2: "a second derivative"}.get(needed, f"{needed} derivatives")
    found = "none" if have == 0 else f"only {have}"
    text = (
        f"{times} by {name} asks for {needed} condition{'s' * (needed > 1)}, and there is {found}"
    )
    variables = [v.name for v in e.independents]
    variables[axis] = f"{number(low):g}" if number(low) is not None else "…"
    starts = started and not any(s in e.boundary for s in own)
    kind = "initial" if starts or (needed == 1 and not others) else "boundary"
    _open(ctx, u.span, u, text, f"a condition, as `{kind} {u.name}({', '.join(variables)}) == 0`")


def _open(ctx: Context, span: Span, u: Var, lacking: str, write: str) -> None:
    ctx.report(Unconstrained(span=span, name=u.name, lacking=lacking, write=write))
