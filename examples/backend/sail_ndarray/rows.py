"""NumPy's rows: an operator of the language beside how NumPy writes it.

`a`, `b`, `c` are an operator's arguments, `args` all of them; its options and what it has learned
go by their names. What hangs on more than names is a function of the operator.
"""

from __future__ import annotations

from sailc.emit.numpy_rows.shared import (
    ALIKE,
    ELEMENTARY,
    INFIX,
    called,
    classes,
    constant,
    position,
    reduction,
    running,
    stack,
)
from sailc.emit.numpy_rows.texts import shared
from sailc.emit.text.rows import Rows

ROWS: Rows = {
    # What most libraries write alike: `a + b`, `a @ b`, `a[i]`, reshaping, and so on.
    **INFIX,
    **ALIKE,
    **{name: f"np.{name}(a)" for name in ELEMENTARY},
    # Arithmetic.
    "maximum": "np.maximum(a, b)",
    "minimum": "np.minimum(a, b)",
    "clip": "np.clip(a, b, c)",
    "where": "np.where(a, b, c)",
    "or_one": "np.where(a == 0, 1, a)",
    # Reductions.
    "sum": reduction("sum"),
    "product": reduction("prod"),
    "mean": reduction("mean"),
    "std": reduction("std"),
    "variance": reduction("var"),
    "max": reduction("max"),
    "min": reduction("min"),
    "median": called("np.median"),
    "argmax": position("argmax"),
    "argmin": position("argmin"),
    "cumsum": running("np.cumsum"),
    "sort": running("np.sort"),
    # Linear algebra.
    "transpose": "np.swapaxes(a, -1, -2)",
    "solve_linear": "np.linalg.solve(a, b[..., None])[..., 0]",
    "lstsq": "(np.linalg.pinv(a) @ b[..., None])[..., 0]",
    "inverse": "np.linalg.inv(a)",
    "det": "np.linalg.det(a)",
    # Shapes, and arrays that a program makes itself.
    "concat": "np.concatenate(args, axis=-1)",
    "stack": stack("np", "[*args]", "np.broadcast_arrays(*args)", "axis"),
    "constant": constant("np"),
    "one_hot": lambda op: f"np.eye({classes(op)})[a]",
    "take": "a[b]",
    "zeros": "np.zeros(shape)",
    "ones": "np.ones(shape)",
    "repeat_rows": "np.broadcast_to(a, (len(b), *np.shape(a))).copy()",
    # Functions that stand in activations.
    "relu": "np.maximum(a, 0)",
    "sigmoid": "1 / (1 + np.exp(-a))",
    "softmax": "softmax(a)",
}

SOFTMAX = '''
def softmax(x):
    """The exponentials along the last axis, as shares of their sum."""
    high = np.exp(x - x.max(axis=-1, keepdims=True))
    return high / high.sum(axis=-1, keepdims=True)
'''

HELPERS = {**shared(), "softmax": SOFTMAX.strip()}
"""The functions that rows call, by the operator: a program has those that it calls."""
