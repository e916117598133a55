"""Derivatives of what is computed of data: NumPy has none, so that what is differentiated
becomes a function for the backend."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.program.points.lines import alike
from sailc.program.tree.expressions import operations, reads, rebuild
from sailc.program.tree.names import NameTable, occupied
from sailc.program.tree.nodes import Assign, Block, Expr, Function, Op, Ref, Step, Text
from sailc.program.tree.programs import Program, Stage
from sailc.source import Span

Blocks = dict[str, Assign]


def with_slopes(program: Program) -> Program:
    """A program whose data have no derivatives but those that its backend takes."""
    made = _Slopes(NameTable({*occupied(), *(f.name for f in program.functions)}))
    load = made.function(program.load)
    stages = tuple(map(made.stage, program.stages))
    if not made.varied:
        return program
    return replace(program, load=load, stages=stages, varied=tuple(made.varied))


class _Slopes(Struct):
    """The functions that are differentiated, as they are found."""

    names: NameTable
    varied: list[Function] = field(default_factory=list[Function])

    def stage(self, s: Stage) -> Stage:
        points = tuple(map(self.function, s.data.points))
        return replace(s, data=replace(s.data, points=points))

    def function(self, f: Function) -> Function:
        """A function without the functions inside that it only differentiates."""
        wanted = _differentiated(f)
        blocks: Blocks = {}
        body = self._body(f.body, wanted, blocks)
        results = tuple(self._expr(r, wanted, blocks, f.span) for r in f.results)
        return replace(f, body=body, results=results)

    def _body(self, body: Iterable[Assign], wanted: set[str], blocks: Blocks) -> tuple[Assign, ...]:
        found: list[Assign] = []
        for a in body:
            if a.name in wanted and isinstance(a.value, Block):
                blocks[a.name] = a
            else:
                found.append(replace(a, value=self._expr(a.value, wanted, blocks, a.span)))
        return tuple(found)

    def _expr(self, expr: Expr, wanted: set[str], blocks: Blocks, span: Span) -> Expr:
        match expr:
            case Op("grad", (Ref(name), by)):
                block = blocks[name].value
                assert isinstance(block, Block)
                inner = self._expr(by, wanted, blocks, span)
                return self._slope(name, block.parameters, block.body, block.result, inner, span)
            case Op("grad", (Step(parameters, body), by)):
                inner = self._expr(by, wanted, blocks, span)
                return self._slope("value", parameters, (), body, inner, span)
            case Block(parameters, body, result):
                inside = self._body(body, wanted, blocks)
                return Block(parameters, inside, self._expr(result, wanted, blocks, span))
            case _:
                return rebuild(expr, lambda e: self._expr(e, wanted, blocks, span))

    def _slope(
        self,
        label: str,
        parameters: tuple[str, ...],
        body: tuple[Assign, ...],
        result: Expr,
        by: Expr,
        span: Span,
    ) -> Op:
        """The derivative of a function that is the program's from now on: what it reads of those
        around it is given to it."""
        known = tuple(sorted(reads(Block(parameters, body, result))))
        doc = "What is differentiated while data are made."
        made = Function(label, doc, (*parameters, *known), body, (result,), span)
        twin = next((f for f in self.varied if alike(f, made)), None)
        if twin is None:
            twin = replace(made, name=self.names.fresh(label))
            self.varied.append(twin)
        return Op("slope", (Text(twin.name), by, *map(Ref, known)))


def _differentiated(f: Function) -> set[str]:
    """The names of functions whose derivatives a function takes."""
    taken = (o.arguments[0] for o in operations(*f.expressions) if o.operator == "grad")
    return {e.name for e in taken if isinstance(e, Ref)}
