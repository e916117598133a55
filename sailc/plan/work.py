"""What a graph of operators costs: forward, backward, in memory and in traffic.

Every value counts once, however often its author wrote it down, and as many times as there are
elements of the comprehensions whose variable it hangs on: that is what programs compute.

- *Backward* goes only where a gradient is needed: of a product, as many multiply-adds again for
  each factor that is learned or hangs on what is. The derivative of a derivative counts two
  operations for each of its own.
- *Kept* are the numbers that the backward pass reads again: what each operator gives on its way.
- *Moved* are the numbers that operators read and write, each of its arguments once, none in a
  cache; what only gives numbers another place or name moves none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec import Struct, field

from sailc.operations import INNER, LINEAR, OPERATIONS, VIEWS, Operation
from sailc.plan.matches import GroundModel
from sailc.terms import ANSWERS, Apply, Const, Lambda, Map, Path, Term, Var, overlap, walk
from sailc.types.dims import ONE, Dim
from sailc.types.model import (
    Complex,
    ListType,
    RecordType,
    SetType,
    Tensor,
    TupleType,
    Type,
)
from sailc.types.parts import size_of

# Operators whose work the data decide.
ITERATES = frozenset({"integrate", "discretize", "reference", "residual", "mismatch"})


class Work(Struct, frozen=True):
    """Of one evaluation: multiply-adds, all operations forward and backward, and numbers that are
    kept between the two, and that move forward."""

    macs: int
    forward: int
    backward_macs: int
    backward: int
    kept: int
    moved: int


class _Unknown(Exception):
    """Only the data know."""


class _Node(Struct):
    """A value: what it is made of, and the loops over whose elements it differs."""

    term: Term
    below: tuple[int, ...] = ()
    loops: frozenset[int] = frozenset()
    learned: bool = False


class Graph(Struct):
    """The values of some terms, equal ones as one; `model` stands where answers are asked for.

    Nodes are numbered so that those below come first. Where a model answers, what is done to
    make its questions is of the data, and does not count.
    """

    model: GroundModel | None = None
    answered: set[int] = field(default_factory=set[int])
    nodes: list[_Node] = field(default_factory=list[_Node])
    lengths: list[Dim] = field(default_factory=list[Dim])
    _known: dict[tuple[object, ...], int] = field(default_factory=dict[tuple[object, ...], int])

    def add(self, term: Term) -> int:
        """The number of a term's node."""
        return _Adding(self, {}).visit(term)

    def answer(self, question: Term | None = None) -> int:
        """The number of the node that the model answers a question with, or any."""
        assert self.model is not None
        return _Adding(self, {}).called(self.model.inputs if question is None else (question,))

    def node(self, row: tuple[object, ...], made: _Node) -> int:
        """A node under what it is known by, or the one that is there."""
        if row not in self._known:
            self._known[row] = len(self.nodes)
            self.nodes.append(made)
        return self._known[row]

    def loop(self, row: tuple[object, ...], length: Dim) -> int:
        """A loop under what it is known by."""
        key = ("loop", *row)
        if key not in self._known:
            self._known[key] = len(self.lengths)
            self.lengths.append(length)
        return self._known[key]

    # --- sums ------------------------------------------------------------------------------

    def work(self, roots: Iterable[int]) -> Work | None:
        """The work of some nodes and all below; None where only the data know."""
        cone = self._counted(roots)
        learned = {n for n in cone if self.nodes[n].learned}
        try:
            forward = [self._forward(n) for n in cone]
            backward = [self._backward(n, learned) for n in learned]
            macs = sum(m for m, _ in forward)
            return Work(
                macs,
                2 * macs + sum(f for _, f in forward),
                sum(m for m, _ in backward),
                sum(2 * m + f for m, f in backward),
                sum(map(self._written, learned)),
                sum(map(self._moved, cone)),
            )
        except _Unknown:
            return None

    def _counted(self, roots: Iterable[int]) -> list[int]:
        """What of some nodes and all below is of answers."""
        found = set[int]()
        cone = self._cone(roots)
        if not self.answered:
            return cone
        for n in cone:
            if n in self.answered or any(b in found for b in self.nodes[n].below):
                found.add(n)
        return sorted(found)

    def _cone(self, roots: Iterable[int]) -> list[int]:
        """Some nodes and all below them, those below first."""
        found, stack = set[int](), list(roots)
        while stack:
            n = stack.pop()
            if n not in found:
                found.add(n)
                stack.extend(self.nodes[n].below)
        return sorted(found)

    def _times(self, n: int) -> int:
        return math.prod(_value(self.lengths[i]) for i in self.nodes[n].loops)

    def _forward(self, n: int) -> tuple[int, int]:
        """Multiply-adds and other operations of a node."""
        term = self.nodes[n].term
        if not isinstance(term, Apply) or term.operator in VIEWS:
            return 0, 0
        if term.operator in ITERATES:
            raise _Unknown
        if term.operator == "grad":
            sensitive = self._sensitive(n)
            rows = [self._backward(i, sensitive, weights=False) for i in sensitive]
            return sum(m for m, _ in rows), sum(f for _, f in rows)
        times = self._times(n)
        row = OPERATIONS.get(term.operator)
        flops = _value(term.flops) or (row.forward * self._each(n, row) if row else 0)
        return _value(term.macs) * times, flops * times

    def _backward(self, n: int, active: set[int], weights: bool = True) -> tuple[int, int]:
        """Multiply-adds and other operations of handing a node's gradient to what it is of, and
        to its weights."""
        term = self.nodes[n].term
        if not isinstance(term, Apply) or term.operator in VIEWS:
            return 0, 0
        if term.operator == "grad":
            macs, flops = self._forward(n)
            return 2 * macs, 2 * flops
        times = self._times(n)
        factors = sum(i in active for i in self.nodes[n].below)
        if term.operator in INNER:
            factors = 1
        weighs = weights and bool(term.layer and term.layer.parameters)
        macs = _value(term.macs) * (factors + weighs)
        row = OPERATIONS.get(term.operator)
        flops = _value(term.flops) * (factors if term.operator in LINEAR else 2)
        if row is not None and not flops:
            flops = row.backward * factors * self._each(n, row)
        return macs * times, flops * times

    def _each(self, n: int, row: Operation) -> int:
        """How many numbers an operation is done to."""
        node = self.nodes[n]
        return numbers((node if row.of == "result" else self.nodes[node.below[0]]).term.type)

    def _written(self, n: int) -> int:
        """How many numbers a node writes, all loops together."""
        term = self.nodes[n].term
        if not isinstance(term, Apply) or term.operator in VIEWS:
            return 0
        own = numbers(term.type) * self._times(n)
        if term.operator == "grad":
            own += sum(map(self._written, self._sensitive(n)))
        return own

    def _moved(self, n: int) -> int:
        """How many numbers a node reads and writes, its parameters apart."""
        term = self.nodes[n].term
        if not isinstance(term, Apply) or term.operator in VIEWS:
            return 0
        if term.operator == "grad":
            return 2 * sum(map(self._moved, self._sensitive(n)))
        given = [self.nodes[i].term for i in self.nodes[n].below]
        read = sum(numbers(t.type) for t in given if not isinstance(t, Const))
        return (numbers(term.type) + read) * self._times(n)

    def _sensitive(self, n: int) -> set[int]:
        """The nodes between what a `grad` differentiates and what it is taken by."""
        of, by = self.nodes[n].below
        cone = self._cone([of])
        root, path = self._rooted(by)
        leading = ((i, *self._rooted(i)) for i in cone)
        starts = {i for i, start, own in leading if start == root and overlap(own, path)} or {root}
        found = set[int]()
        for i in cone:
            if i in starts or any(b in found for b in self.nodes[i].below):
                found.add(i)
        return found

    def _rooted(self, n: int) -> tuple[int, Path]:
        """The node that a path of fields starts at, and the path."""
        path: list[str | int] = []
        term = self.nodes[n].term
        while isinstance(term, Apply) and term.operator in ("field", "column", "item"):
            key = term.attributes["index" if term.operator == "item" else "name"]
            assert isinstance(key, str | int)
            path.append(key)
            (n,) = self.nodes[n].below
            term = self.nodes[n].term
        return n, tuple(reversed(path))


class _Adding(Struct):
    """Adds the nodes of terms to a graph; `inside` are the sources of the loops around."""

    graph: Graph
    memo: dict[int, int]
    inside: tuple[int, ...] = ()

    def visit(self, term: Term) -> int:
        if id(term) not in self.memo:
            self.memo[id(term)] = self._made(term)
        return self.memo[id(term)]

    def _made(self, term: Term) -> int:
        match term:
            case Var():
                return self.graph.node(("variable", id(term)), _Node(term))
            case Const():
                return self.graph.node(("constant", str(term.value), str(term.type)), _Node(term))
            case Map():
                return self._map(term)
            case Apply(operator="call", arguments=(Var(place=place), *given)) if (
                place == ANSWERS and self.graph.model is not None
            ):
                return self.called(given)
            case Apply():
                return self._apply(term)

    def _map(self, term: Map) -> int:
        source = self.visit(term.source)
        row = (source, self.inside.count(source))
        loop = self.graph.loop(row, size_of(term.source.type) or ONE)
        around = self.graph.nodes[source].loops
        learned = self.graph.nodes[source].learned
        element = _Node(term.variable, (source,), around | {loop}, learned)
        self.memo[id(term.variable)] = self.graph.node(("element", *row), element)
        inner = _Adding(self.graph, self.memo, (*self.inside, source))
        parts = [term.body] if term.condition is None else [term.body, term.condition]
        below = (source, *map(inner.visit, parts))
        return self._node(term, ("map", *below), below, loop)

    def called(self, given: Iterable[Term]) -> int:
        """The node of the model's answer to what it is given."""
        model = self.graph.model
        assert model is not None
        known = {id(v): self.visit(t) for v, t in zip(model.inputs, given, strict=False)}
        first = len(self.graph.nodes)
        found = _Adding(self.graph, known, self.inside).visit(model.output)
        self.graph.answered |= {*range(first, len(self.graph.nodes)), found}
        return found

    def _apply(self, term: Apply) -> int:
        below = tuple(map(self.visit, term.arguments))
        plain = {k: str(v) for k, v in term.attributes.items() if not isinstance(v, Lambda)}
        unique = id(term) if term.attributes.get("draws") else 0
        row = (term.operator, str(plain), str(term.type), id(term.layer), unique, *below)
        functions = [v for v in term.attributes.values() if isinstance(v, Lambda)]
        if not functions or term.operator in ITERATES:
            return self._node(term, row, below)
        loop = self.graph.loop(("steps", id(term)), _steps(term))
        for f in functions:
            self._bound(f, below, loop)
        below = (*below, *(self.visit(f.body) for f in functions))
        return self._node(term, (*row, id(term)), below, loop)

    def _bound(self, function: Lambda, below: tuple[int, ...], loop: int) -> None:
        """The variables of what is done again and again: they are of all that it starts from."""
        nodes = [self.graph.nodes[i] for i in below]
        around = frozenset[int]().union({loop}, *(n.loops for n in nodes))
        learned = any(n.learned for n in nodes) or any(map(self._learns, walk(function.body)))
        for v in function.variables:
            made = _Node(v, below, around, learned)
            self.memo[id(v)] = self.graph.node(("variable", id(v)), made)

    def _learns(self, term: Term) -> bool:
        if isinstance(term, Var):
            return term.place == ANSWERS
        return isinstance(term, Apply) and term.layer is not None

    def _node(
        self, term: Term, row: tuple[object, ...], below: tuple[int, ...], loop: int | None = None
    ) -> int:
        nodes = [self.graph.nodes[i] for i in below]
        loops = frozenset[int]().union(*(n.loops for n in nodes)) - {loop}
        layer = term.layer if isinstance(term, Apply) else None
        learned = bool(layer and layer.parameters) or any(n.learned for n in nodes)
        return self.graph.node(row, _Node(term, below, loops, learned))


def _steps(term: Apply) -> Dim:
    """How many times an operator asks its function."""
    match term:
        case Apply(operator="motion", attributes={"steps": Dim() as steps}):
            return steps + ONE
        case Apply(operator="rk4", attributes={"steps": Dim() as steps}):
            return steps + steps + steps + steps
        case Apply(operator="fold" | "scan", arguments=(xs, *_)):
            return size_of(xs.type) or ONE
        case _:
            return ONE


def _value(dim: Dim) -> int:
    if dim.value is None:
        raise _Unknown
    return dim.value


def numbers(type: Type) -> int:
    """How many numbers a value of a type holds."""
    match type:
        case Tensor(element, shape):
            each = 2 if isinstance(element, Complex) else 1
            return each * math.prod(_value(d) if isinstance(d, Dim) else _fail() for d in shape)
        case ListType(item, n) | SetType(item, n):
            return _value(n) * numbers(item)
        case TupleType(items):
            return sum(map(numbers, items))
        case RecordType(fields):
            return sum(numbers(t) for _, t in fields)
        case _:
            return 0


def _fail() -> int:
    raise _Unknown
