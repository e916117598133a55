"""What functions of a program are told beside weights and questions: what runs along with
training (running statistics, a random key), and whether they train."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from sailc.program.tree.expressions import operations, rebuild, rebuilt
from sailc.program.tree.nodes import Assign, Block, Expr, Function, Op, Ref
from sailc.program.tree.programs import Program, Stage

STATE, DRAWS = "state", "draws"
RUNNING, TRAINING = "running", "training"

# What calls a function of its own several times, or beside what is computed anyway.
AGAIN = frozenset({"grad", "fold", "scan", "motion", "rk4"})

Needs = Mapping[str, frozenset[str]]


def has_modes_again(program: Program) -> bool:
    """Whether a step of training may compute a layer several times that has running statistics,
    or draws."""
    used = list(operations(*(e for f in program.on_backend for e in f.expressions)))
    searches = any(p.options.get("steps") for p in program.training.phases)
    modes = any(o.state or o.attributes.get("draws") for o in used)
    return modes and (searches or any(o.operator in AGAIN for o in used))


def with_modes(program: Program, runs: frozenset[str]) -> Program:
    """A program whose functions have a parameter for each mode of theirs, and pass it on. `runs`
    says for what a backend has something that runs along: `state`, and what `draws`."""
    needs = _needs(program.on_backend)
    modes = {name: _modes(n, runs) for name, n in needs.items()}
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
        return replace(_passing(f, modes, needs), parameters=parameters, modes=own)

    stages = tuple(_changed(s, told) for s in program.stages)
    return replace(program, stages=stages)


def _needs(functions: Iterable[Function]) -> Needs:
    """What each function has of `state` and `draws`, by its name; of what calls others, theirs
    too."""
    found: dict[str, frozenset[str]] = {}
    there = tuple(functions)
    for _ in there:
        found = {f.name: _of(f.expressions, found) for f in there}
    return found


def _modes(needs: frozenset[str], runs: frozenset[str]) -> tuple[str, ...]:
    return ((RUNNING,) if needs & runs else ()) + ((TRAINING,) if needs else ())


def _of(expressions: Iterable[Expr], known: Needs) -> frozenset[str]:
    needs: set[str] = set()
    for op in operations(*expressions):
        needs |= {STATE} if op.state else set()
        needs |= {DRAWS} if op.attributes.get("draws") else set()
        if op.operator == "call":
            needs |= known.get(str(op.attributes["function"]), frozenset())
    return frozenset(needs)


def _passing(f: Function, modes: Mapping[str, tuple[str, ...]], needs: Needs) -> Function:
    """A function that passes to others what these are told, and whose slopes know whether layers
    write to what runs along while they are taken."""
    blocks = dict(_blocks(f.body))

    def change(expr: Expr) -> Expr:
        match rebuild(expr, change):
            case Op("grad", (inner, _), attributes) as grad:
                varied = blocks.get(inner.name, inner) if isinstance(inner, Ref) else inner
                writes = STATE in _of((varied,), needs)
                return replace(grad, attributes={**attributes, "writes": writes})
            case Op("call", arguments, attributes) as call:
                more = map(Ref, modes.get(str(attributes["function"]), ()))
                return replace(call, arguments=(*arguments, *more))
            case other:
                return other

    return rebuilt(f, change)


def _blocks(body: Iterable[Assign]) -> Iterator[tuple[str, Block]]:
    """The functions among some statements, and those inside of them, by name."""
    for a in body:
        if isinstance(a.value, Block):
            yield a.name, a.value
            yield from _blocks(a.value.body)


def _changed(s: Stage, told: Callable[[Function], Function]) -> Stage:
    asked = s.asked
    if asked is not None:
        respond = told(asked.respond) if asked.respond is not None else None
        functions = tuple(map(told, asked.functions))
        asked = replace(asked, functions=functions, respond=respond)
    loss = told(s.loss) if s.loss is not None else None
    return replace(s, model=told(s.model), loss=loss, asked=asked)
