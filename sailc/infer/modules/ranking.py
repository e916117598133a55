"""Rankings: the metrics that they read, and their expressions as an author wrote them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from sailc.diagnostics.kinds import MissingLine
from sailc.diagnostics.names import UnknownModule
from sailc.infer.context import Context
from sailc.infer.lift import lift
from sailc.infer.modules.common import open_scope, path_text, properties
from sailc.infer.modules.metric import Use, find_measure, metric_use
from sailc.infer.values import Fields, Scope, Value
from sailc.names import Entry
from sailc.source import Span
from sailc.syntax import tree
from sailc.terms import Var
from sailc.types.model import Num, Tensor, Type


class Ranking(Struct, frozen=True):
    """A ranking. Keys are labels of metrics (`accuracy(force)`), and in expressions a name or
    a member (`a.mean_error`) stands for each. `reads` are all labels that it needs."""

    entry: Entry
    order: tuple[str, ...]
    pareto: tuple[str, ...]
    score: tree.Expr | None
    prefer: tree.Lambda | None
    requires: tuple[tree.Require, ...]
    reads: tuple[str, ...]


def read_ranking(ctx: Context, entry: Entry) -> Ranking:
    """A ranking, with its uses of metrics resolved."""
    scope = open_scope(ctx, entry, {})
    known = ctx.names.modules["metric"]
    reads: dict[str, None] = {}

    def name(expr: tree.Expr) -> tree.Expr:
        return _with_labels(ctx, expr, scope, known, reads)

    keys = {
        word: tuple(u.label for _, u in _keys(ctx, entry, word, scope))
        for word in ("order", "pareto")
    }
    for labels in keys.values():
        reads.update(dict.fromkeys(labels))
    score = next((name(e) for e in _expressions(entry, "score")), None)
    found = next((name(e) for e in _expressions(entry, "prefer")), None)
    prefer = found if isinstance(found, tree.Lambda) else None
    requires = tuple(
        replace(line, condition=name(line.condition))
        for line in entry.declaration.body or ()
        if isinstance(line, tree.Require)
    )
    return Ranking(entry, keys["order"], keys["pareto"], score, prefer, requires, tuple(reads))


def _keys(ctx: Context, entry: Entry, word: str, scope: Scope) -> Iterator[tuple[Span, Use]]:
    for expr in _expressions(entry, word):
        use = metric_use(ctx, expr, scope)
        if use is not None:
            yield expr.span, use


def _expressions(entry: Entry, word: str) -> Iterator[tree.Expr]:
    for line in properties(entry.declaration, word):
        for a in line.arguments:
            yield a.value


# --- uses of metrics in an expression ----------------------------------------------------


def _with_labels(
    ctx: Context,
    expr: tree.Expr,
    scope: Scope,
    known: Mapping[str, Entry],
    reads: dict[str, None],
) -> tree.Expr:
    """An expression in which `accuracy(force)` is one name, and the labels that it reads."""

    def change(node: tree.Node) -> tree.Node | None:
        head = node.function if isinstance(node, tree.Call) else node
        last = head.name if isinstance(head, tree.Member) else path_text(_as_expr(head)) or ""
        if last not in known or scope.find(last) is not None:
            return None
        named = tree.Name(head.span, last)
        whole = replace(node, function=named) if isinstance(node, tree.Call) else named
        use = metric_use(ctx, whole, scope)
        if use is None:
            return None
        reads.setdefault(use.label)
        if isinstance(head, tree.Member):
            return tree.Member(node.span, head.value, use.label, head.name_span)
        return tree.Name(node.span, use.label)

    return cast("tree.Expr", rewritten(expr, change))


def _as_expr(node: tree.Node) -> tree.Expr:
    return cast("tree.Expr", node)


def rewritten(node: tree.Node, change: Callable[[tree.Node], tree.Node | None]) -> tree.Node:
    """A tree in which `change` has replaced what it gives a node for; of that, nothing more."""
    found = change(node)
    if found is not None:
        return found
    values = {name: getattr(node, name) for name in node.__struct_fields__}
    new = {name: _rewritten_value(v, change) for name, v in values.items()}
    return replace(node, **new) if any(new[n] is not values[n] for n in new) else node


def _rewritten_value(value: object, change: Callable[[tree.Node], tree.Node | None]) -> object:
    if isinstance(value, tree.Node):
        return rewritten(value, change)
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        new = tuple(_rewritten_value(i, change) for i in items)
        return new if any(a is not b for a, b in zip(new, items, strict=True)) else items
    return value


# --- carrying out --------------------------------------------------------------------------


def evaluated(
    ctx: Context, ranking: Ranking, expr: tree.Expr, values: Mapping[str, Value]
) -> Value:
    """An expression of a ranking, with the metrics' values by their labels."""
    scope = open_scope(ctx, ranking.entry, {})
    scope.names.update(values)
    return ctx.evaluate(expr, scope)


def preferred(
    ctx: Context, ranking: Ranking, a: Mapping[str, Value], b: Mapping[str, Value]
) -> Value:
    """Whether one row is preferred to another, by a ranking that says so."""
    assert ranking.prefer is not None
    scope = open_scope(ctx, ranking.entry, {})
    for p, values in zip(ranking.prefer.parameters, (a, b), strict=False):
        scope.names[p.name] = Fields(dict(values))
    return ctx.evaluate(ranking.prefer.body, scope)


# --- checking ------------------------------------------------------------------------------


def check_ranking(ctx: Context, entry: Entry) -> None:
    """Metrics that do not exist, and expressions that cannot be: units, types, names."""
    scope = open_scope(ctx, entry, {})
    known = ctx.names.modules["metric"]
    uses = [found for word in ("order", "pareto") for found in _keys(ctx, entry, word, scope)]
    for span, use in uses:
        if use.name not in known:
            names = tuple(sorted(known))
            ctx.report(UnknownModule(span=span, name=use.name, kind="metric", known=names))
    ranking = read_ranking(ctx, entry)
    d = entry.declaration
    if not (uses or ranking.score or any(_expressions(entry, "prefer"))):
        ctx.report(MissingLine(span=d.name_span, name=d.name, kind=d.kind, line="order"))
    values: dict[str, Value] = {
        label: Var(_type_of(ctx, known[label.split("(")[0]]), d.name_span, label)
        for label in ranking.reads
        if label.split("(")[0] in known
    }
    if ranking.score is not None:
        value = lift(ctx, evaluated(ctx, ranking, ranking.score, values), ranking.score.span)
        number = Tensor(Num(ctx.solver.unit_var()))
        ctx.unify(value.type, number, ranking.score.span, "the score of a ranking")
    if ranking.prefer is not None:
        preferred(ctx, ranking, values, values)
    for line in ranking.requires:
        evaluated(ctx, ranking, line.condition, values)


def _type_of(ctx: Context, metric: Entry) -> Type:
    """A number, in the unit of what is measured; in any unit where answers are scored."""
    found = find_measure(ctx, metric, {})
    match ctx.solver.resolve(found.type) if found is not None else None:
        case Tensor() as known:
            return known
        case _:
            return Tensor(Num(ctx.solver.unit_var()))
