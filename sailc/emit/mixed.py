"""Mixed precision: models compute in bfloat16, of weights and with answers in single precision.

A backend has a function that wraps a model's. What would lose too much inside is taken out: its
arguments are made wide before it, and its result narrow again, where the backend does not see by
itself what may be.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.emit.text.rows import Rows
from sailc.program.tree.expressions import rebuild, rebuilt
from sailc.program.tree.nodes import Expr, Function, Literal, Op, Step
from sailc.program.tree.programs import Program, Stage

WRAPPER, WIDE, NARROW = "mixed", "wide", "narrow"


class Mixing(Struct, frozen=True):
    """How a backend writes mixed precision: `wrapper` defines the function `mixed` for models
    whose answer is one array, `structured` for others (`MODES` stands for what else these are
    told), `wide` are the operators that take their
    arguments in single precision, and `narrowed` those among them whose result is brought back;
    `rows` write both, and `helpers` stand in the place of others."""

    wrapper: str
    structured: str
    wide: frozenset[str]
    rows: Rows
    narrowed: frozenset[str] = frozenset()
    helpers: Mapping[str, str] = field(default_factory=dict[str, str])

    def wrapping(self, program: Program) -> str:
        """The function that wraps the models of a program."""
        several = any("output" in s.structured for s in program.stages)
        wrapped = [f for f in program.on_backend if f.decorator]
        modes = ", *modes, **training" if any(f.modes for f in wrapped) else ""
        return (self.structured if several else self.wrapper).replace("MODES", modes)

    def mix(self, program: Program) -> Program:
        """A program whose models, and what makes these small, are in mixed precision."""
        return replace(program, stages=tuple(map(self._stage, program.stages)))

    def _stage(self, s: Stage) -> Stage:
        loss = s.loss
        if loss is not None and s.minimized:
            loss = self.function(loss)
            loss = replace(loss, results=tuple(map(self._summed, loss.results)))
        return replace(s, model=self.function(s.model), loss=loss)

    def _summed(self, expr: Expr) -> Expr:
        """A loss: the mean of many numbers, in single precision."""
        if not self.narrowed or not isinstance(expr, Op) or expr.operator != "mean":
            return expr
        return replace(expr, arguments=tuple(map(_widened, expr.arguments)))

    def function(self, f: Function) -> Function:
        """A function in mixed precision."""
        return replace(rebuilt(f, self._changed), decorator=WRAPPER)

    def _changed(self, expr: Expr) -> Expr:
        made = rebuild(expr, self._changed)
        if not isinstance(made, Op) or made.operator not in self.wide:
            return made
        first, *others = made.arguments
        if made.operator not in LABELLED:
            others = map(_widened, others)
        wide = replace(made, arguments=(_widened(first), *others))
        return Op(NARROW, (wide,)) if made.operator in self.narrowed else wide


def _widened(expr: Expr) -> Expr:
    """An argument in single precision; numbers that stand in the program, and functions, have
    none."""
    if isinstance(expr, Literal | Step):
        return expr
    if isinstance(expr, Op) and expr.operator == NARROW:
        return expr.arguments[0]
    return Op(WIDE, (expr,))


# What takes scores first, and labels second.
LABELLED = frozenset(["cross_entropy", "mean_cross_entropy"])

# What takes logarithms, powers, or sums of many numbers, and what has no kernels for bfloat16.
NUMERICAL = frozenset(
    [
        *("cholesky", "inverse", "det", "solve_linear", "lstsq", "qr", "svd", "eigh"),
        *("fft", "ifft", "spectral_conv", "quantile", "median"),
    ]
)
