"""Arithmetic, reductions, linear algebra, and what moves elements about."""

from __future__ import annotations

from sailc.emit.numpy_rows import tiling
from sailc.emit.numpy_rows.shared import (
    ALIKE,
    ELEMENTARY,
    INFIX,
    STEPS,
    arguments,
    axes_text,
    called,
    classes,
    constant,
    fourier,
    padded,
    position,
    reduction,
    running,
    stack,
)
from sailc.emit.text.rows import Rows
from sailc.program.tree.nodes import Op, is_tuple


def _norm(op: Op) -> str:
    """NumPy has a name for the norm of a vector and of a matrix."""
    axes = op.attributes.get("axes")
    if is_tuple(axes) and len(axes) > 2:
        return f"np.sqrt((np.abs(a) ** 2).sum({axes_text(op)}))"
    return f"np.linalg.norm({arguments('a', axes_text(op))})"


ROWS: Rows = {
    **INFIX,
    **ALIKE,
    "conj": "np.conj(a)",
    "diagonal": "np.diagonal(a, axis1=-2, axis2=-1)",
    "pad": padded("np"),
    "fft": fourier("np.fft.fft"),
    "ifft": fourier("np.fft.ifft"),
    **{n: f"np.{n}(a)" for n in ELEMENTARY},
    "maximum": "np.maximum(a, b)",
    "minimum": "np.minimum(a, b)",
    "clip": "np.clip(a, b, c)",
    "where": "np.where(a, b, c)",
    "sum": reduction("sum"),
    "product": reduction("prod"),
    "mean": reduction("mean"),
    "std": reduction("std"),
    "variance": reduction("var"),
    "max": reduction("max"),
    "min": reduction("min"),
    "argmax": position("argmax"),
    "argmin": position("argmin"),
    "norm": _norm,
    "median": called("np.median"),
    "quantile": called("np.quantile", more="q"),
    "solve_linear": "np.linalg.solve(a, b[..., None])[..., 0]",
    "lstsq": "(np.linalg.pinv(a) @ b[..., None])[..., 0]",
    "cholesky": "np.linalg.cholesky(a)",
    "inverse": "np.linalg.inv(a)",
    "det": "np.linalg.det(a)",
    "erf": "np.vectorize(math.erf)(a)",
    "cumsum": running("np.cumsum"),
    "sort": running("np.sort"),
    "transpose": "np.swapaxes(a, -1, -2)",
    "concat": "np.concatenate(args, axis=-1)",
    "stack": stack("np", "[*args]", "np.broadcast_arrays(*args)", "axis"),
    "constant": constant("np"),
    "numbers": "np.array(args, float)",
    "or_one": "np.where(a == 0, 1, a)",
    "number_or_one": "a or 1.0",
    "one_hot": lambda op: f"np.eye({classes(op)})[a]",
    "label": "a.astype(np.int64)",
    "as_real": "a.astype(float)",
    "all": "a.all()",
    "repeat_number": "np.full(b, a)",
    "repeat_along": "np.repeat(a, b, axis=axis)",
    "flat_rows": "a.reshape(-1)",
    "flat_pair": "a.reshape(*a.shape[:axis], -1, *a.shape[axis + 2 :])",
    "across": "np.broadcast_arrays(*(v[..., :1] for v in [*args]))[0]",
    "spread": "np.broadcast_to(a, (*b.shape[:-1], n))",
    "merge_rows": "a.reshape(-1, *a.shape[2:])",
    "part_rows": "a.reshape(*b.shape[:n], *a.shape[1:])",
    "repeat_rows": "np.broadcast_to(a, (len(b), *np.shape(a))).copy()",
    "zeros": "np.zeros(shape)",
    "ones": "np.ones(shape)",
    "arange": "np.arange(n)",
    "leading": "np.moveaxis(a, axis, 0)",
    "scan": "np.stack([*itertools.accumulate(b, a, initial=c)][1:], axis)",
    "take": "a[b]",
    "slope": "slope(*args)",
    **{o: f"np.stack([*{text}], axis)" for o, text in STEPS.items()},
    **tiling.ROWS,
}
