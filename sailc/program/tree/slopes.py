"""A value and its derivative of one pass, where a function says both: the energies of some atoms
and the forces on them. Compilers find it themselves; what computes each expression as it stands
would pass twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from sailc.program.tree.expressions import below, operations, reads, rebuild, rebuilt, walk
from sailc.program.tree.inlining import Inner, bound, substituted
from sailc.program.tree.names import RESERVED, NameTable
from sailc.program.tree.nodes import Assign, Expr, Function, Op, Ref, Step
from sailc.program.tree.packs import part
from sailc.program.tree.programs import Program, Stage

BOTH = "value_and_grad"


def in_one_pass(program: Program) -> Program:
    """A program whose losses and answers compute values with their derivatives. Where layers have
    modes, each call of a function is one of its own: there it stays as it is."""
    if any(o.state or o.attributes.get("draws") for o in _operations(program)):
        return program
    made = replace(program, stages=tuple(map(_changed, program.stages)))
    if not any(o.operator == BOTH for o in _operations(made)):
        return program
    return replace(made, stages=tuple(map(_alike, made.stages)))


def _operations(program: Program) -> Iterator[Op]:
    return operations(*(e for f in program.on_backend for e in f.expressions))


def _changed(s: Stage) -> Stage:
    asked = s.asked
    if asked is None:
        return s
    known = {f.name: f for f in asked.functions}
    loss = _together(s.loss, known) if s.loss is not None else None
    respond = _together(asked.respond, known) if asked.respond is not None else None
    left = [f for f in (*asked.functions, loss, respond) if f is not None]
    called = {str(o.attributes["function"]) for f in left for o in _calls(f)}
    functions = tuple(f for f in asked.functions if f.name in called)
    return replace(s, loss=loss, asked=replace(asked, functions=functions, respond=respond))


def _alike(s: Stage) -> Stage:
    """A stage whose derivatives are all computed so: programs have one function for that."""

    def change(e: Expr) -> Expr:
        made = rebuild(e, change)
        inner = _of_sum(made) if isinstance(made, Op) else None
        if inner is None or not isinstance(made, Op):
            return made
        return part(Op(BOTH, (inner, made.arguments[1])), 1)

    def some(f: Function | None) -> Function | None:
        return rebuilt(f, change) if f is not None else None

    asked = s.asked
    if asked is not None:
        functions = tuple(rebuilt(f, change) for f in asked.functions)
        asked = replace(asked, functions=functions, respond=some(asked.respond))
    return replace(s, loss=some(s.loss), asked=asked)


def _calls(f: Function) -> Iterator[Op]:
    return (o for o in operations(*f.expressions) if o.operator == "call")


def _together(f: Function, known: Mapping[str, Function]) -> Function:
    """A function that computes a value and its derivative by one expression, where it says both."""
    opened = rebuilt(f, lambda e: _opened(e, known))
    for slope in operations(*opened.expressions):
        inner = _of_sum(slope)
        if inner is None:
            continue
        value = substituted(inner.body, {inner.parameters[0]: slope.arguments[1]})
        said = (value in _outside(e) for e in opened.expressions)
        if reads(value) <= {*f.parameters} and any(said):
            return _with(opened, slope, inner, value)
    return f


def _opened(expr: Expr, known: Mapping[str, Function]) -> Expr:
    """An expression with what functions compute of a derivative, in the place of their calls."""
    match rebuild(expr, lambda e: _opened(e, known)):
        case Op("call", arguments, {"function": str(name)}) as call if name in known:
            f = known[name]
            inside = {n for e in walk(*f.results) for n in bound(e)}
            given = dict(zip(f.parameters, arguments, strict=True))
            hidden = inside & {n for p, a in given.items() if a != Ref(p) for n in reads(a)}
            if f.body or f.checks or hidden or not any(map(_of_sum, operations(*f.results))):
                return call
            return substituted(f.results[0], given)
        case made:
            return made


def _outside(expr: Expr) -> Iterator[Expr]:
    """The expressions in one that are not in a function: there, names may be others."""
    yield expr
    if not isinstance(expr, Inner):
        for part in below(expr):
            yield from _outside(part)


def _of_sum(op: Op) -> Step | None:
    """The function of which a derivative is, if that is a sum over all points: without the sum."""
    match op:
        case Op("grad", (Step((_,) as given, Op("sum", (each,), {"axes": None})), _)):
            return Step(given, each)
        case _:
            return None


def _with(f: Function, slope: Op, inner: Step, value: Expr) -> Function:
    called = (str(o.attributes["function"]) for o in _calls(f))
    names = NameTable({*RESERVED, *f.parameters, *called, *(a.name for a in f.body)})
    values, slopes = names.fresh("values"), names.fresh("slopes")

    def change(e: Expr) -> Expr:
        if e in (slope, value):
            return Ref(slopes if e == slope else values)
        return e if isinstance(e, Inner) else rebuild(e, change)

    first = Op(BOTH, (inner, slope.arguments[1]))
    begin = Assign(f"{values}, {slopes}", first, f.span)
    made = rebuilt(f, change)
    return replace(made, body=(begin, *made.body))
