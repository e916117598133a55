"""Programs that ask a solver one question after another, as they are before their text."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from sailc.program.equations.classes import EquationCode
from sailc.program.equations.collocation import Collocated
from sailc.program.equations.references import References
from sailc.program.training.fitting import FittedProgram
from sailc.program.tree.names import NameTable
from sailc.program.tree.nodes import Door, Driver, Function
from sailc.program.tree.programs import MetricCode, Program


class FixtureCode(Struct, frozen=True):
    """What is compared of a fixture. `answer` is a function of a point and what was answered,
    None for that itself; `truth` one of a point, None where it is one number for all."""

    name: str
    answer: Function | None
    truth: Function | None
    number: float
    field: bool
    """Whether it is a field, of which the program's references say where it is known."""
    drawn: bool


class Held(Struct, frozen=True):
    """What a program calls the points of a line, the answers to them, and the places where these
    are compared."""

    points: str
    outputs: str
    places: str

    @classmethod
    def of(cls, at: int, taken: NameTable) -> Held:
        """Those of the first line are what `taken` begins with."""
        plain = ("points", "outputs", "places")
        return cls(*(taken.fresh(n) if at else n for n in plain))


class LineCode(Struct, frozen=True):
    """What a program does with the points of one data line. `names` are those of a point's parts,
    `output` is what an answer is called, `asked` makes the question of a point. `held` is what a
    program calls all of them."""

    load: Function
    names: tuple[str, ...]
    asked: Function | None
    solver: Function
    output: str
    fixtures: tuple[FixtureCode, ...]
    held: Held
    references: References | None = None
    """Where the true answers of the first fixture come from, if they are references."""
    module: str = ""
    """What the module that finds them is called, once it is written."""


class SolverProgram(Struct, frozen=True):
    """A scenario's program, in the order of its text. `scores` are the functions that score the
    answers of each line, by the metric, where there are several lines: which function, and which
    fixture of the line."""

    scenario: str
    title: str
    doc: tuple[str, ...]
    source: str
    data_folder: str
    data_files: tuple[str, ...]
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    equations: tuple[EquationCode, ...]
    lines: tuple[LineCode, ...]
    metrics: tuple[MetricCode, ...]
    reads: frozenset[str]
    fitted: Collocated | None = None
    required: bool = False
    """Whether equations have to be asked if their parameters are what they require."""
    drivers: Mapping[Door, Driver] = field(default_factory=dict["Door", "Driver"])
    scores: Mapping[str, tuple[tuple[Function, str], ...]] = field(
        default_factory=dict[str, tuple[tuple[Function, str], ...]]
    )


AnyProgram = Program | SolverProgram | FittedProgram
