"""How the answers of solvers are scored: by one function, or where several lines are asked, line by
line."""

from __future__ import annotations

from collections.abc import Iterator

from sailc.plan.scenario import PlannedMetric, Scenario
from sailc.program.arrays.layout import CannotLower
from sailc.program.equations.asked import Asked
from sailc.program.equations.programs import LineCode
from sailc.program.points.lines import alike
from sailc.program.training.scoring import measure_code, score_code
from sailc.program.tree.expressions import rebuild, rebuilt
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Expr, Function, Op
from sailc.program.tree.programs import MetricCode
from sailc.symbolic.vocabulary import NUMBERS

Scores = dict[str, tuple[tuple[Function, str], ...]]


def metrics_of(
    s: Scenario, asked: list[Asked], lines: list[LineCode], taken: NameTable
) -> tuple[tuple[MetricCode, ...], Scores]:
    """The metrics' functions, and where there are several lines, those that score each."""
    codes: list[MetricCode] = []
    scores: Scores = {}
    for i, m in enumerate(s.metrics):
        if m.score is None:
            codes.append(measure_code(m, taken))
            continue
        several = len(lines) > 1
        made = score_code(m, _called(asked[0], lines[0], m), taken, grouped=several)
        codes.append(made)
        if several:
            scores[m.info.name] = tuple(_scored(made, i, asked, lines, taken))
    return tuple(codes), scores


def _called(asked: Asked, line: LineCode, m: PlannedMetric) -> str:
    """What the fixture is called that a metric scores."""
    return dict(zip(asked.fixtures, line.fixtures, strict=True))[m.fixture].name


def _scored(
    first: MetricCode, i: int, asked: list[Asked], lines: list[LineCode], taken: NameTable
) -> Iterator[tuple[Function, str]]:
    """The function that scores the answers of each line; one where lines are scored alike."""
    found: list[Function] = []
    for a, line in zip(asked, lines, strict=True):
        m = a.metrics[i]
        made = first.scores if line is lines[0] else _scores_of(m, taken)
        assert made is not None
        if isinstance(made.results[0], Op) and made.results[0].operator == "pack":
            raise CannotLower(f"`{m.info.name}` of several lines about equations", a.link.line.span)
        twin = next((f for f in found if alike(_of_any_size(f), _of_any_size(made))), made)
        found.append(twin)
        yield twin, _called(a, line, m)


def _of_any_size(f: Function) -> Function:
    """A function whose functions of numbers do not say how many these are."""
    return rebuilt(f, _sizeless)


def _sizeless(expr: Expr) -> Expr:
    match rebuild(expr, _sizeless):
        case Op(operator, arguments) if operator in NUMBERS:
            return Op(operator, arguments)
        case other:
            return other


def _scores_of(m: PlannedMetric, taken: NameTable) -> Function | None:
    return score_code(m, "", taken, grouped=True).scores
