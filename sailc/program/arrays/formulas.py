"""Functions as values of a program: formulas, one for each point or for all.

What a function holds is computed for all points at once, as anything else; only what it does with
its variables is written in symbols.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from sailc.plan.matches import GroundModel
from sailc.plan.unwritten import learned
from sailc.program.arrays.layout import (
    POINTS,
    CannotLower,
    Group,
    Leaf,
    Levels,
    Vector,
    align,
    merge,
)
from sailc.program.tree.expressions import rebuild, statements
from sailc.program.tree.nodes import Assign, Block, Expr, Op, Ref
from sailc.symbolic.vocabulary import NUMBERS, held
from sailc.terms import Apply, Lambda, Term
from sailc.types.dims import Dim, const
from sailc.types.model import FunctionType, Num, Tensor

if TYPE_CHECKING:
    from sailc.program.arrays.vectors import Lowering

# Operators that SymPy writes in its own way.
SYMBOLIC = frozenset({"norm", *(n for n, text in NUMBERS.items() if "sympy" in text)})


def function(low: Lowering, term: Apply) -> Leaf:
    """The formula of each point: made by a function of what it holds of the point."""
    made = term.attributes["function"]
    assert isinstance(made, Lambda)
    inner = low.inside()
    given: list[tuple[str, Leaf]] = []
    for t in dict.fromkeys(held(made)):
        leaf = low.lower(t)
        if isinstance(leaf, Group):
            raise CannotLower("a record in a formula", t.span)
        if leaf.levels:
            given.append((inner.names.fresh(_label(t)), leaf))
            leaf = Leaf(Ref(given[-1][0]), (), leaf.rank)
        inner.bind(t, leaf)
    block = _block(inner, made, tuple(name for name, _ in given))
    name = low.store(term.name or "formula", Leaf(block, (), 0), term.span).expr
    return _made(name, [leaf for _, leaf in given])


def _made(name: Expr, given: list[Leaf]) -> Leaf:
    """What the function gives that makes formulas: one, or one for each point."""
    if not given:
        return Leaf(Op("invoke", (name,)), (), 0)
    levels: Levels = merge(*(g.levels for g in given))
    parts = tuple(align(g, levels, g.rank) for g in given)
    ranks = tuple(g.rank for g in given)
    return Leaf(Op("formulas", (name, *parts), {"ranks": ranks}), levels, 0)


def _block(inner: Lowering, made: Lambda, parameters: tuple[str, ...]) -> Block:
    symbols: list[Ref] = []
    for v in made.variables:
        if not isinstance(v.type, Tensor) or v.type.shape:
            raise CannotLower("a function of what is no number", v.span)
        symbols.append(Ref(inner.names.fresh(v.name)))
        inner.body.append(Assign(symbols[-1].name, Op("symbol", (), {"name": v.name}), v.span))
        inner.bind(v, Leaf(symbols[-1], (), 0))
    inner.count(made.body)
    value = inner.leaf(made.body)
    if value.rank:
        raise CannotLower("a function that gives no number", made.body.span)
    body = statements(tuple(inner.body), _in_symbols)
    formula = Op("formula", (*symbols, _in_symbols(value.expr)))
    return Block(parameters, body, formula)


# --- formulas that are learned ---------------------------------------------------------------


def in_numbers(model: GroundModel) -> GroundModel:
    """A model that answers with formulas as one that gives, as a vector, the numbers that these
    hold: a backend has no formulas."""
    if not isinstance(model.output.type, FunctionType):
        return model
    parts = learned(model.output)
    rows = tuple(t if _size(t) else _stacked(t) for t in parts)
    whole = Tensor(Num(), (const(sum(_size(t) or 1 for t in parts)),))
    flat = rows[0] if len(rows) == 1 else Apply(whole, model.output.span, "concat", rows)
    return replace(model, output=flat)


def _stacked(t: Term) -> Term:
    return Apply(Tensor(Num(), (const(1),)), t.span, "stack", (t,))


def _size(t: Term) -> int:
    """How many numbers a vector has; 0 for a single number."""
    shape = t.type.shape if isinstance(t.type, Tensor) else ()
    return shape[0].value or 0 if shape and isinstance(shape[0], Dim) else 0


def from_numbers(low: Lowering, output: Term, name: str) -> Vector:
    """The formulas that hold the numbers of a vector."""
    start = 0
    for t in learned(output):
        n = _size(t)
        item = (start, start + n) if n else start
        at = Op("index", (Ref(name),), {"items": (item,)}, batch=1)
        low.bind(t, Leaf(at, (POINTS,), 1 if n else 0))
        start += n or 1
    return low.lower(output)


def _label(t: Term) -> str:
    """What a part of a formula is called in the function that makes it."""
    match t:
        case Apply(operator="index", arguments=(owner,), attributes={"items": (int() as i,)}):
            return f"{getattr(owner, 'name', '') or 'a'}_{i}"
        case Apply(operator="negative", arguments=(inner,)):
            return f"minus_{_label(inner)}"
        case _:
            return getattr(t, "name", "") or "a"


def _in_symbols(expr: Expr) -> Expr:
    """An expression in SymPy's words."""
    match rebuild(expr, _in_symbols):
        case Op(operator) as op if operator in SYMBOLIC | {"values"}:
            return replace(op, operator=f"symbolic {operator}")
        case other:
            return other


def call(low: Lowering, term: Apply) -> Leaf:
    """What a function that is a value gives at places."""
    f, *places = (low.leaf(a) for a in term.arguments)
    levels = merge(f.levels, *(p.levels for p in places))
    rank = max(p.rank for p in places)
    parts = tuple(align(v, levels, rank) for v in (f, *places))
    return Leaf(Op("values", parts), levels, rank)


def derived(low: Lowering, term: Apply) -> Leaf:
    """The derivative of a function that is a value."""
    f = low.leaf(term.arguments[0])
    return Leaf(Op("derived", (f.expr,), term.attributes), f.levels, 0)


def equivalent(low: Lowering, term: Apply) -> Leaf:
    """Whether two functions are one, for each point."""
    leaves = [low.leaf(a) for a in term.arguments]
    levels = merge(*(v.levels for v in leaves))
    parts = tuple(align(v, levels, 0) for v in leaves)
    return Leaf(Op("equivalent", parts), levels, 0)
