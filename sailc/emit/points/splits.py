"""How programs say what makes their points, split by split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sailc.emit.points.data import data_function
from sailc.emit.points.loaded import Loaded, Target
from sailc.emit.training.batch import Makers, held, known, known_text, pick
from sailc.emit.training.staged import statistics_of
from sailc.program.training.fitting import FittedProgram
from sailc.program.tree.names import NameTable, occupied
from sailc.program.tree.nodes import Function
from sailc.program.tree.programs import Data, Portion, Program, Split

AS_COMPARED = ", in training as the loss takes them"


def data_facts(program: Program | FittedProgram, taker: str) -> dict[str, object]:
    """What `data.py.jinja` asks for beside a program: the function that makes its points, those
    that it calls, and what its results are called; where points are apart by the lengths of their
    lists, how each of them is made."""
    parts = _parts(program)
    grouped = bool(parts[-1].lengths)
    names: list[str] = []
    later: list[tuple[str, str]] = []
    if not grouped:
        load, functions = data_function(loaded_of(program, taker))
        names = [name for name, _, _ in _known(program)]
        if isinstance(program, Program) and (told := statistics_in_main(program)):
            names[-1] = as_tuple(told)
    else:
        load, functions = program.load, (program.load, *_in_order(program, parts))
        later = [(name, known_text(of, split)) for name, split, of in _known(program)]
    asked = ["asked"] if program.questions else []
    places = ["places"] if grouped else []
    return {
        "load": load,
        "parts": parts,
        "data_functions": list({f.name: f for f in functions}.values()),
        "joins": not grouped and any(len(s.portions) > 1 for d in parts for s in d.splits),
        "grouped": grouped,
        "given_points": ", ".join(["points", *places, *asked, *names]),
        "known": later,
        "points_of": points_of,
        "groups_of": groups_of,
        "places_of": places_of,
        "questions_of": questions_of,
        "all_points": all_points,
        "fitted": fitted,
    }


def loaded_of(program: Program | FittedProgram, taker: str = "model") -> Loaded:
    """What a program says of its data."""
    parts = _parts(program)
    known = tuple((split, functions) for _, split, functions in _known(program))
    targets = _targets(program)
    converts = isinstance(program, FittedProgram) or not any(s.asked for s in program.stages)
    as_taken = f", as the {taker} takes them" if converts else ""
    if targets:
        as_taken = f", as the {taker} and its loss take them" if converts else AS_COMPARED
    return Loaded(
        program.load,
        program.loaded,
        parts,
        targets,
        known,
        program.questions,
        program.judged,
        f"Questions and true answers of every split{as_taken}.",
    )


def made_of(program: Program | FittedProgram) -> Function:
    """The function of a program that makes its points, or reads them for others."""
    grouped = _parts(program)[-1].lengths
    return program.load if grouped else data_function(loaded_of(program))[0]


def _parts(program: Program | FittedProgram) -> tuple[Data, ...]:
    if isinstance(program, FittedProgram):
        return (program.data,)
    return tuple(s.data for s in program.stages)


def _known(program: Program | FittedProgram) -> list[tuple[str, str, Makers]]:
    """What is known of all training points: its name, their split, and what finds it."""
    if isinstance(program, FittedProgram):
        f = program.truth_statistics
        return [("statistics", "train", ((f, 1),))] if f is not None else []
    answers = any(a.places for a in program.answers)
    reading = (s for s in program.stages if held(s) or (s is program.last and answers))
    found = ((s, known(s), s.data.split("train")) for s in reading)
    return [(statistics_of(s), t.name, of) for s, of, t in found if of and t is not None]


def statistics_in_main(program: Program) -> list[str]:
    """Names in `main` for what is known of all training points of the stage that is judged:
    nothing where no answer reads it."""
    stage = program.last
    if stage.grouped or program.staged or not any(a.places for a in program.answers):
        return []
    count = sum(len(f.results) for f, _ in known(stage))
    own = ["scale"] * count
    for a in program.answers:
        own[a.places.start : a.places.stop] = a.function.parameters[1:]
    if stage.loss is not None and held(stage):
        own = stage.loss.parameters[-count:]
    names = NameTable({*occupied(), *(f.name for f in program.functions)})
    return list(map(names.fresh, own))


def as_tuple(names: Sequence[str]) -> str:
    """Several names, as a program takes them apart."""
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def _targets(program: Program | FittedProgram) -> tuple[Target, ...]:
    """What training truths become, stage by stage."""
    if isinstance(program, FittedProgram):
        return ()
    found: list[Target] = []
    for s in program.stages:
        train = s.data.split("train")
        if s.target is not None and s.truth_statistics is not None and train is not None:
            others = tuple(x.name for x in s.data.splits if x.kind == "validate")
            found.append(Target(s.target, s.truth_statistics, train.name, others))
    return tuple(found)


def _in_order(program: Program | FittedProgram, parts: Sequence[Data]) -> Iterator[Function]:
    for d in parts:
        yield from (*d.lengths, *d.points)
    yield from program.questions
    for d in parts:
        yield from (f for f in (d.statistics, d.convert, d.required) if f is not None)
    yield from (f for _, _, of in _known(program) for f, _ in of)


def points_of(split: Split) -> str:
    """The statement that makes the points of a split, those of equally long lists together."""
    x, y = f"{split.name}_x", f"{split.name}_y"
    groups = [f"{p.points}({_some(p)}) for at in {at}" for p, at in groups_of(split)]
    if split.truths:
        return f"{x}, {y} = zip({', '.join(f'*[{each}]' for each in groups)})"
    if len(groups) == 1:
        return f"{x} = tuple({groups[0]})"
    return f"{x} = ({', '.join(f'*[{each}]' for each in groups)})"


def groups_of(split: Split) -> list[tuple[Portion, str]]:
    """The data lines of a split, and what the places of their points are called, apart by the
    lengths of lists."""
    return [
        (p, f"{split.name}_{i}_at" if i > 1 else f"{split.name}_at")
        for i, p in enumerate(split.portions, 1)
    ]


def places_of(split: Split) -> str:
    """The places of the points of each group among those of a split, line after line."""
    first, *others = [at for _, at in groups_of(split)]
    parts = [f"*{first}"]
    for i, at in enumerate(others):
        before = " + ".join(f"sum(map(len, {name}))" for name in [first, *others[:i]])
        parts.append(f"*(at + {before} for at in {at})")
    return f"[{', '.join(parts)}]" if others else first


def questions_of(split: Split) -> str:
    """The questions of a split, as they are asked."""
    groups = [f"{p.questions}({_some(p)}) for at in {at}" for p, at in groups_of(split)]
    whole = ", ".join(groups if len(groups) == 1 else [f"*[{each}]" for each in groups])
    return f"[{whole}]"


def all_points(parts: Sequence[Data]) -> str:
    """All points, by split."""
    splits = [s for d in parts for s in d.splits]
    pairs = [f'"{s.name}": ({s.name}_x,{f" {s.name}_y" if s.truths else ""})' for s in splits]
    return "{" + ", ".join(pairs) + "}"


def fitted(function: Function, points: str) -> str:
    """What a function finds of all points, as a tuple."""
    text = f"{function.name}({points})"
    return text if len(function.results) > 1 else f"({text},)"


def _some(portion: Portion) -> str:
    """What a data line runs over at the places `at`, as arguments."""
    pairs = ((n, "source" if n in portion.structured else "") for n in portion.sources)
    return ", ".join(pick(frozenset({"source"}), kind, n, "at") for n, kind in pairs)
