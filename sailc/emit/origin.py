"""Where a line of a program came from: the `.sail` source behind each statement.

Programs are plain text; the way back is found in their syntax tree. A function of the program's
code tree has a statement for each of its bindings, so that a statement's place among the others
tells the binding that it is (one may have a second before it, which hands it an argument). What no
binding stands behind belongs to its function.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sailc.emit.points.doors import Doors
from sailc.emit.points.splits import made_of
from sailc.emit.text.functions import PASSED
from sailc.plan.scenario import Scenario, learns
from sailc.program.equations.classes import EquationCode
from sailc.program.equations.fields import FieldMethod
from sailc.program.training.fitting import FittedProgram
from sailc.program.tree.nodes import Assign, Block, Each, Function, is_tuple
from sailc.program.tree.programs import Program
from sailc.source import Span
from sailc.types.model import Type

Named = Mapping[tuple[str, ...], Function]
"""Functions by their names, methods by those of their class and their own."""


class Origin(Struct, frozen=True):
    """A place in the source, and what is made there: a binding's name and its type for each
    point; empty and None where it is none."""

    span: Span
    name: str = ""
    type: Type | None = None


def origin(program: object, text: str, line: int, parts: Mapping[str, Span]) -> Origin | None:
    """What a line of a program's text was made of; None where only the emitter knows it.

    `parts` are the places behind its other functions, by their names.
    """
    functions = dict(_functions(program))
    if isinstance(program, Program | FittedProgram):
        made = made_of(program)
        functions[made.name,] = made
    parsed = ast.parse(text)
    measured = _metric(parsed, line)
    for m in getattr(program, "metrics", ()):
        if m.name == measured:
            return Origin(m.function.span)
    for path, node in reversed(list(_around(parsed, line, ()))):
        if path in functions:
            return _within(functions[path], node, line)
        if path[-1] in parts:
            chosen = path[-1] in TRAINING and CHOSEN.search(text.splitlines()[line - 1])
            return Origin(parts[DRAWN if chosen else path[-1]])
    return None


def _metric(parsed: ast.Module, line: int) -> str:
    """The metric whose value is computed on a line, where it is written among the results."""
    for node in ast.walk(parsed):
        match node:
            case ast.Assign([ast.Name("metrics")], ast.Dict(keys, values)):
                for key, value in zip(keys, values, strict=True):
                    if value.lineno <= line <= (value.end_lineno or 0):
                        return str(ast.literal_eval(key)) if key else ""
            case _:
                pass
    return ""


def parts_of(s: Scenario, doors: Doors) -> dict[str, Span]:
    """The places behind the functions that are in every program: those that train belong to the
    trainer, but for where they choose points, those that answer to the model, and doors to
    externs."""
    asked, model = s.link.line.span, s.link.model.entry.declaration
    found: dict[str, Span] = dict.fromkeys(("load", "data"), asked)
    found |= dict.fromkeys(("init", "respond", "answers_to"), model.name_span)
    if learns(s.links):
        trainer = s.trainer.entry.declaration
        lines = trainer.properties.get("optimizer", ())
        found |= dict.fromkeys(TRAINING, lines[0].name_span if lines else trainer.name_span)
        found[DRAWN] = s.training.line.span
    called = {**doors.names, **doors.learning}
    return found | {name: door.span for door, name in called.items()}


TRAINING = ("train", "step", "closure", "batch_loss", "phases", "started")
DRAWN = "the points of a batch"
CHOSEN = re.compile(r"\bindex[\])]")


def _functions(value: object, owner: str = "") -> Iterator[tuple[tuple[str, ...], Function]]:
    """The functions of a program, wherever it holds them."""
    if isinstance(value, Function):
        yield ((owner, value.name) if owner else (value.name,)), value
    elif isinstance(value, FieldMethod):  # its statements are a backend's
        yield (owner, value.function.name), replace(value.function, body=())
    elif isinstance(value, Struct):
        owner = value.name if isinstance(value, EquationCode) else owner
        for name in value.__struct_fields__:
            yield from _functions(getattr(value, name), owner)
    elif is_tuple(value):
        for item in value:
            yield from _functions(item, owner)


Definition = ast.FunctionDef | ast.ClassDef


def _around(
    node: ast.AST, line: int, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Definition]]:
    """The definitions around a line, the outermost first, each with its name in its class."""
    for child in ast.iter_child_nodes(node):
        end = getattr(child, "end_lineno", None)
        if end is None or not getattr(child, "lineno", 0) <= line <= end:
            continue
        within = path
        if isinstance(child, Definition):
            yield (*path, child.name), child
            within = (child.name,) if isinstance(child, ast.ClassDef) else ()
        yield from _around(child, line, within)


def _within(f: Function, node: Definition, line: int) -> Origin:
    """What a line inside a function is: the function itself where it is no binding."""
    statements = node.body[1:] if ast.get_docstring(node) is not None else node.body
    for check, refusal in zip(f.checks, filter(_refuses, statements), strict=False):
        if refusal.lineno <= line <= (refusal.end_lineno or refusal.lineno):
            return Origin(check.span)
    found = _binding(f.body, statements, line)
    if found is None and statements and statements[-1].lineno <= line:
        found = f.returned
    return Origin(f.span) if found is None else Origin(found.span, found.label, found.type)


def _refuses(statement: ast.stmt) -> bool:
    """Whether a statement asks for what has to hold."""
    match statement:
        case ast.If(body=[ast.Raise(ast.Call(ast.Name("SystemExit")))]):
            return True
        case _:
            return False


def _binding(bindings: Sequence[Assign], statements: list[ast.stmt], line: int) -> Assign | None:
    """The binding whose statement a line is in, or what that one is handed before it."""
    own = PASSED in {b.name for b in bindings}
    left, start = [*reversed(bindings)], 0
    for statement in statements:
        start = start or statement.lineno
        several = left != [] and ", " in left[-1].name
        if not own and not several and _hands_on(statement):
            continue
        if not left:
            break
        binding = left.pop()
        if start <= line <= (statement.end_lineno or statement.lineno):
            return _inner(binding.value, statement, line) or binding
        start = 0
    return None


def _hands_on(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign([ast.Name(name)]):
            return name == PASSED
        case ast.Assign([ast.Tuple()]):  # a value with its derivative
            return True
        case _:
            return False


def _inner(value: object, node: ast.stmt, line: int) -> Assign | None:
    """The binding inside of a function or a loop."""
    match value, node:
        case (Block(body=body), ast.FunctionDef()) | (Each(body=body), ast.For()):
            return _binding(body, node.body, line)
        case _:
            return None
