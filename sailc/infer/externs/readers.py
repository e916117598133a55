"""Externs that read data files: `read = f` beside a file."""

from __future__ import annotations

from sailc.diagnostics.data import NotAlike, NotReader
from sailc.infer.context import Context
from sailc.infer.dataset import FileLine
from sailc.infer.externs.calls import call_facts, storage
from sailc.infer.read import read_type
from sailc.infer.values import POISON, Poison, Primitive
from sailc.syntax import tree
from sailc.terms import Apply
from sailc.types.meet import outline
from sailc.types.model import TextType, Type, show


def reader(ctx: Context, line: FileLine, file: str) -> tree.Declaration | None:
    """The extern that reads a file, looked up in the program `file`. What is wrong with it is
    reported."""
    assert line.read is not None
    found = ctx.evaluate(line.read, ctx.root(file))
    match found:
        case Poison():
            return None
        case Primitive(declaration) if declaration.kind == "extern":
            problem = _of_parameters(ctx, declaration, file)
        case _:
            declaration, problem = None, "is no `extern fn`"
    if problem:
        ctx.report(NotReader(span=line.read.span, name=_name(line.read), problem=problem))
        return None
    return declaration


def _name(expr: tree.Expr) -> str:
    return expr.id if isinstance(expr, tree.Name) else "this"


def _of_parameters(ctx: Context, d: tree.Declaration, file: str) -> str:
    """Why an extern cannot be given a path; empty where it can."""
    parameters = d.parameters or ()
    if len(parameters) != 1:
        return f"takes {len(parameters)} arguments, and not one path"
    type = parameters[0].type
    given = read_type(ctx, type, ctx.root(file).child()) if type is not None else TextType()
    return "" if isinstance(given, TextType) else f"takes `{show(given)}`, and not a path"


def read_by(ctx: Context, line: FileLine, d: tree.Declaration, file: str) -> Type | None:
    """The type of a file that an extern reads: its result, whose lengths are those of `like`
    where it leaves them open. None, and reported, where one stays open."""
    assert line.read is not None
    scope = ctx.root(file).child()
    type = read_type(ctx, d.result, scope) if d.result is not None else ctx.solver.type_var()
    if line.like is not None:
        like = read_type(ctx, line.like, ctx.root(file).child())
        shown = show(ctx.solver.resolve(type)), show(ctx.solver.resolve(like))
        if ctx.solver.unify(type, like, line.like.span) is not None:
            problem = f"is read as `{shown[0]}`, and not as `{shown[1]}`"
            mend = "write the type that its reader gives, or leave `like` away"
            span = line.like.span
            ctx.report(NotAlike(span=span, file=line.file_name, problem=problem, mend=mend))
            return None
    type = ctx.solver.resolve(type)
    if ctx.failed or outline(type) is not None:
        return None if ctx.failed else type
    open_ = f"gives `{show(type)}`, which does not say all its lengths"
    mend = "write them in its result, or those of this file beside it: `like = …`"
    ctx.report(NotReader(span=line.read.span, name=d.name, problem=open_, mend=mend))
    return None


def reading(d: tree.Declaration, path: Apply, type: Type, name: str) -> Apply | Poison:
    """The term of a file that an extern reads, whose path is a term."""
    facts = call_facts(d, (storage(path.type),), type)
    return POISON if facts is None else Apply(type, path.span, "extern", (path,), facts, name=name)
