"""What functions of a program are told beside weights and questions: what runs along with
training (running statistics, a random key), and whether they train."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from sailc.program.expressions import operations, rebuild, rebuilt
from sailc.program.tree import Expr, Function, Op, Program, Ref, Stage

STATE, DRAWS = "state", "draws"
RUNNING, TRAINING = "running", "training"


def with_modes(program: Program, runs: frozenset[str]) -> Program:
    """A program whose functions have a parameter for each mode of theirs, and pass it on. `runs`
    says for what a backend has something that runs along: `state`, and what `draws`."""
    modes = _modes(program.on_backend, runs)
    if not any(modes.values()):
        return program
    if program.staged:  # one loop calls the losses of all stages alike
        losses = [s.loss.name for s in program.stages if s.loss is not None]
        told_any = {m for name in losses for m in modes[name]}
        modes |= dict.fromkeys(losses, tuple(m for m in (RUNNING, TRAINING) if m in told_any))

    def told(f: Function) -> Function:
        own = modes[f.name]
        default = {TRAINING: "training=False"}
        parameters = (*f.parameters, *(default.get(m, m) for m in own))
        return replace(_passing(f, modes), parameters=parameters, modes=own)

    stages = tuple(_changed(s, told) for s in program.stages)
    return replace(program, stages=stages)


def _modes(functions: Iterable[Function], runs: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """The modes of each function, by its name; of what calls others, theirs too."""
    found: dict[str, frozenset[str]] = {}
    there = tuple(functions)
    for _ in there:
        found = {f.name: _of(f, found) for f in there}
    return {
        name: ((RUNNING,) if needs & runs else ()) + ((TRAINING,) if needs else ())
        for name, needs in found.items()
    }


def _of(f: Function, known: Mapping[str, frozenset[str]]) -> frozenset[str]:
    needs: set[str] = set()
    for op in operations(*f.expressions):
        needs |= {STATE} if op.state else set()
        needs |= {DRAWS} if op.attributes.get("draws") else set()
        if op.operator == "call":
            needs |= known.get(str(op.attributes["function"]), frozenset())
    return frozenset(needs)


def _passing(f: Function, modes: Mapping[str, tuple[str, ...]]) -> Function:
    """A function that passes to others what these are told."""

    def change(expr: Expr) -> Expr:
        match rebuild(expr, change):
            case Op("call", arguments, attributes) as call:
                more = map(Ref, modes.get(str(attributes["function"]), ()))
                return replace(call, arguments=(*arguments, *more))
            case other:
                return other

    return rebuilt(f, change)


def _changed(s: Stage, told: Callable[[Function], Function]) -> Stage:
    asked = s.asked
    if asked is not None:
        respond = told(asked.respond) if asked.respond is not None else None
        functions = tuple(map(told, asked.functions))
        asked = replace(asked, functions=functions, respond=respond)
    loss = told(s.loss) if s.loss is not None else None
    return replace(s, model=told(s.model), loss=loss, asked=asked)
