"""What programs say that train in several stages: one loop, given each stage's loss."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from os.path import commonprefix

from msgspec.structs import replace

from sailc.emit.target import Target
from sailc.emit.text.layout import WIDTH, fit
from sailc.emit.training.batch import Batch, held, pick, place, told
from sailc.emit.training.starts import init_by_stage, init_functions, running_function
from sailc.program.training.stages import renamed
from sailc.program.tree.nodes import Function
from sailc.program.tree.programs import ParameterSpec, Program, Stage


class Staged(Batch, frozen=True):
    """How a program of several stages names what it trains on: the points of a stage are one
    tuple, and the loss is a function of weights and points."""

    program: Program
    checks: bool
    """Whether the loss on `validate` is computed after every epoch."""
    by_stage: bool
    """Whether one function starts the arrays of any stage, by its split."""

    @property
    def given(self) -> str:
        validate = ", validate" if self.checks else ""
        return f"loss_of, w, points{validate}{self.constants}{self.running}"

    @property
    def running(self) -> str:
        told = any("running" in f.modes for f in self.program.on_backend)
        return ", running" if told else ""

    @property
    def names(self) -> str:
        return "points"

    @property
    def device(self) -> str:
        first = self._first("points")
        return f"{first}.device" if first else "device"

    @property
    def count(self) -> str:
        return self.count_of("points")

    def count_of(self, points: str) -> str:
        """How many points those of a stage are."""
        first = self._first(points)
        return f"len({first})" if first else f"size_of({points})"

    def _first(self, points: str) -> str:
        """The first array of the points of a stage; nothing where that stands in several places.
        Where there are several fixtures it is one of the truths: of questions, those that are
        judged may have more parts."""
        taught = not any(s.minimized for s in self.trained)
        several = taught and any(s.asked is not None for s in self.trained)
        kind, at = ("truth", 1) if several else ("question", 0)
        places = {s.structured.get(kind, ()) for s in self.trained}
        return f"{points}[{at}]{place(*places)}" if len(places) == 1 else ""

    @property
    def _counts(self) -> Sequence[int | None]:
        splits = (s.data.split("train") for s in self.trained)
        return [split.count if split is not None else None for split in splits]

    @property
    def constants(self) -> str:
        return ", constants" if any(map(held, self.program.stages)) else ""

    def step(self, result: str, indent: int, of: str = "") -> str:
        return fit(f"{result} {self.of_batch()}", indent)

    def of_batch(self, of: str = "") -> str:
        return self._loss(self.some("points", "index"), True)

    def some(self, points: str, index: str) -> str:
        """Some of the points of a stage."""
        if any({"question", "truth"} & s.structured.keys() for s in self.trained):
            return pick({"points"}, "points", points, index)
        return f"(part[{index}] for part in {points})"

    @property
    def checks_answers(self) -> bool:
        return False

    def check(self, points: str, indent: int) -> str:
        return fit(f"check = {self._loss('validate')}.item() if validate else math.nan", indent)

    def _loss(self, points: str, training: bool = False) -> str:
        known = ", *constants" if self.constants else ""
        return f"loss_of(w, *{points}{known}{told(self.trained[0].loss, training)})"

    @property
    def beside(self) -> str:
        """What a loss is given beside weights and points, where it does not train."""
        return (", *constants" if self.constants else "") + told(self.trained[0].loss)

    @property
    def arguments(self) -> str:
        """What training is given of a stage."""
        check = ", points.get(check)" if self.checks else ""
        return f"loss_of, w, given{check}{self.constants}{self.running}"

    # --- the table of stages -------------------------------------------------------------------

    @property
    def starts(self) -> str:
        """The arrays that a stage starts."""
        return "init(rng, split)" if self.by_stage else "first(rng)"

    @property
    def holds_state(self) -> bool:
        """Whether a stage has arrays that training changes and does not learn."""
        return any(s.running for s in self.trained)

    @property
    def trained(self) -> tuple[Stage, ...]:
        return tuple(s for s in self.program.stages if s.loss is not None)

    @property
    def loop(self) -> str:
        """The head of a loop over the stages, what it says of each, and what lists them where that
        is too long."""
        columns = ", ".join(self._row(self.trained[0]))
        rows = (f"({', '.join(self._row(s).values())})" for s in self.trained)
        listed = f"[{', '.join(rows)}]"
        whole = f"    for {columns} in {listed}:"
        if len(whole) <= WIDTH:
            return f"{self._told}\n{whole}"
        table = fit(f"stages = {listed}", 4)
        return f"{self._told}\n{table}\n    for {columns} in stages:"

    @property
    def _told(self) -> str:
        """A comment on what is said of a stage."""
        starts = [] if self.by_stage else ["what starts the arrays"]
        known = ["what is known of the points"] if self.constants else []
        along = "how names of arrays begin that come along"
        said = ", ".join(["points", *starts, "loss", along, *known])
        lines = textwrap.wrap(f"In turn: {said}.", WIDTH - 6)
        return "\n".join(f"    # {line}" for line in lines)

    def _row(self, s: Stage) -> dict[str, str]:
        train, validate = s.data.split("train"), s.data.split("validate")
        assert train is not None
        assert s.loss is not None
        row = {"split": f'"{train.name}"'}
        if self.checks:
            row["check"] = f'"{validate.name}"' if validate is not None else "None"
        earlier = self.trained[: self.trained.index(s)]
        there = [p.name for p in _arrays(earlier[-1])] if earlier else []
        layers = {layer_of(name) for name in s.carried}
        names = [p.name for p in _arrays(s) if layer_of(p.name) in layers]
        along = ", ".join(f'"{start}"' for start in _starts(names, there))
        if not self.by_stage:
            row["first"] = s.init
        row |= {"loss_of": s.loss.name, "along": f"({along},)" if along else "()"}
        if self.holds_state:
            row["fresh"] = running_starts(self.program)[s.name][0]
        if self.constants:
            row["known"] = statistics_of(s) if held(s) else "()"
        if "train.flops" in self.program.reads:
            row["flops"] = str(s.flops)
        return row


def _starts(names: Sequence[str], there: Iterable[str]) -> list[str]:
    """How those of some arrays begin that have `names`, and no others do: all alike, or else
    layer by layer."""
    whole = commonprefix(names)  # noqa: RUF071  names are no paths
    if whole and all(n in names for n in there if n.startswith(whole)):
        return [whole]
    return list(dict.fromkeys(f"{layer_of(n)}." for n in names))


def layer_of(name: str) -> str:
    """The layer whose array has a name."""
    return name.rpartition(".")[0]


def _arrays(s: Stage) -> tuple[ParameterSpec, ...]:
    """What a stage learns, and what runs along."""
    return (*s.parameters, *s.running)


def shared(program: Program, text: Callable[[Function], str]) -> Program:
    """A program whose stages share the functions that read the same in the backend's words."""
    texts: dict[str, str] = {}
    done: list[Stage] = []
    for s in reversed(program.stages):
        mine = {f.name for f in s.on_backend}

        def name_of(f: Function, s: Stage = s, mine: set[str] = mine) -> str:
            if f.name not in mine:
                return f.name
            plain = f.name.removeprefix(s.own(""))
            name = plain if texts.get(plain) == text(replace(f, name=plain)) else f.name
            texts[name] = text(replace(f, name=name))
            return name

        done.append(renamed(s, name_of))
    return replace(program, stages=tuple(reversed(done)))


def starting(program: Program, target: Target) -> tuple[list[str], bool]:
    """The functions that start the learned arrays of each stage that trains, all that is not
    carried to it, and what runs along; and whether one starts those of any stage, by its split."""
    found: dict[str, dict[str, ParameterSpec]] = {}
    splits: dict[str, str] = {}
    for s in program.stages:
        if s.loss is not None:
            drawn = {p.name: p for p in s.parameters if p.name not in s.carried}
            found.setdefault(s.init, {}).update(drawn)
            train = s.data.split("train")  # where each question is learned afresh, there is none
            splits |= {train.name: s.init} if train is not None else {}
    parts = {split: (*found[init].values(),) for split, init in splits.items()}
    by_stage = init_by_stage(parts, target) if len(parts) > 1 else ""
    if by_stage:
        functions = [by_stage]
    else:
        functions = init_functions({name: (*p.values(),) for name, p in found.items()}, target)
    running = {name: arrays for name, arrays in running_starts(program).values() if arrays}
    functions += (running_function(n, a, target) for n, a in running.items())
    return functions, bool(by_stage)


def running_starts(program: Program) -> dict[str, tuple[str, tuple[ParameterSpec, ...]]]:
    """What starts the running arrays of each stage that trains, by the stage's name: the name of
    a function, and the arrays. Stages with the same arrays share it, and nothing is started by
    `dict`."""
    found: dict[str, tuple[str, tuple[ParameterSpec, ...]]] = {}
    for s in reversed([s for s in program.stages if s.loss is not None]):
        plain = "initial_running"
        same = (name for name, arrays in found.values() if arrays == s.running)
        new = s.own(plain) if plain in dict(found.values()) else plain
        found[s.name] = (next(same, new) if s.running else "dict", s.running)
    return found


def statistics_of(stage: Stage) -> str:
    """What the statistics of a stage are called."""
    return f"{stage.name}_statistics" if stage.name else "statistics"
