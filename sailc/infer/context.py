"""What elaboration carries along: the solver, the names, the diagnostics, the fuel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.diagnostics.base import Diagnostic, Note
from sailc.diagnostics.names import NeedsItself
from sailc.diagnostics.types import (
    DimensionMismatch,
    TooMuch,
    TypeMismatch,
    UnitMismatch,
)
from sailc.infer.values import Closure, Given, Primitive, Scope, Value
from sailc.names import Names
from sailc.source import NOWHERE, Span
from sailc.syntax import tree
from sailc.terms import Const, Layer, Term, Var
from sailc.types.dims import Dim
from sailc.types.model import UNKNOWN, Shape, Tensor, Type, show
from sailc.types.parts import told_apart
from sailc.types.solver import Mismatch, Solver
from sailc.units import Unit

FUEL = 200_000


_OF_THE_BODY = frozenset({"E0201", "E0203", "E0304", "E0312"})


class Site(Struct, frozen=True):
    """A call of a function that is declared elsewhere, in `body`."""

    name: str
    span: Span
    body: Span


class OutOfFuel(Exception):
    """Elaboration took too many steps; caught where elaboration begins."""

    def __init__(self, span: Span) -> None:
        super().__init__("out of fuel")
        self.span = span


def never(span: Span) -> bool:
    return False


class Context(Struct, eq=False):
    """One elaboration.

    `file_type` gives the type of a dataset's file from its header; `evaluator` and `caller`
    are the two functions that all rules need, tied here so that no module needs both.
    `facts` are what is known as `hardware` and `software`.
    `wrong_alone` tells of a function whether it is wrong whatever it is given: that is said
    where it is declared, and not of its uses. `counts` says whether operators' costs are
    wanted: checking asks for none. `independents` are the variables of the equation at hand.
    """

    names: Names
    file_type: Callable[[str, str, str, Span], tuple[Type, tuple[Diagnostic, ...]]]
    evaluator: Callable[[Context, tree.Expr, Scope], Value]
    caller: Callable[[Context, Value, list[Given], Mapping[str, Given], Span], Value]
    wrong_alone: Callable[[Span], bool] = never
    solver: Solver = field(default_factory=Solver)
    found: dict[tuple[str, Span], Diagnostic] = field(
        default_factory=dict[tuple[str, Span], Diagnostic]
    )
    fuel: int = FUEL
    counts: bool = True
    part: str = ""
    layers: list[Layer] = field(default_factory=list[Layer])
    calls: list[str] = field(default_factory=list[str])
    roots: dict[str, Scope] = field(default_factory=dict[str, Scope])
    files: dict[tuple[str, str], Term] = field(default_factory=dict[tuple[str, str], Term])
    independents: tuple[Var, ...] = ()
    home: Span = NOWHERE
    site: Site | None = None
    facts: Mapping[str, Value] = {}

    def step(self, span: Span, count: int = 1) -> None:
        self.fuel -= count
        if self.fuel < 0:
            raise OutOfFuel(span)

    def evaluate(self, expr: tree.Expr, scope: Scope) -> Value:
        """The value of an expression; `Poison` after a mistake, which is reported."""
        return self.evaluator(self, expr, scope)

    def apply(
        self, function: Value, positional: list[Given], named: Mapping[str, Given], span: Span
    ) -> Value:
        """The value of a function applied to arguments."""
        return self.caller(self, function, positional, named, span)

    def operator(self, name: str) -> Primitive:
        """The library's declaration of an operator."""
        entry = self.names.prelude[name]
        return Primitive(entry.declaration, self.root(entry.file))

    def enter(self, function: Closure, span: Span) -> Site | None:
        """Note that the body of a function from outside of the declaration at hand is being
        expanded for a call at `span`; returns what was noted before."""
        before = self.site
        inside = (
            function.span.file == self.home.file
            and self.home.start <= function.span.start < self.home.end
        )
        if before is None and function.name and not inside and self.home != NOWHERE:
            self.site = Site(function.name, span, function.span)
        return before

    def report(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic; one of a code at a place is enough.

        What is wrong in the body of a function from outside, for one of its uses, is said
        of the use; what is wrong there for every use is said where it is declared.
        """
        if self.site is not None:
            entailed = diagnostic.code in _OF_THE_BODY or (
                diagnostic.code != NeedsItself.code and self.wrong_alone(self.site.body)
            )
            if entailed:
                return
            note = Note(diagnostic.span, f"in the body of `{self.site.name}`")
            notes = (note, *diagnostic.notes)
            diagnostic = replace(diagnostic, span=self.site.span, notes=notes)
        self.found.setdefault((diagnostic.code, diagnostic.span), diagnostic)

    def out_of_fuel(self, error: OutOfFuel) -> None:
        self.report(TooMuch(span=error.span))

    @property
    def failed(self) -> bool:
        return any(d.severity == "error" for d in self.found.values())

    def root(self, file: str) -> Scope:
        """The outermost scope of a file."""
        if file not in self.roots:
            self.roots[file] = Scope({}, None, file)
        return self.roots[file]

    def poison(self, span: Span) -> Term:
        return Const(UNKNOWN, span, None)

    # --- unification with its diagnostics ------------------------------------------------

    def unify(
        self,
        found: Type,
        expected: Type,
        span: Span,
        context: str = "",
        declared: Span | None = None,
    ) -> bool:
        """Make two types one; reports and returns False where they cannot be. `declared` is
        where the text says what is expected."""
        before = self.solver.resolve(found), self.solver.resolve(expected)
        wrong = self.solver.unify(found, expected, span)
        if wrong is not None:
            there = (Note(declared, "it is declared here"),) if declared is not None else ()
            self.mismatch(wrong, before[0], before[1], span, context, there)
        return wrong is None

    def mismatch(
        self,
        wrong: Mismatch,
        found: Type,
        expected: Type,
        span: Span,
        context: str = "",
        notes: tuple[Note, ...] = (),
    ) -> None:
        notes = (*notes, *_because(wrong))
        if wrong.kind == "dimension" and isinstance(wrong.left, Dim):
            assert isinstance(wrong.right, Dim)
            whole = ("", "") if _is_scalar(found) else self.shown(found, expected)
            self.report(
                DimensionMismatch(
                    span=span,
                    left=str(wrong.left),
                    right=str(wrong.right),
                    found=whole[0],
                    expected=whole[1],
                    notes=notes,
                )
            )
        elif wrong.kind == "unit" and isinstance(wrong.left, Unit):
            self.report(
                UnitMismatch(
                    span=span,
                    left=str(wrong.left),
                    right=str(wrong.right),
                    context=context,
                    notes=notes,
                )
            )
        else:
            one, other = self.shown(found, expected)
            self.report(
                TypeMismatch(
                    span=span,
                    found=one,
                    expected=other,
                    context=context,
                    notes=notes,
                )
            )

    def type_of(self, term: Term) -> Type:
        return self.solver.resolve(term.type)

    def shown(self, *types: Type) -> tuple[str, ...]:
        """Types that stand together in a text; two lengths in them have two names."""
        known = [self.solver.resolve(t) for t in types]
        apart = self.solver.fork()
        apart.names.update(told_apart(*known))
        return tuple(show(apart.resolve(t)) for t in known)

    def shape_of(self, term: Term) -> Shape | None:
        """The shape of a tensor, None of anything else."""
        match self.type_of(term):
            case Tensor(_, shape):
                return shape
            case _:
                return None


def _because(wrong: Mismatch) -> tuple[Note, ...]:
    if wrong.because == NOWHERE:
        return ()
    return (Note(wrong.because, "it was fixed here"),)


def _is_scalar(type: Type) -> bool:
    return isinstance(type, Tensor) and not type.shape
