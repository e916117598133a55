"""How programs say what makes their points, split by split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from sailc.emit.batch import pick
from sailc.program.fitting import FittedProgram
from sailc.program.tree import Data, Expr, Function, Op, Portion, Program, Split


def data_facts(
    program: Program | FittedProgram, parts: Sequence[Data], more: Sequence[Function | None]
) -> dict[str, object]:
    """What `data.py.jinja` asks for beside a program: how its points are made, the functions
    that give questions as they are asked, and what else is known of all points."""
    several = {f.name: f for f in _in_order(parts, program.questions, more)}
    alike = not program.questions and len(parts) == 1 and _is_alike(parts[0])
    at_once = alike and parts[0].convert is None
    load = _by_split(program, parts[0], at_once) if alike else program.load
    return {
        "load": load,
        "alike": alike,
        "at_once": at_once,
        "parts": parts,
        "data_functions": list(several.values()),
        "joins": not parts[-1].lengths
        and any(len(s.portions) > 1 for d in parts for s in d.splits),
        "grouped": bool(parts[-1].lengths),
        "points_of": points_of,
        "groups_of": groups_of,
        "places_of": places_of,
        "questions_of": questions_of,
        "all_points": all_points,
        "fitted": fitted,
    }


def _in_order(
    parts: Sequence[Data], questions: Sequence[Function], more: Sequence[Function | None]
) -> Iterator[Function]:
    for d in parts:
        yield from (*d.lengths, *d.points)
    yield from questions
    for d in parts:
        yield from (f for f in (d.statistics, d.convert, d.required) if f is not None)
    yield from (f for f in more if f is not None)


def _is_alike(data: Data) -> bool:
    """Whether the points of all splits are made by the same calls."""
    calls = {(p.points, len(p.sources), bool(s.truths)) for s in data.splits for p in s.portions}
    single = all(len(s.portions) == 1 and s.truths for s in data.splits)
    return single and len(calls) == 1 and not data.lengths and data.required is None


def _by_split(program: Program | FittedProgram, data: Data, at_once: bool) -> Function:
    """What loads the data, its results by split; or, `at_once`, the points made of these."""
    found = dict(zip(program.loaded, program.load.results, strict=True))
    points, split = data.splits[0].portions[0].points, tuple(s.name for s in data.splits)
    rows = [[found[name] for name in s.sources] for s in data.splits]
    if at_once:
        called = (Op("call", tuple(r), {"function": points}) for r in rows)
        load = replace(program.load, name="data", doc="Questions and true answers of every split.")
        return replace(load, results=(Op("pack", tuple(called), {"names": split}),))
    each = tuple(_packed(r) for r in rows)
    return replace(program.load, results=(Op("pack", each, {"names": split}),))


def _packed(arrays: Sequence[Expr]) -> Expr:
    several = {"names": tuple(range(len(arrays)))}
    return arrays[0] if len(arrays) == 1 else Op("pack", tuple(arrays), several)


def points_of(split: Split, grouped: bool) -> str:
    """The statement that makes the points of a split; those of equally long lists together."""
    x, y = f"{split.name}_x", f"{split.name}_y"
    if not grouped:
        calls = [f"{p.points}({', '.join(p.sources)})" for p in split.portions]
        return f"{f'{x}, {y}' if split.truths else x} = {_joined(calls)}"
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


def questions_of(split: Split, grouped: bool) -> str:
    """The questions of a split, as they are asked."""
    if grouped:
        groups = [f"{p.questions}({_some(p)}) for at in {at}" for p, at in groups_of(split)]
        whole = ", ".join(groups if len(groups) == 1 else [f"*[{each}]" for each in groups])
        return f"[{whole}]"
    return _joined([f"{p.questions}({', '.join(p.sources)})" for p in split.portions])


def all_points(parts: Sequence[Data]) -> str:
    """All points, by split."""
    splits = [s for d in parts for s in d.splits]
    pairs = [f'"{s.name}": ({s.name}_x,{f" {s.name}_y" if s.truths else ""})' for s in splits]
    return "{" + ", ".join(pairs) + "}"


def fitted(function: Function, points: str) -> str:
    """What a function finds of all points, as a tuple."""
    text = f"{function.name}({points})"
    return text if len(function.results) > 1 else f"({text},)"


def _joined(calls: list[str]) -> str:
    return calls[0] if len(calls) == 1 else f"together({', '.join(calls)})"


def _some(portion: Portion) -> str:
    """What a data line runs over at the places `at`, as arguments."""
    pairs = ((n, "source" if n in portion.structured else "") for n in portion.sources)
    return ", ".join(pick(frozenset({"source"}), kind, n, "at") for n, kind in pairs)
