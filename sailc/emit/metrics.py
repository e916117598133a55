"""How metrics get into a program's results: as expressions where they are, or as calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from textwrap import wrap

from sailc.emit.functions import docline
from sailc.emit.layout import WIDTH, fit
from sailc.program.expressions import at_once, replaced
from sailc.program.tree import Expr, Function, MetricCode, Text


def metric_functions(metrics: Iterable[MetricCode]) -> list[Function]:
    """The functions that are written for metrics: for all that is no expression."""
    parts = ((m.scores, None if _expression(m) else m.function, m.reduced) for m in metrics)
    return [f for some in parts for f in some if f is not None]


def given(m: MetricCode) -> tuple[str, ...]:
    """The arguments of a metric's function, as a program calls them."""
    if m.measured:
        return ("run",)
    compared = (m.answers, m.truth, *(["asked"] if m.asks else []))
    if m.scores is None:
        return compared
    return (f"in_order(map({m.scores.name}, {', '.join(compared)}), places)",)


def metric_lines(
    metrics: Iterable[MetricCode],
    text: Callable[[Expr], str],
    arguments: Callable[[MetricCode], Sequence[str]] = given,
) -> str:
    """The entries of metrics among the results; `arguments` are those of a metric's function.
    What an author says of a metric is said once, whatever it is of."""
    lines: list[str] = []
    for m in metrics:
        whole = _expression(m)
        said = wrap(f"# {docline(m.doc)}", WIDTH - 8, subsequent_indent="# ")
        comment = [f"        {line}" for line in said if whole is not None and m.doc]
        lines += [] if set(comment) <= {*lines} else comment
        lines.append(fit(f'"{m.name}": {_value(m, whole, arguments(m), text)},', 8))
    return "\n".join(lines)


def _value(
    m: MetricCode, whole: Expr | None, arguments: Sequence[str], text: Callable[[Expr], str]
) -> str:
    """A metric's number, or the list of a curve."""
    if m.curve:
        value = f"[{_number(m, whole, ['epoch'], text)} for epoch in history]"
        return value if m.reduced is None else f"float({m.reduced.name}(np.array({value})))"
    return _number(m, whole, arguments, text)


def _number(
    m: MetricCode, whole: Expr | None, arguments: Sequence[str], text: Callable[[Expr], str]
) -> str:
    if whole is None:
        return f"float({m.function.name}({', '.join(arguments)}))"
    values = dict(zip(m.function.parameters, map(Text, arguments), strict=True))
    return f"float({text(replaced(whole, values))})"


def _expression(m: MetricCode) -> Expr | None:
    """What stands where a metric's value is wanted, instead of a call."""
    return at_once(m.function, again=m.measured)
