"""What programs say that train in several stages: one loop, given each stage's loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from os.path import commonprefix

from msgspec.structs import replace

from sailc.emit.batch import Batch, known
from sailc.emit.layout import fit
from sailc.program.stages import renamed
from sailc.program.tree import Function, Program, Stage


class Staged(Batch, frozen=True):
    """How a program of several stages names what it trains on: the points of a stage are one
    tuple, and the loss is a function of weights and points."""

    program: Program
    checks: bool
    """Whether the loss on `validate` is computed after every epoch."""

    @property
    def given(self) -> str:
        validate = ", validate" if self.checks else ""
        return f"loss, w, points{validate}{self.constants}"

    @property
    def names(self) -> str:
        return "points"

    @property
    def device(self) -> str:
        return "device"

    @property
    def count(self) -> str:
        return "size_of(points)"

    @property
    def constants(self) -> str:
        return ", constants" if any(map(known, self.program.stages)) else ""

    def step(self, result: str, indent: int, of: str = "") -> str:
        return fit(f"{result} {self._loss('taken(points, index)')}", indent)

    def check(self, points: str, indent: int) -> str:
        return fit(f"check = {self._loss('validate')}.item() if validate else math.nan", indent)

    def _loss(self, points: str) -> str:
        return f"loss(w, *{points}{', *constants' if self.constants else ''})"

    @property
    def arguments(self) -> str:
        """What training is given of a stage."""
        check = ", on_device.get(check)" if self.checks else ""
        return f"loss_of, w, given{check}{self.constants}"

    # --- the table of stages -------------------------------------------------------------------

    @property
    def trained(self) -> tuple[Stage, ...]:
        return tuple(s for s in self.program.stages if s.loss is not None)

    @property
    def columns(self) -> str:
        """What the table says of a stage."""
        return ", ".join(self._row(self.trained[0]))

    @property
    def rows(self) -> list[str]:
        """The stages, as the entries of a table."""
        return [fit(f"({', '.join(self._row(s).values())}),", 8) for s in self.trained]

    def _row(self, s: Stage) -> dict[str, str]:
        train, validate = s.data.split("train"), s.data.split("validate")
        assert train is not None
        assert s.loss is not None
        row = {"split": f'"{train.name}"'}
        if self.checks:
            row["check"] = f'"{validate.name}"' if validate is not None else "None"
        earlier = self.trained[: self.trained.index(s)]
        there = [p.name for p in earlier[-1].parameters] if earlier else []
        along = ", ".join(f'"{start}"' for start in _starts(s.carried, there))
        row |= {"first": s.init, "loss_of": s.loss.name, "along": f"({along},)" if along else "()"}
        if self.constants:
            row["known"] = statistics_of(s) if known(s) else "()"
        if "train.flops" in self.program.reads:
            row["flops"] = str(s.flops)
        return row


def _starts(names: Sequence[str], there: Iterable[str]) -> list[str]:
    """How those of some arrays begin that have `names`, and no others do: all alike, or else
    layer by layer."""
    whole = commonprefix(names)  # noqa: RUF071  names are no paths
    if whole and all(n in names for n in there if n.startswith(whole)):
        return [whole]
    return list(dict.fromkeys(n.rpartition(".")[0] + "." for n in names))


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


def statistics_of(stage: Stage) -> str:
    """What the statistics of a stage are called."""
    return f"{stage.name}_statistics" if stage.name else "statistics"
