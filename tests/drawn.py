"""Calls of the library's operators, drawn from their declarations.

A parameter that has a type is given numbers of a shape that the type allows, one without is
tried with whatever the operator's rule accepts, and options take each of their words. So an
operator needs no more than its declaration to be called in tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random

from msgspec import Struct

from sailc.infer.arguments import find_property, rule_of, words_of
from sailc.infer.context import Context
from sailc.infer.modules.common import World
from sailc.infer.primitives import is_static
from sailc.infer.read import read_type
from sailc.infer.rules import VARIADIC
from sailc.infer.values import Made, Scope, is_term
from sailc.names import Entry
from sailc.plan.ground import Grounding
from sailc.queries import world
from sailc.source import NOWHERE, Source
from sailc.syntax import tree
from sailc.syntax.parser import parse
from sailc.terms import Layer, Term, Var
from sailc.types.dims import Dim, DimVar, SpreadVar, const
from sailc.types.model import (
    REAL,
    Bool,
    Complex,
    Element,
    Label,
    ListType,
    Num,
    Tensor,
    TupleType,
    Type,
    TypeVar,
    show,
)
from sailc.types.solver import Solver
from sailc.workspace import Workspace

NUMERIC = frozenset({"arithmetic", "tensors", "algebra", "layers", "losses", "damage"})
"""The files of the library's prelude whose operators compute something of numbers."""
TRIES = 400


class Call(Struct, frozen=True):
    """A call of an operator: its text, its inputs by name, what of them must hold (`positive`),
    and the term that it is."""

    text: str
    inputs: tuple[Var, ...]
    domains: Mapping[str, str]
    term: Term
    layers: tuple[Layer, ...]


class Planned(Exception):
    """What an operator gives is known while planning: no backend has anything to do with it."""


@cache
def library() -> World:
    """The world of a workspace that is empty but for the library."""
    return world(Workspace.open([]).db)


@cache
def vocabulary() -> Mapping[str, Entry]:
    """The operators that the library declares, and not by other operators."""
    return {n: e for n, e in sorted(library().names.prelude.items()) if _is_primitive(e)}


@cache
def operators() -> Mapping[str, Entry]:
    """Those of numbers."""
    return {n: e for n, e in vocabulary().items() if Path(e.file).stem in NUMERIC}


def _is_primitive(entry: Entry) -> bool:
    d = entry.declaration
    made = d.value is not None or any(isinstance(x, tree.Give) for x in d.body or ())
    return d.kind == "fn" and not made


def is_drawn(entry: Entry) -> bool:
    """Whether an operator draws by a seed of its own, which is done while data are made."""
    return any(p.name == "seed" for p in entry.declaration.parameters or ())


def calls(name: str, count: int) -> tuple[Call, ...]:
    """At least so many calls of an operator that type-check, of several shapes, which take every
    word of each option but where layers start. Raises `Planned` where an
    operator gives no number that is known only at run time."""
    random, found = Random(name), list[Call]()
    seen, refused, words = set[str](), "", _words(vocabulary()[name])
    for _ in range(TRIES):
        draw = _Draw(vocabulary()[name], random)
        text = draw.text()
        whole = f"{text} {[show(v.type) for v in draw.inputs]}"
        if whole in seen:
            continue
        seen.add(whole)
        if len(found) >= count and not draw.words & words:
            continue
        made = draw.call(text)
        if isinstance(made, Call):
            found.append(made)
            words -= draw.words
        else:
            refused = made
        if len(found) >= count and not words:
            break
    assert found, f"no call of `{name}` that was drawn type-checks; the last: {refused}"
    return tuple(found)


def _words(entry: Entry) -> set[tuple[str, str]]:
    """The words of an operator's options, each with its option."""
    options = [p for p in entry.declaration.parameters or () if p.name != "init"]
    return {(p.name, word) for p in options for word in words_of(p)}


def expression(text: str, **shapes: tuple[int, ...]) -> Call:
    """A call of operators that no signature tells how to draw, of tensors of some shapes."""
    context: Context = library().context()
    scope = context.root(library().names.prelude["sum"].file).child()
    for name, shape in shapes.items():
        scope.names[name] = Var(Tensor(Num(), tuple(map(const, shape))), NOWHERE, name)
    made = context.evaluate(_expression(text), scope)
    assert is_term(made), text
    assert not context.failed, [d.message for d in context.found.values()]
    ground = Grounding(context.solver, context.layers)
    inputs = (scope.names[name] for name in shapes)
    variables = tuple(ground.var(v) for v in inputs if isinstance(v, Var))
    return Call(text, variables, {}, ground.term(made), ground.grounded)


def refusal(text: str, inputs: Mapping[str, Callable[[Solver], Type]]) -> str:
    """What is wrong with a call, its inputs of some types; empty for one that is right."""
    context: Context = library().context()
    scope = context.root(library().names.prelude["sum"].file).child()
    for name, type in inputs.items():
        scope.names[name] = Var(type(context.solver), NOWHERE, name)
    context.evaluate(_expression(text), scope)
    return next((d.message for d in context.found.values() if d.severity == "error"), "")


def _expression(text: str) -> tree.Expr:
    file, wrong = parse(Source("drawn.sail", f"fn drawn = {text}\n"))
    assert not wrong, text
    value = file.declarations[0].value
    assert value is not None
    return value


class _Draw:
    """One try to call an operator."""

    def __init__(self, entry: Entry, random: Random) -> None:
        self.entry, self.random = entry, random
        self.context: Context = library().context()
        self.scope: Scope = self.context.root(entry.file).child()
        self.signature: Scope = self.scope.child()
        self.inputs: list[Var] = []
        self.of: dict[str, str] = {}
        self.words: set[tuple[str, str]] = set()
        self.shapes = [self._shape() for _ in range(2)]
        self.element = random.choices((Num(), Bool(), Complex()), (8, 2, 1))[0]
        self.numbers = iter(sorted(round(random.uniform(0.1, 2), 2) for _ in range(8)))

    def _shape(self) -> tuple[int, ...]:
        rank = self.random.choice((0, 1, 1, 2, 2, 3))
        return tuple(self.random.choice((1, 2, 2, 3, 3, 4)) for _ in range(rank))

    def text(self) -> str:
        """The call, its inputs drawn on the way."""
        given: list[str] = []
        for p in self.entry.declaration.parameters or ():
            if p.default is not None and self.random.random() < 0.4:
                self.words |= (
                    {(p.name, p.default.id)} if isinstance(p.default, tree.Name) else set()
                )
                continue
            before = len(self.inputs)
            value = self._argument(p)
            self.of.update((v.name, p.name) for v in self.inputs[before:])
            given.append(f"{p.name} = {value}" if p.default is not None else value)
        if rule_of(self.entry.declaration) in VARIADIC:
            more = [self._tensor(self.random.choice(self.shapes)) for _ in range(2)]
            given[1:1] = more[: self.random.randint(0, 2)]
        return f"{self.entry.declaration.name}({', '.join(given)})"

    def _argument(self, p: tree.Parameter) -> str:
        if words_of(p):
            word = self.random.choice(words_of(p))
            self.words.add((p.name, word))
            return word
        if p.type is None:
            return self._anything(p.name)
        if is_static(p):
            boolean = isinstance(p.type, tree.Name) and p.type.id == "bool"
            return self.random.choice(("true", "false")) if boolean else self._whole()
        type = self._ground(read_type(self.context, p.type, self.signature))
        if type == REAL and not isinstance(p.type, tree.Index):
            return str(next(self.numbers))
        return self._input(type)

    def _whole(self) -> str:
        return str(self.random.choice((1, 2, 2, 3)))

    # --- inputs that a signature describes ---------------------------------------------------

    def _ground(self, type: Type) -> Type:
        """A type with its variables chosen; what they stand for holds in the whole call."""
        solver = self.context.solver
        match solver.resolve(type):
            case Tensor(element, shape):
                for item in shape:
                    self._choose(item, solver)
                if isinstance(element, TypeVar):
                    solver.unify_elements(element, Num(), NOWHERE)
                if isinstance(element, Num | Complex) and element.unit.variables:
                    solver.unify_units(element.unit, Num().unit, NOWHERE)
                if isinstance(element, Label):
                    self._choose(element.size, solver)
            case ListType(item, n):
                solver.unify_dims(n, const(self.random.choice((2, 3, 5))), NOWHERE)
                self._ground(item)
            case TupleType(items):
                for item in items:
                    self._ground(item)
            case TypeVar() as v:
                solver.unify(v, Tensor(Num(), tuple(map(const, self.shapes[0]))), NOWHERE)
            case _:
                pass
        return solver.resolve(type)

    def _choose(self, item: object, solver: Solver) -> None:
        match item:
            case SpreadVar():
                run = tuple(const(n) for n in self._run())
                solver.unify_shapes((item,), run, NOWHERE)
            case Dim():
                for a in item.atoms():
                    if isinstance(a, DimVar):
                        n = const(self.random.choice((1, 2, 3, 4)))
                        solver.unify_dims(solver.dim(item), n, NOWHERE)
            case _:
                pass

    def _run(self) -> tuple[int, ...]:
        rank = self.random.choice((0, 1, 1, 2, 3))
        return tuple(self.random.choice((2, 3, 4, 5)) for _ in range(rank))

    # --- inputs that a rule judges -----------------------------------------------------------

    def _anything(self, name: str) -> str:
        """Something that an argument of a name may be."""
        shape = self.random.choice(self.shapes)
        match name:
            case "shape":
                sizes = list(self.random.choice((shape, self._run())))
                self.random.shuffle(sizes)
                return str(sizes)
            case "axis":
                return str(self.random.randrange(-len(shape), len(shape)) if shape else -1)
            case "q":
                return str(self.random.choice((0.0, 0.3, 0.5, 1.0)))
            case "condition":
                return self._tensor(shape, Bool())
            case "n" | "k" | "stride" | "bins" | "steps":
                return self._whole()
            case _:
                if self.inputs and self.random.random() < 0.1:
                    return str(self.random.choice((2, 0.5)))
                mixed = self.random.random() < 0.15
                return self._tensor(shape, Num() if mixed else self.element)

    def _tensor(self, shape: tuple[int, ...], element: Element = REAL.element) -> str:
        return self._input(Tensor(element, tuple(map(const, shape))))

    def _input(self, type: Type) -> str:
        name = "xyzuvpqr"[len(self.inputs)]
        self.inputs.append(Var(type, NOWHERE, name))
        self.scope.names[name] = self.inputs[-1]
        return name

    # --- what the compiler makes of it -------------------------------------------------------

    def call(self, text: str) -> Call | str:
        """The call, or why the compiler refuses it."""
        made = self.context.evaluate(_expression(text), self.scope)
        if self.context.failed:
            said = next(iter(self.context.found.values()))
            return f"`{text}`: {said.message}"
        if isinstance(made, Made) or not is_term(made):
            raise Planned
        if not has_elements(self.context.type_of(made)):
            return f"`{text}`: nothing is left"
        ground = Grounding(self.context.solver, self.context.layers)
        inputs = tuple(map(ground.var, self.inputs))
        return Call(text, inputs, self._domains(), ground.term(made), ground.grounded)

    def _domains(self) -> dict[str, str]:
        """What the declaration says of arguments, by the names of inputs."""
        line = find_property(self.entry.declaration, "domain")
        wanted = dict(_pairs(line)) if line is not None else {}
        return {v: wanted[p] for v, p in self.of.items() if p in wanted}


def has_elements(type: Type) -> bool:
    """Whether no dimension of a tensor is below 1."""
    shape = type.shape if isinstance(type, Tensor) else ()
    return all(isinstance(n, Dim) and (n.value or 0) > 0 for n in shape)


def _pairs(line: tree.Property) -> Iterator[tuple[str, str]]:
    for a in line.arguments:
        assert isinstance(a.name, tree.Name)
        assert isinstance(a.value, tree.Name)
        yield a.name.id, a.value.id
