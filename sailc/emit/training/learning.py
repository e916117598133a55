"""How a trainer's phases, schedules and stops are written, the same for every backend."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

from sailc.emit.target import Target
from sailc.emit.text.functions import quoted
from sailc.emit.text.layout import fit
from sailc.infer.modules.trainer import Phase, Schedule, Stop
from sailc.program.tree.programs import Training

# The variable of the training loop that holds a measure after an epoch, and how it reaches a value.
VARIABLES = {
    "validate.loss": ("check", "<="),
    "train.loss": ("mean_loss", "<="),
    "train.time": ("seconds", ">="),
    "train.epochs": ("epoch", ">="),
}


class Named(Struct, frozen=True):
    """A phase of training: its optimizer's name and text, its epochs, and how many steps
    an epoch takes on all points at once; 0 where it goes from batch to batch."""

    name: str
    text: str
    epochs: int
    steps: object


class Trained(Protocol):
    """What a loop trains: a program, or a fit."""

    @property
    def training(self) -> Training: ...

    @property
    def reads(self) -> frozenset[str]: ...


class Learning(Struct, frozen=True):
    """What the templates of training loops ask for."""

    program: Trained
    target: Target
    validated: bool

    @property
    def phased(self) -> bool:
        return self.program.training.phased

    @property
    def phases(self) -> list[Named]:
        """The phases, named for their optimizers."""
        found: list[Named] = []
        taken: list[str] = []
        for p in self.program.training.phases:
            taken.append(p.optimizer)
            again = taken.count(p.optimizer)
            name = f"{p.optimizer}_{again}" if again > 1 else p.optimizer
            found.append(Named(name, self._text(p), p.epochs, p.options.get("steps", 0)))
        return found

    @property
    def names_rate(self) -> bool:
        """Whether the rate is a constant of its own: not where the optimizer is one."""
        return not (self.phased or self.target.constant_optimizers)

    def _text(self, phase: Phase) -> str:
        """The maker of an optimizer."""
        text = self.target.optimizers[phase.optimizer]
        for name, value in phase.options.items():
            known = "RATE" if name == "rate" and self.names_rate else repr(value)
            text = text.replace("{" + name + "}", known)
        call = ast.parse(text, mode="eval").body
        assert isinstance(call, ast.Call)
        call.keywords = [k for k in call.keywords if ast.unparse(k) not in self.target.usual]
        return quoted(call)

    # --- what is done after an epoch ---------------------------------------------------------

    @property
    def decides(self) -> bool:
        """Whether training itself reads the loss on `validate`."""
        training = self.program.training
        reads = any(s.measure == "validate.loss" for s in training.stops)
        return self.validated and (reads or self.plateau is not None)

    @property
    def checks(self) -> bool:
        """Whether the loss on `validate` is computed after every epoch."""
        return self.decides or (self.validated and "validate.loss" in self.program.reads)

    @property
    def start(self) -> Iterator[str]:
        """What stops and schedules know before the first epoch."""
        for i, stop in enumerate(self._stops):
            if stop.rule == "stalled":
                yield f"best{_nth(i)}, since{_nth(i)} = math.inf, 0"
        if self.plateau is not None:
            yield "lowest, waited, lowered = math.inf, 0, 1.0"

    @property
    def _stops(self) -> list[Stop]:
        stops = self.program.training.stops
        return [s for s in stops if self.validated or s.measure != "validate.loss"]

    @property
    def end(self) -> Iterator[str]:
        """What is decided after an epoch, statement by statement, indented as in the loop."""
        for i, stop in enumerate(self._stops):
            variable, comparison = VARIABLES[stop.measure]
            if stop.rule == "stalled":
                best, since = f"best{_nth(i)}", f"since{_nth(i)}"
                both, better = f"{best}, {since}", f"{variable} < {best}"
                counted = f"({variable}, 0) if {better} else ({best}, {since} + 1)"
                yield fit(f"{both} = {counted}", 8)
                yield f"        if {since} >= {stop.value:g}:"
            else:
                yield f"        if {variable} {comparison} {stop.value!r}:"
            yield "            break"
        if self.plateau is not None:
            loss = "check" if self.validated else "mean_loss"
            yield f"        waited = waited + 1 if {loss} >= lowest else 0"
            yield f"        lowest = min(lowest, {loss})"
            yield f"        if waited >= {self.plateau.options['n']}:"
            yield f"            lowered, waited = lowered * {self.plateau.options['factor']}, 0"

    # --- schedules ---------------------------------------------------------------------------

    @property
    def plateau(self) -> Schedule | None:
        found = (s for s in self.program.training.schedules if s.name == "plateau")
        return next(found, None)

    @property
    def scale(self) -> str:
        """What the rate is multiplied by in an epoch; empty where it stays."""
        parts = ["factor(epoch)"] if self._factors else []
        return " * ".join([*parts, "lowered"] if self.plateau is not None else parts)

    @property
    def factor(self) -> str:
        """The function of an epoch that its schedules multiply the rate with; or nothing."""
        if not self._factors:
            return ""
        doc = '    """What the rate is multiplied by in an epoch, counted from 1."""'
        value = fit(f"return {' * '.join(self._factors)}", 4)
        return f"def factor(epoch):\n{doc}\n{value}"

    @property
    def _factors(self) -> list[str]:
        schedules = self.program.training.schedules
        warm = sum(int(str(s.options["n"])) for s in schedules if s.name == "warmup")
        return [text for s in schedules if (text := self._factor(s, warm))]

    def _factor(self, schedule: Schedule, warm: int) -> str:
        match schedule.name:
            case "warmup":
                return f"min(1, epoch / {schedule.options['n']})"
            case "step":
                return f"{schedule.options['factor']} ** ((epoch - 1) // {schedule.options['n']})"
            case "cosine":
                epochs = sum(p.epochs for p in self.program.training.phases)
                since = f"max(0, epoch - {warm + 1})" if warm else "(epoch - 1)"
                over = f"(EPOCHS - {warm})" if 0 < warm < epochs else "EPOCHS"
                return f"(1 + math.cos(math.pi * {since} / {over})) / 2"
            case _:
                return ""


def _nth(i: int) -> str:
    return f"_{i + 1}" if i else ""
