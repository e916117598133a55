"""Arithmetic, comparison and logic: broadcasting as in NumPy, units as in physics."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec.structs import replace

from sailc.diagnostics.base import Note
from sailc.diagnostics.types import DimensionMismatch, TypeMismatch, WrongOperands
from sailc.infer.coerce import in_unit
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.values import POISON, Value
from sailc.source import Span
from sailc.terms import Apply, Const, Term
from sailc.types.dims import Dim
from sailc.types.model import (
    Bool,
    Complex,
    Element,
    Item,
    Label,
    Num,
    Shape,
    Tensor,
    Type,
    TypeVar,
    Unknown,
    show,
)
from sailc.units import ONE, Unit

if TYPE_CHECKING:
    from sailc.infer.bound import Bound
    from sailc.infer.rules import Rule

Operand = Tensor | TypeVar | Unknown | None

SYMBOLS: Mapping[str, str] = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "power": "^",
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "logical_and": "and",
    "logical_or": "or",
    "logical_not": "not",
    "negative": "-",
}


# What of two numbers hangs on their order.
ORDERS = frozenset({"maximum", "minimum"})


def broadcast(ctx: Context, a: Shape, b: Shape, span: Span) -> Shape | None:
    """The common shape, aligned at the end, 1 stretching; None after a reported mistake."""
    a, b = ctx.solver.items(a), ctx.solver.items(b)
    if a == b or not b:
        return a
    if not a:
        return b
    if not all(isinstance(i, Dim) for i in (*a, *b)):
        wrong = ctx.solver.unify_shapes(a, b, span)
        return None if wrong and _disagree(ctx, a, b, span) else ctx.solver.items(a)
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    lead = len(longer) - len(shorter)
    result: list[Item] = list(longer[:lead])
    for x, y in zip(longer[lead:], shorter, strict=True):
        assert isinstance(x, Dim)
        assert isinstance(y, Dim)
        if y.value == 1 or x.value == 1:
            result.append(x if y.value == 1 else y)
            continue
        if ctx.solver.unify_dims(x, y, span) is not None:
            _disagree(ctx, a, b, span, str(x), str(y))
            return None
        result.append(ctx.solver.dim(x))
    return tuple(result)


def _disagree(
    ctx: Context, a: Shape, b: Shape, span: Span, left: str = "", right: str = ""
) -> bool:
    whole = (show(Tensor(Num(), a)), show(Tensor(Num(), b)))
    ctx.report(
        DimensionMismatch(
            span=span,
            left=left or whole[0],
            right=right or whole[1],
            found=whole[0],
            expected=whole[1],
        )
    )
    return True


def _tensor(ctx: Context, term: Term) -> Operand:
    """What an operand is; a boolean counts as a number in arithmetic."""
    match ctx.type_of(term):
        case Tensor() as t:
            return t
        case TypeVar() | Unknown() as t:
            return t
        case _:
            return None


def _operands(ctx: Context, call: Bound, names: tuple[str, ...]) -> list[Term]:
    return [lift(ctx, call.value(n), call.where(n)) for n in names]


def _refuse(ctx: Context, call: Bound, terms: list[Term]) -> Value:
    shown = [show(ctx.type_of(t)) for t in terms]
    symbol = SYMBOLS.get(call.name, call.name)
    right = shown[1] if len(shown) > 1 else ""
    ctx.report(WrongOperands(span=call.span, operator=symbol, left=shown[0], right=right))
    return POISON


def _numeric(element: Element) -> bool:
    return isinstance(element, Num | Complex | Bool | TypeVar)


def _is_complex(a: Tensor, b: Tensor) -> bool:
    """Whether an operand has no order."""
    return isinstance(a.element, Complex) or isinstance(b.element, Complex)


def _unit(element: Element) -> Unit:
    return element.unit if isinstance(element, Num | Complex) else ONE


def _vague(terms: list[Operand]) -> bool:
    return any(isinstance(t, TypeVar | Unknown) for t in terms)


def _unknown_result(ctx: Context, call: Bound, terms: list[Term], types: list[Operand]) -> Value:
    """An operand's type is still open: with a plain number, the result has that type."""
    if any(isinstance(t, Unknown) for t in types):
        return POISON
    scalars = [t for t in types if isinstance(t, Tensor) and not t.shape]
    others = [t for t in types if not (isinstance(t, Tensor) and not t.shape)]
    type: Type = others[0] if len(others) == 1 and scalars and others[0] else ctx.solver.type_var()
    return Apply(type, call.span, call.name, tuple(terms))


def _binary(ctx: Context, call: Bound) -> tuple[list[Term], list[Operand]]:
    terms = _operands(ctx, call, ("a", "b"))
    return terms, [_tensor(ctx, t) for t in terms]


def _alike(ctx: Context, call: Bound) -> tuple[list[Term], list[Operand]]:
    """Two operands that are to be of one unit: 0 is of the other's (Kennedy 1996)."""
    terms, types = _binary(ctx, call)
    for i, other in enumerate(reversed(types)):
        if _is_zero(terms[i]) and isinstance(other, Tensor):
            type = Tensor(Num(_unit(other.element)))
            terms[i], types[i] = replace(terms[i], type=type), type
    return terms, types


def _is_zero(term: Term) -> bool:
    """Whether a term is the number 0, of no unit."""
    return isinstance(term, Const) and term.type == Tensor(Num()) and term.value == 0


def convert(ctx: Context, term: Term, unit: Unit) -> Term:
    """The same quantity in another unit of its dimension."""
    return in_unit(ctx.solver, term, unit)


def as_number(ctx: Context, term: Term) -> Term:
    """What is true as 1, what is not as 0; numbers as they are."""
    match ctx.type_of(term):
        case Tensor(Bool(), shape):
            return Apply(Tensor(Num(), shape), term.span, "number", (term,))
        case _:
            return term


def _same_unit(ctx: Context, call: Bound) -> Value:
    """`a + b`, `a - b`: one unit, numbers only."""
    terms, types = _alike(ctx, call)
    if _vague(types):
        return _unknown_result(ctx, call, terms, types)
    a, b = types
    if not isinstance(a, Tensor) or not isinstance(b, Tensor):
        return _refuse(ctx, call, terms)
    if not _numeric(a.element) or not _numeric(b.element):
        return _refuse(ctx, call, terms)
    if call.name in ORDERS and _is_complex(a, b):
        return _refuse(ctx, call, terms)
    element = _join(ctx, call, a, b)
    shape = broadcast(ctx, a.shape, b.shape, call.span)
    if element is None or shape is None:
        return POISON
    terms[1] = convert(ctx, terms[1], _unit(element))
    return Apply(Tensor(element, shape), call.span, call.name, tuple(terms))


def _join(ctx: Context, call: Bound, a: Tensor, b: Tensor) -> Element | None:
    if isinstance(a.element, TypeVar) or isinstance(b.element, TypeVar):
        wrong = ctx.solver.unify_elements(a.element, b.element, call.span)
        return ctx.solver.element(a.element) if wrong is None else None
    wrong = ctx.solver.unify_units(_unit(a.element), _unit(b.element), call.span)
    if wrong is not None:
        sides = zip((a, b), call.all(), strict=False)
        notes = tuple(Note(s, f"this is `{show(ctx.solver.resolve(t))}`") for t, (_, s) in sides)
        ctx.mismatch(wrong, a, b, call.span, notes=notes)
        return None
    unit = ctx.solver.unit(_unit(a.element))
    return Complex(unit) if _is_complex(a, b) else Num(unit)


def _product(ctx: Context, call: Bound) -> Value:
    """`a * b`, `a / b`: units multiply."""
    terms, types = _binary(ctx, call)
    if _vague(types):
        return _unknown_result(ctx, call, terms, types)
    a, b = types
    if not isinstance(a, Tensor) or not isinstance(b, Tensor):
        return _refuse(ctx, call, terms)
    if not _numeric(a.element) or not _numeric(b.element):
        return _refuse(ctx, call, terms)
    shape = broadcast(ctx, a.shape, b.shape, call.span)
    if shape is None:
        return POISON
    u, v = ctx.solver.unit(_unit(a.element)), ctx.solver.unit(_unit(b.element))
    unit = u * v if call.name == "multiply" else u / v
    element: Element = Complex(unit) if _is_complex(a, b) else Num(unit)
    result = Apply(Tensor(element, shape), call.span, call.name, tuple(terms))
    return convert(ctx, result, ONE) if unit.dimensionless else result


def _power(ctx: Context, call: Bound) -> Value:
    terms, types = _binary(ctx, call)
    if _vague(types):
        return _unknown_result(ctx, call, terms, types)
    a, b = types
    if not isinstance(a, Tensor) or not isinstance(b, Tensor):
        return _refuse(ctx, call, terms)
    if not _numeric(a.element) or not _numeric(b.element):
        return _refuse(ctx, call, terms)
    terms = [as_number(ctx, t) for t in terms]
    wrong = ctx.solver.unify_units(_unit(b.element), ONE, call.span)
    if wrong is not None:
        ctx.mismatch(wrong, b, Tensor(Num()), call.where("b"), "an exponent")
        return POISON
    shape = broadcast(ctx, a.shape, b.shape, call.span)
    unit = ctx.solver.unit(_unit(a.element))
    exponent = terms[1] = convert(ctx, terms[1], ONE)
    known = exponent.value if isinstance(exponent, Const) else None
    if isinstance(known, int | float) and not isinstance(known, bool):
        power = unit ** Fraction(known).limit_denominator(64)
    elif unit.dimensionless:
        power = ONE
        terms[0] = convert(ctx, terms[0], ONE)
    else:
        ctx.report(
            TypeMismatch(
                span=exponent.span,
                found="an exponent that depends on data",
                expected="a number, since the base has a unit",
            )
        )
        return POISON
    if shape is None:
        return POISON
    element: Element = Complex(power) if _is_complex(a, b) else Num(power)
    return Apply(Tensor(element, shape), call.span, "power", tuple(terms))


def _comparison(ctx: Context, call: Bound) -> Value:
    terms, types = _alike(ctx, call)
    a, b = types
    if any(isinstance(t, Unknown) for t in types):
        return POISON
    if not isinstance(a, Tensor) or not isinstance(b, Tensor):
        if call.name not in ("equal", "not_equal") and not _vague(types):
            return _refuse(ctx, call, terms)
        ctx.unify(terms[1].type, terms[0].type, call.span)
        return Apply(Tensor(Bool()), call.span, call.name, tuple(terms))
    labels = isinstance(a.element, Label) or isinstance(b.element, Label)
    if (labels or _is_complex(a, b)) and call.name not in ("equal", "not_equal"):
        return _refuse(ctx, call, terms)
    if labels or isinstance(a.element, TypeVar) or isinstance(b.element, TypeVar):
        wrong = ctx.solver.unify_elements(a.element, b.element, call.span)
        if wrong is not None:
            ctx.mismatch(wrong, a, b, call.span)
            return POISON
    elif _join(ctx, call, a, b) is None:
        return POISON
    else:
        terms[1] = convert(ctx, terms[1], ctx.solver.unit(_unit(a.element)))
    shape = broadcast(ctx, a.shape, b.shape, call.span)
    if shape is None:
        return POISON
    return Apply(Tensor(Bool(), shape), call.span, call.name, tuple(terms))


def _logic(ctx: Context, call: Bound) -> Value:
    names = ("a", "b") if "b" in call.values else ("a",)
    terms = _operands(ctx, call, names)
    shape: Shape | None = ()
    for t in terms:
        match ctx.type_of(t):
            case Tensor(Bool(), s):
                shape = broadcast(ctx, shape, s, call.span) if shape is not None else None
            case TypeVar() | Unknown():
                pass
            case _:
                return _refuse(ctx, call, terms)
    if shape is None:
        return POISON
    return Apply(Tensor(Bool(), shape), call.span, call.name, tuple(terms))


def _negative(ctx: Context, call: Bound) -> Value:
    (a,) = _operands(ctx, call, ("a",))
    match ctx.type_of(a):
        case Tensor(Num() | Complex()) | TypeVar():
            return Apply(a.type, call.span, "negative", (a,))
        case Unknown():
            return POISON
        case _:
            return _refuse(ctx, call, [a])


def _where(ctx: Context, call: Bound) -> Value:
    """`where(c, a, b)`: elementwise; the branches are of one type."""
    (c,) = _operands(ctx, call, ("condition",))
    (a, b), branches = _alike(ctx, call)
    types = [_tensor(ctx, c), *branches]
    if _vague(types):
        return Apply(ctx.type_of(a), call.span, "where", (c, a, b))
    if not all(isinstance(t, Tensor) for t in types):
        ctx.unify(b.type, a.type, call.span)
        return Apply(ctx.type_of(a), call.span, "where", (c, a, b))
    x, y, z = (t for t in types if isinstance(t, Tensor))
    wrong = ctx.solver.unify_elements(y.element, z.element, call.span)
    if wrong is not None:
        ctx.mismatch(wrong, z, y, call.span)
        return POISON
    b = convert(ctx, b, ctx.solver.unit(_unit(y.element)))
    shape = broadcast(ctx, y.shape, z.shape, call.span)
    shape = broadcast(ctx, shape, x.shape, call.span) if shape is not None else None
    if shape is None:
        return POISON
    return Apply(Tensor(ctx.solver.element(y.element), shape), call.span, "where", (c, a, b))


def _matmul(ctx: Context, call: Bound) -> Value:
    terms, types = _binary(ctx, call)
    if _vague(types):
        return _unknown_result(ctx, call, terms, types)
    a, b = types
    if not isinstance(a, Tensor) or not isinstance(b, Tensor) or not a.shape or not b.shape:
        return _refuse(ctx, call, terms)
    inner_a, inner_b = a.shape[-1], b.shape[-2:][0]  # a vector's only axis
    if not isinstance(inner_a, Dim) or not isinstance(inner_b, Dim):
        return Apply(ctx.solver.type_var(), call.span, "matmul", tuple(terms))
    wrong = ctx.solver.unify_dims(inner_a, inner_b, call.span)
    if wrong is not None:
        ctx.mismatch(wrong, a, b, call.span)
        return POISON
    shape = (*a.shape[:-1], *(b.shape[:-2] if len(a.shape) < 3 else ()))
    shape = (*shape, b.shape[-1]) if len(b.shape) > 1 else shape
    unit = ctx.solver.unit(_unit(a.element)) * ctx.solver.unit(_unit(b.element))
    from sailc.types.solver import size

    macs = size(shape) * inner_a
    element: Element = Complex(unit) if _is_complex(a, b) else Num(unit)
    return Apply(Tensor(element, shape), call.span, "matmul", tuple(terms), macs=macs)


RULES: dict[str, Rule] = {
    "same_unit": _same_unit,
    "product": _product,
    "power": _power,
    "comparison": _comparison,
    "logic": _logic,
    "negative": _negative,
    "where": _where,
    "matmul": _matmul,
}
