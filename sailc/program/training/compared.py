"""What a loss compares: answers, and the truths that are made ready for it with the data.

A loss of numbers is measured in the spread of the truths. Answers of a model whose numbers are
standardized are in it already, and truths can be: once, in double precision, instead of in every
step. Then `((output * spread + center) / spread - truth / spread) ^ 2` is
`(output - target) ^ 2`, of `target = (truth - center) / spread`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sailc.infer.modules.trainer import Loss
from sailc.program.arrays.layout import Leaf, Vector
from sailc.program.arrays.vectors import Lowering
from sailc.program.tree.expressions import replaced, variables
from sailc.program.tree.nodes import Expr, Function, Op, Ref
from sailc.source import Span
from sailc.terms import Apply, below, walk

A_LINE = 6
"""How many variables an expression may read that is to be one line."""


def moved(loss: Loss, answer: Vector, numbers: Iterable[str]) -> tuple[Vector, Ref | None]:
    """An answer without the one of some `numbers` that was added at last, and that number, where
    a loss compares differences: then answer and truth may be moved alike."""
    match answer:
        case Leaf(Op("add", (x, Ref(name) as number)), levels, rank) if name in numbers:
            return (Leaf(x, levels, rank), number) if _of_differences(loss) else (answer, None)
        case _:
            return answer, None


def _of_differences(loss: Loss) -> bool:
    """Whether a loss reads answer and truth only as the one less the other."""
    pair = {id(loss.answer), id(loss.truth)}
    for t in walk(loss.value):
        read = {id(b) for b in below(t)} & pair
        if read and not (isinstance(t, Apply) and t.operator == "subtract" and read == pair):
            return False
    return True


def in_spread(low: Lowering, vector: Vector, scale: str, name: str, span: Span) -> Leaf:
    """What a loss compares, in the spread of the truths: a statement of its own. What was
    multiplied by that is the same without."""
    assert isinstance(vector, Leaf)
    match vector.expr:
        case Op("multiply", (x, Ref(by))) if by == scale:
            expr = x
        case whole:
            expr = Op("divide", (whole, Ref(scale)))
    made = Leaf(expr, vector.levels, vector.rank)
    return made if isinstance(expr, Ref) else low.store(name, made, span)


def target(parameters: tuple[str, ...], value: Expr, span: Span) -> Function:
    """What makes of truths, the first of its parameters, what the loss compares."""
    return Function("target", "Truths as the loss compares them.", parameters, (), (value,), span)


def said_at_once(low: Lowering, loss: Expr, compared: Iterable[Vector]) -> Expr:
    """A loss with what it compares in the place of names, where it reads each of these but once."""
    names = [v.expr for v in compared if isinstance(v, Leaf)]
    read = Counter(variables(loss))
    last = {a.name: a for a in low.body[-2:] if Ref(a.name) in names and not a.label}
    made = replaced(loss, {name: a.value for name, a in last.items()})
    if any(read[name] != 1 for name in last) or len(variables(made)) > A_LINE:
        return loss
    low.body = [a for a in low.body if a.name not in last]
    return made
