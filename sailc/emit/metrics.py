"""How metrics get into a program's results: as expressions where they are, or as calls."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from textwrap import wrap

from msgspec import Struct

from sailc.emit.text.functions import docline
from sailc.emit.text.layout import WIDTH, fit
from sailc.program.arrays.rules import means_at_once
from sailc.program.tree.expressions import at_once, rebuild, rebuilt, replaced, walk
from sailc.program.tree.names import NameTable, occupied
from sailc.program.tree.nodes import Expr, Function, Op, Text
from sailc.program.tree.programs import MetricCode
from sailc.program.tree.sharing import said_once
from sailc.source import NOWHERE


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


class Measured(Struct, frozen=True):
    """The metrics of a program as text: the statements that compute what several of them read,
    the entries of their values, and the names that these are of, `known` ones included."""

    shared: tuple[str, ...]
    entries: str
    read: frozenset[str]

    @property
    def statement(self) -> str:
        """The entries as what a program calls its metrics."""
        return f"    metrics = {{\n{self.entries}\n    }}" if self.entries else "    metrics = {}"

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join([*self.shared, self.entries])


def measured(
    metrics: Sequence[MetricCode],
    text: Callable[[Expr], str],
    functions: Iterable[Function],
    facts: Mapping[str, str],
    arguments: Callable[[MetricCode], Sequence[str]] = given,
    known: Mapping[str, str] | None = None,
) -> Measured:
    """How metrics are computed; `functions` are those of the program, `facts` what says a measure
    in `main`, and `arguments` those of a metric's function. Of what these read, the `known` are
    written where they are read but once."""
    scored = {m.name: _number(m, arguments(m)) for m in metrics if not (m.measured or m.curve)}
    function = Function("main", "", (), (), (*scored.values(),), NOWHERE)
    taken = {*occupied(), *(f.name for f in functions)}
    plain = said_once(function, NameTable(taken), _called)
    said = _with_known(plain, known or {})
    shared = tuple(fit(f"{a.name} = {text(a.value)}", 4) for a in said.body)
    numbers = {n: f"float({text(e)})" for n, e in zip(scored, said.results, strict=True)}
    for m in metrics:
        if m.name not in numbers:
            number = _number(m, arguments(m))
            whole = text(_at_hand(number, facts))
            numbers[m.name] = whole if _is_float(number) else f"float({whole})"
    entries = _entries(metrics, numbers)
    words = re.findall(r"\w+", "\n".join([*_texts(plain), re.sub("#.*", "", entries)]))
    return Measured(shared, entries, frozenset(words))


def _at_hand(number: Expr, facts: Mapping[str, str]) -> Expr:
    """The same, with what `main` has by name of that which was measured."""

    def change(e: Expr) -> Expr:
        match e:
            case Op("measure", (Text("run"),), {"path": str(path)}) if path in facts:
                return Text(facts[path])
            case _:
                return rebuild(e, change)

    return change(number)


REAL = frozenset({"train.time", "train.loss", "validate.loss", "test.time", "compile.time"})
"""The measures that are numbers of Python with a fraction."""


def _is_float(number: Expr) -> bool:
    """Whether a number is Python's already."""
    match number:
        case Op("measure", attributes={"path": path}):
            return path in REAL
        case Op("divide", arguments):
            return all(isinstance(a, Op) and a.operator == "measure" for a in arguments)
        case _:
            return False


def _with_known(f: Function, known: Mapping[str, str]) -> Function:
    """A function with what it reads but once in the place of its name."""
    counts = Counter(name for text in _texts(f) for name in re.findall(r"\w+", text))
    once = {name: value for name, value in known.items() if counts[name] == 1}

    def change(e: Expr) -> Expr:
        if isinstance(e, Text):
            return Text(re.sub(r"\w+", lambda found: once.get(found[0], found[0]), e.text))
        return rebuild(e, change)

    return rebuilt(f, change) if once else f


def _texts(f: Function) -> list[str]:
    return [e.text for e in walk(*f.expressions) if isinstance(e, Text)]


def _called(op: Op) -> str:
    """What a value that several metrics read is called: for the fixture that it is of."""
    texts = (e.text for e in walk(op) if isinstance(e, Text))
    found = re.match(r'(?:output|truth)\["(\w+)"\]|(\w+)_answers\b', next(texts, ""))
    fixture = f"{found[1] or found[2]}_" if found else ""
    return fixture + VALUES.get(op.operator, op.operator)


VALUES = {"abs": "errors", "subtract": "differences", "argmax": "choices"}
"""What values are called that metrics compute."""


def _entries(metrics: Iterable[MetricCode], numbers: Mapping[str, str]) -> str:
    """The entries of metrics among the results. What an author says of a metric is said once,
    whatever it is of."""
    lines: list[str] = []
    known = {""}
    for m in metrics:
        entry = fit(f'"{m.name}": {_value(m, numbers[m.name])},', 8)
        said = "" if _expression(m) is None or m.doc in known else f"# {docline(m.doc)}"
        known.add(m.doc)
        beside = f"{entry}  {said}".rstrip()
        if len(beside) <= WIDTH:
            lines.append(beside)
        else:
            above = wrap(said, WIDTH - 8, subsequent_indent="# ")
            lines += [*(f"        {line}" for line in above), entry]
    return "\n".join(lines)


def _value(m: MetricCode, number: str) -> str:
    """A metric's number, or the list of a curve."""
    if not m.curve:
        return number
    value = f"[{number} for epoch in history]"
    return value if m.reduced is None else f"float({m.reduced.name}(np.array({value})))"


def _number(m: MetricCode, arguments: Sequence[str]) -> Expr:
    """The value of a metric, as an expression or a call; of a curve, in an epoch."""
    whole = _expression(m)
    texts = tuple(map(Text, ["epoch"] if m.curve else arguments))
    if whole is None:
        return Op("call", texts, {"function": m.function.name})
    return replaced(whole, dict(zip(m.function.parameters, texts, strict=True)))


def _expression(m: MetricCode) -> Expr | None:
    """What stands where a metric's value is wanted, instead of a call."""
    found = at_once(m.function, again=m.measured)
    return means_at_once(found) if found is not None else None
