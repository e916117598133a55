"""`like = TYPE` beside a file: what its header does not say, and a check of what it does.

The names of a table's columns rarely say their units, and no header says that a column
of text is an enum. A field of the type that is written takes the column of its name;
columns that it leaves out are not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from sailc.data import Column, Header
from sailc.diagnostics.base import Diagnostic, listing, suggest
from sailc.diagnostics.data import NotAlike
from sailc.infer.context import Context
from sailc.infer.dataset import unit_of
from sailc.infer.read import read_type
from sailc.infer.values import Scope
from sailc.source import Span
from sailc.syntax import tree
from sailc.types.dims import const
from sailc.types.model import (
    UNKNOWN,
    Bool,
    Complex,
    Element,
    Label,
    ListType,
    MaybeType,
    Num,
    RecordType,
    Tensor,
    TextType,
    Type,
    Unknown,
    show,
)
from sailc.units import Unit

Problems = tuple[Diagnostic, ...]


class Disagreement(Exception):
    """A file is not like its type: `problem` goes on after its name, `mend` is a help line."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend


def like_type(
    ctx: Context, found: Type, header: Header, expr: tree.Expr, scope: Scope, file: str
) -> tuple[Type, Problems]:
    """The type of a file whose header gives `found`, and that is said to be like a type."""
    like = ctx.solver.resolve(read_type(ctx, expr, scope))
    if _of_unknown(like):
        return UNKNOWN, tuple(ctx.found.values())
    try:
        return _agreed(ctx, found, header, like, expr.span), ()
    except Disagreement as wrong:
        problem = NotAlike(span=expr.span, file=file, problem=wrong.problem, mend=wrong.mend)
        is_array = isinstance(like, Tensor)  # of one that is wrong nothing follows
        return UNKNOWN if is_array else like, (problem,)


def _of_unknown(like: Type) -> bool:
    """Whether a type, or that of its elements, has a mistake that was told where it stands."""
    item = like.item if isinstance(like, ListType) else like
    return isinstance(item, Unknown)


def _agreed(ctx: Context, found: Type, header: Header, like: Type, span: Span) -> Type:
    match found, like:
        case _, ListType(RecordType(fields, name), n) if header.columns:
            rows = const(header.shape[0])
            if ctx.solver.unify_dims(n, rows, span) is not None:
                raise Disagreement(f"has {rows} rows, and not {n}", f"write `{rows}`, or no length")
            return ListType(RecordType(tuple(_fields(header, fields)), name), rows)
        case Tensor(element, shape, storage, columns), Tensor(wanted, other):
            if ctx.solver.unify_shapes(shape, other, span) is not None:
                raise Disagreement(f"is `{show(found)}`, and not `{show(like)}`", _AS_FOUND)
            return Tensor(_element(header.unit, element, wanted), shape, storage, columns)
        case _:
            raise Disagreement(f"is `{show(found)}`, and not `{show(like)}`", _AS_FOUND)


_AS_FOUND = "write the type that the file has, or leave `like` away"


def _element(unit: str | None, found: Element, like: Element) -> Element:
    """Numbers take the unit that is written where the file has none."""
    match found, like:
        case Num(known), Num(wanted):
            return Num(_unit(unit, known, wanted, "its numbers are"))
        case Complex(known), Complex(wanted):
            return Complex(_unit(unit, known, wanted, "its numbers are"))
        case Bool(), Bool():
            return found
        case _:
            kinds = f"`{show(Tensor(found))}`, and not of `{show(Tensor(like))}`"
            raise Disagreement(f"holds values of {kinds}", _AS_FOUND)


def _unit(written: str | None, known: Unit, wanted: Unit, whose: str) -> Unit:
    if written is None:
        return wanted
    if (known / wanted).dims:
        raise Disagreement(
            f"says that {whose} in {known}, and not in {wanted}", f"write `real<{known}>`"
        )
    return known


def _fields(header: Header, fields: tuple[tuple[str, Type], ...]) -> Iterator[tuple[str, Type]]:
    columns = {c.name: c for c in header.columns}
    for name, type in fields:
        if name not in columns:
            near = suggest(name, columns)
            others = f"its columns are {listing(columns)}"
            mend = f"did you mean `{near}`?" if near else others
            raise Disagreement(f"has no column `{name}`", mend)
        yield name, _column(columns[name], type)


def _column(column: Column, like: Type) -> Type:
    """A column's type, of the form that is written."""
    if isinstance(like, MaybeType):
        return MaybeType(_cells(column, like.item))
    if column.missing:
        mend = f"write `{column.name}: {show(like)}?`"
        raise Disagreement(f"misses cells in the column `{column.name}`", mend)
    return _cells(column, like)


def _cells(column: Column, like: Type) -> Type:
    name = f"`{column.name}`"
    match like:
        case Tensor(Num(wanted), ()) if column.kind == "number":
            return Tensor(
                Num(_unit(column.unit, unit_of(column.unit), wanted, f"the column {name} is"))
            )
        case Tensor(Label(_, constants, enum), ()) if column.kind == "text" and constants:
            odd = [v for v in column.values if v not in constants]
            if odd:
                shown = listing((f"`{v}`" for v in odd), 3)
                raise Disagreement(
                    f"holds {shown} in the column {name}, no constant of `{enum}`",
                    f"add it to `enum {enum}`, or read the column as `Text`",
                )
            return like
        case TextType() if column.kind == "text":
            return like
        case Unknown():
            return like
        case _:
            held = "numbers" if column.kind == "number" else "text"
            right = "`real`, with a unit" if column.kind == "number" else "`Text`, or an enum"
            raise Disagreement(
                f"holds {held} in the column {name}, and not `{show(like)}`", f"write {right}"
            )
