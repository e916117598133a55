"""From a checked program to plans and programs, as queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from sailc.backends import Backend, BackendFailed, BrokenBackend, backend, distributions
from sailc.data import Header, Location, Options
from sailc.data.drivers import driver_file, with_imported
from sailc.diagnostics.backends import NotWritten, WritingFailed
from sailc.diagnostics.base import Diagnostic
from sailc.emit.beside import keeper
from sailc.emit.origin import Origin, origin, parts_of
from sailc.emit.points.doors import Doors, doors_of
from sailc.emit.references import with_modules
from sailc.emit.text.rows import NoRow
from sailc.infer.dataset import file_line
from sailc.infer.modules.common import World
from sailc.names import Entry
from sailc.plan.outside import packages_of
from sailc.plan.plan import make_plan
from sailc.plan.scenario import Plan, Scenario
from sailc.plan.select import Selection
from sailc.program.equations.programs import AnyProgram, SolverProgram
from sailc.program.points.files import Files
from sailc.program.scenario import lower_scenario
from sailc.program.training.fitting import FittedProgram
from sailc.program.tree.nodes import Door, Driver
from sailc.program.tree.programs import Program
from sailc.program.trials import Trials
from sailc.queries import data_header, data_place, file_trouble, names, source, world
from sailc.query import Database, query
from sailc.terms import Apply, walk


@query
def planned(db: Database, path: str, benchmark: str) -> Plan:
    """The plan of a benchmark, or of a file's problems with everything that fits them."""
    world_ = world(db)
    entry = world_.names.module("benchmark", benchmark) if benchmark else None
    problems = None if entry is not None else problems_of(world_, path)
    return make_plan(world_, path, entry, problems, Trials(world_).refusal)


def problems_of(world_: World, path: str) -> list[Entry]:
    """The problems that a file declares; those of the whole workspace for a folder."""
    table = world_.names.modules["problem"]
    inside = [table[n] for n in sorted(table) if table[n].file == path]
    return inside if path.endswith(".sail") else [table[n] for n in sorted(table)]


def benchmarked(world_: World, path: str) -> list[Entry]:
    """The problems that the benchmarks of a file select."""
    table = world_.names.modules["benchmark"]
    benchmarks = [table[n] for n in sorted(table) if table[n].file == path]
    found = [p for b in benchmarks for p in Selection(world_, b).modules("problems")]
    return list(dict.fromkeys(found))


def program(db: Database, scenario: Scenario) -> AnyProgram:
    """A scenario's program."""
    file = scenario.problem.entry.file

    def find(
        source_file: str, dataset: str, name: str
    ) -> tuple[Location | None, Header | None, Options]:
        entry = names(db).modules["dataset"][dataset]
        line = file_line(entry.declaration, name)
        assert line is not None
        folder = str(Path(source_file).parent)
        if line.read is not None:
            place = data_place(db, folder, line.path)
            return place if isinstance(place, Location) else None, None, line.options
        location, header = data_header(db, folder, line)
        return location, header if isinstance(header, Header) else None, line.options

    folder = str(Path(file).parent.absolute())
    made = lower_scenario(world(db), scenario, Files(find), folder, Path(file).name)
    return made if isinstance(made, SolverProgram) else replace(made, drivers=drivers(db, made))


def drivers(db: Database, made: Program | FittedProgram) -> dict[Door, Driver]:
    """Where the functions behind a program's doors are, and what they need."""
    found: dict[Door, Driver] = {}
    doors = doors_of(made.functions)
    for door in (*doors, *(g for d in doors for _, g in d.gradients)):
        path = Path(door.span.file)
        line = source(db, door.span.file).position(door.span.start).line
        packages = packages_of(world(db), door.software)
        file = driver_file(door.module, path.parent.absolute())
        found[door] = Driver(f"{path.name}:{line}", file, packages)
    return found


@query
def driver_files(db: Database, driver: Path) -> tuple[Path, ...]:
    """A driver and the files beside it that it imports."""
    found = with_imported(driver)
    for path in found:
        db.get("stamp", str(path))
    return found


def missing_data(db: Database, scenarios: Iterable[Scenario]) -> list[Diagnostic]:
    """The data files that some scenarios read and that are not at hand: `like` may have told
    what is in them, which is enough for a plan and not for a run."""
    lines = {id(k.line): k.line for s in scenarios for k in s.links}
    files = {
        (str(t.attributes["dataset"]), str(t.attributes["file"])): None
        for t in walk(*(line.source for line in lines.values()))
        if isinstance(t, Apply) and t.operator in ("file", "path")
    }
    found = (file_trouble(db, *key) for key in files)
    return [d for d in found if d is not None]


class Compiled(Struct, frozen=True):
    """A scenario's program: its text, the data files that it reads and the drivers that it
    calls, the packages that these need, whether it keeps what they give, the code tree that
    the text was written from, and the modules that lie beside it, by name."""

    text: str
    data: tuple[Path, ...]
    packages: tuple[str, ...] = ()
    keeps: bool = False
    program: AnyProgram | None = None
    beside: Mapping[str, str] = {}

    def device(self, wanted: str) -> str:
        """Where it computes: what trains nothing by gradients can on a processor alone."""
        match self.program:
            case FittedProgram() | SolverProgram(fitted=None):
                return "cpu"
            case _:
                return wanted


def written(db: Database, scenario: Scenario) -> Compiled | NotWritten | WritingFailed:
    """A scenario's program, or why there can be none."""
    try:
        return compiled(db, scenario)
    except NoRow as found:
        span = scenario.problem.entry.declaration.name_span
        return NotWritten(span=span, subject=scenario.title, what=found.operator)
    except BackendFailed as found:
        return WritingFailed(
            span=scenario.problem.entry.declaration.name_span,
            subject=scenario.title,
            backend=found.name,
            package=found.package,
            error=str(found),
            place=found.place,
        )


def compiled(db: Database, scenario: Scenario) -> Compiled:
    """A scenario's program, lowered once for its text and its data files. Raises `NoRow` where
    its backend writes less than it said to the plan, and `BackendFailed` where it raises."""
    found = backend(scenario.software.backend)
    assert found is not None
    assert not isinstance(found, BrokenBackend)
    made = program(db, scenario)
    references: dict[str, str] = {}
    if isinstance(made, SolverProgram):
        made, references = with_modules(made)
    files = [f for d in made.drivers.values() if d.file for f in driver_files(db, d.file)]
    data = (*map(Path, made.data_files), *dict.fromkeys(files))
    packages = dict.fromkeys(p for d in made.drivers.values() for p in d.packages)
    keeps = bool(references) or _doors(made).keeps
    beside = {**references, **(keeper() if keeps else {})}
    needed = distributions(tuple(packages))
    return Compiled(_text(found, made), data, needed, keeps, made, beside)


def _text(found: Backend, made: AnyProgram) -> str:
    try:
        return found.emit(made)
    except NoRow:
        raise
    except Exception as error:
        raise BackendFailed(found.name, error) from error


def traced(scenario: Scenario, made: Compiled, line: int) -> Origin | None:
    """What a line of a scenario's program was written from (the source map)."""
    return origin(made.program, made.text, line, parts_of(scenario, _doors(made.program)))


def _doors(made: AnyProgram | None) -> Doors:
    """The functions from outside that a program calls."""
    match made:
        case Program():
            return Doors.of(made.functions, made.drivers, made.on_backend)
        case FittedProgram():
            return Doors.of(made.functions, made.drivers)
        case _:
            return Doors.of((), {})
