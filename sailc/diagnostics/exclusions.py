"""X: why a combination is not a scenario. Reasons are kept in groups, as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from msgspec import Struct, field

from sailc.source import NOWHERE, Span

TITLES: Mapping[str, str] = {
    "X0101": "no chain of converters leads from the question to the model's input",
    "X0102": "no chain of converters leads from the model's answer to the truth",
    "X0103": "the model is meant for other kinds of task",
    "X0104": "the model's body does not fit the type that reaches it",
    "X0105": "no loss of the trainer accepts the answer and the truth",
    "X0106": "a requirement does not hold",
    "X0107": "the metric does not apply",
    "X0108": "there is nothing to train on",
    "X0109": "a dimension is not known, or below 1",
    "X0110": "nothing fills a hole of the model",
    "X0111": "lines that share parameters would need them in different shapes",
    "X0112": "the model has no part of the name that is carried along",
    "X0113": "a `when` of the benchmark does not hold",
    "X0114": "nothing can be tuned",
    "X0201": "the backend is not installed",
    "X0202": "a package is not installed",
    "X0203": "the backend lacks an operator, or the precision digits",
    "X0204": "the driver of an extern is not there",
    "X0205": "a model would learn through an extern that declares no gradient",
    "X0206": "what a run holds at once does not fit the machine's memory",
    "X0301": "no program can be written for it by this version of sailc",
    "X0302": "the problem itself is wrong",
    "X0303": "the solver does not take such an equation",
    "X0304": "a layer has no meaning where it stands",
}

NEXT: Mapping[str, str] = {
    "X0101": "write a `converter` from one of the types that are reached to the model's input",
    "X0102": "write a `converter` from the model's answer to a type that leads to the truth",
    "X0103": "ask with another verb, or widen the model's `for`",
    "X0104": "give the model's body a rule for that type, or say with `require` what it takes",
    "X0105": "give the trainer a `loss` of that answer and truth, or the model a `minimize`",
    "X0108": "give the problem a `train` line",
    "X0110": "write a model of the hole's type, or a `converter` that leads into one",
    "X0203": (
        "say the same with operators that the backend has, run on other software (`software "
        "PyTorch, JAX` in the benchmark), or add the operator's row, one line in the backend's "
        "table (`sail_torch/rows.py`, `sail_jax/rows.py`); of precisions take `f32` or `f64`, or "
        "`bf16` for models that two or three digits are enough for"
    ),
    "X0206": (
        "make the batch or the model smaller, or run on other hardware: `memory` of a `hardware` "
        "says what it has"
    ),
    "X0301": (
        "say it in another way, or leave out what asks for it; the plan shows the place, where it "
        "is one"
    ),
    "X0304": (
        "take `layer_norm`, whose statistics are those of the point itself, or put the layer where "
        "it is computed once for each point"
    ),
    "X0205": (
        'declare the gradient (`gradient r, "driver:slope"`), and compare it with differences '
        "by `sailc check --deep`; no extern declares a second derivative: what would take one in "
        "training can be judged, and not trained"
    ),
}
"""What an author may do about a reason, of those where it is not plain."""


class Reason(Struct, frozen=True):
    """Why one combination was left out.

    `reached` says how far the chains got, one line each, for `sailc explain`; `span` is what in
    the source is the matter, where that is one place.
    """

    code: str
    text: str
    reached: tuple[str, ...] = ()
    span: Span | None = None


class Exclusion(Struct, frozen=True):
    """All combinations that were left out for one reason; `modules` names the first of
    them, alone or as `Problem / Module`."""

    code: str
    reason: str
    modules: tuple[str, ...]
    count: int
    reached: tuple[str, ...] = ()
    span: Span | None = None


LISTED = 64


class Without(Struct, frozen=True, eq=False):
    """The names of many modules, apart from a few that `but` holds: as small as those."""

    names: tuple[str, ...]
    but: frozenset[str]

    def __len__(self) -> int:
        return len(self.names) - len(self.but)

    def __iter__(self) -> Iterator[str]:
        return (n for n in self.names if n not in self.but)


Named = tuple[str, ...] | Without
Block = tuple[tuple[str, ...], Named]


Key = tuple[str, str, Span]


class Exclusions(Struct):
    """Reasons while they are found, in groups: some problems with some modules each.

    A group is as large as what was left out, never as their product.
    """

    _groups: dict[Key, tuple[Reason, dict[Block, None]]] = field(
        default_factory=dict["Key", tuple[Reason, dict[Block, None]]]
    )

    def add(self, reason: Reason, problems: Iterable[str], modules: Iterable[str]) -> None:
        """Leave out each of some modules, with each of some problems if there are any."""
        key = (reason.code, reason.text, reason.span or NOWHERE)
        _, blocks = self._groups.setdefault(key, (reason, {}))
        named = modules if isinstance(modules, Without) else tuple(modules)
        blocks[(tuple(problems), named)] = None

    def groups(self) -> tuple[Exclusion, ...]:
        """In the order of their codes, texts and places."""
        return tuple(
            Exclusion(r.code, r.text, *_names(blocks), r.reached, r.span)
            for _, (r, blocks) in sorted(self._groups.items(), key=lambda group: group[0])
        )


def _names(blocks: Iterable[Block]) -> tuple[tuple[str, ...], int]:
    """The first names, sorted, and how many there are. Blocks may overlap."""
    small = sum(len(p or (1,)) * len(m) for p, m in blocks) <= 8 * LISTED
    if small:
        names = sorted({n for block in blocks for n in _pairs(block)})
        return tuple(names[:LISTED]), len(names)
    count = sum(len(p or (1,)) * len(m) for p, m in blocks)
    first = {n for block in blocks for n in islice(_pairs(block), LISTED)}
    return tuple(sorted(first)[:LISTED]), count


def _pairs(block: Block) -> Iterator[str]:
    problems, modules = block
    if not problems:
        yield from modules
    for problem in problems:
        yield from (f"{problem} / {module}" for module in modules)
