"""Solvers that fit a network to each question afresh: the network, and what is made small."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from sailc.plan.scenario import Scenario
from sailc.program.arrays.layout import POINTS, Leaf, packed
from sailc.program.arrays.vectors import Lowering
from sailc.program.precision import PRECISIONS
from sailc.program.training.learned import training
from sailc.program.training.model import Keys, learned_arrays
from sailc.program.tree.names import NameTable, identifier
from sailc.program.tree.nodes import Assign, Function, Op, Ref
from sailc.program.tree.programs import ParameterSpec, Training
from sailc.program.tree.tidy import inlined
from sailc.terms import Apply, Lambda, Term, digest, walk


class Drawn(Struct, frozen=True):
    """Places that are drawn before a fit: inside the domain, or on its border."""

    name: str
    border: bool
    count: int


class Collocated(Struct, frozen=True):
    """What is fitted: `networks` are functions of the arrays and of points, the first of them
    the answer; `loss` is what is made small, of the arrays, the equation and places."""

    solver: str
    doc: str
    parameters: tuple[ParameterSpec, ...]
    networks: tuple[Function, ...]
    loss: Function
    drawn: tuple[Drawn, ...]
    training: Training
    precision: str
    reads: frozenset[str] = frozenset()


def collocated(s: Scenario, taken: NameTable) -> Collocated:
    """The fit of a scenario whose model minimizes."""
    model = s.link.model
    assert model.minimize is not None
    parameters, keys = learned_arrays(model.layers)
    whole = _function_of(model.output)
    wanted = model.holes[0].name if model.holes else "field"
    networks: dict[str, Function] = {}
    low = Lowering()
    low.names.taken |= {"w"}
    start = low.names.fresh(model.input.name)
    low.bind(model.input, Leaf(Ref(start), (), 0))

    def network(f: Lambda) -> str:
        key = digest(f.body)
        if key not in networks:
            networks[key] = _network(f, keys, taken.fresh(identifier(wanted)))
        return networks[key].name

    network(whole)
    drawn: list[Drawn] = []
    left: list[Assign] = []
    for t in walk(model.minimize):
        if isinstance(t, Apply) and t.operator in ("residual", "mismatch"):
            border = t.operator == "mismatch"
            name = low.names.fresh("border" if border else "inside")
            drawn.append(Drawn(name, border, int(str(t.attributes["at"]))))
            function = network(_lambda(t))
            operator = "mismatched" if border else "left_over"
            made = Op(operator, (Ref(start), Ref(name)), {"function": function})
            left.append(Assign(low.names.fresh("conditions" if border else "laws"), made, t.span))
            low.bind(t, Leaf(Ref(left[-1].name), (), 1 if border else 2))
    low.count(model.minimize)
    result = low.leaf(model.minimize).expr
    d = model.entry.declaration
    names = ("w", start, *(x.name for x in drawn))
    doc = f"What {d.name} makes small."
    span = model.minimize.span
    loss = inlined(Function("loss", doc, names, tuple(low.body), (result,), span))
    loss = replace(loss, body=(*left, *loss.body))
    return Collocated(
        solver=taken.fresh(identifier(d.name).lower()),
        doc=d.doc or f"The solver {d.name}.",
        parameters=parameters,
        networks=tuple(networks.values()),
        loss=loss,
        drawn=tuple(drawn),
        training=training(s.trainer),
        precision=PRECISIONS[s.software.precision],
    )


def _function_of(output: Term) -> Lambda:
    assert isinstance(output, Apply)
    found = output.attributes["function"]
    assert isinstance(found, Lambda)
    return found


def _lambda(term: Apply) -> Lambda:
    found = term.attributes["field"]
    assert isinstance(found, Lambda)
    return found


def _network(f: Lambda, keys: Keys, name: str) -> Function:
    """A function of many points at once."""
    low = Lowering()
    low.layers = keys
    low.names.taken |= {"w", "points"}
    (point,) = f.variables
    low.bind(point, Leaf(Ref("points"), (POINTS,), 1))
    low.count(f.body)
    result = packed(low.lower(f.body))
    doc = "The field at some points."
    return inlined(Function(name, doc, ("w", "points"), tuple(low.body), (result,), f.body.span))
