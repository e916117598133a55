"""JAX's rows. Convolutions are channels-last, as XLA has them."""

from __future__ import annotations

from sail_jax.fields import FIELDS
from sailc.emit.numpy_rows import tiling
from sailc.emit.numpy_rows.layers import (
    attention,
    batch_norm,
    crop,
    mean_of,
    pool,
    recurrent,
    upsampled,
)
from sailc.emit.numpy_rows.shared import (
    ALIKE,
    ELEMENTARY,
    INFIX,
    among,
    axes_text,
    block_axes,
    called,
    classes,
    constant,
    conv_ends,
    expand,
    fourier,
    layer_text,
    padded,
    position,
    reduction,
    reshape,
    running,
    space_rank,
    stack,
    whole_blocks,
    wraps,
)
from sailc.emit.text.rows import Rows
from sailc.program.tree.nodes import Op, is_tuple


def _linear(op: Op) -> str:
    return "a @ weight + bias" if "bias" in op.parameters else "a @ weight"


def _conv(op: Op) -> str:
    rank = space_rank(op)
    if among(op):
        return f"conv{rank}d(w, {layer_text(op)}, a)"
    stride, dilation, groups = (op.attributes[n] for n in ("stride", "dilation", "groups"))
    padding, source = str([conv_ends(op)] * rank), "a"
    if wraps(op):
        source = f'jnp.pad(a, {[(0, 0), *[conv_ends(op)] * rank, (0, 0)]}, "wrap")'
    if wraps(op) or not any(conv_ends(op)):
        padding = '"VALID"'
    elif op.attributes["pad"] == "same" and stride == 1:
        padding = '"SAME"'
    more = f", stride={stride}" if stride != 1 else ""
    more += f", padding={padding}" if padding != '"SAME"' else ""
    more += f", rhs_dilation={(dilation,) * rank}" if dilation != 1 else ""
    more += f", feature_group_count={groups}" if groups != 1 else ""
    text = f"conv({source}, weight{more})"
    return f"{text} + bias" if "bias" in op.parameters else text


def _conv_transpose(op: Op) -> str:
    """A convolution of places that are `stride` apart, with windows turned around."""
    rank, k, stride = space_rank(op), op.attributes["k"], op.attributes["stride"]
    assert isinstance(k, int)
    before, after = crop(op)
    ends = [(k - 1 - before, k - 1 - after)] * rank
    turned = f"jnp.flip(weight, {tuple(range(rank))})"
    text = f"conv(a, {turned}, padding={ends}, lhs_dilation={(stride,) * rank})"
    return f"{text} + bias" if "bias" in op.parameters else text


def _upsample(op: Op) -> str:
    if op.attributes["kind"] != "linear":
        return upsampled(op)
    sizes = ", ".join(f"a.shape[{axis}] * k" for axis in range(1, space_rank(op) + 1))
    return f'jax.image.resize(a, (len(a), {sizes}, a.shape[-1]), "linear")'


_CROSS_ENTROPY = "optax.softmax_cross_entropy_with_integer_labels(a, b)"


def _norm(op: Op) -> str:
    square = "(jnp.abs(a) ** 2)" if op.attributes.get("of") == "complex" else "(a**2)"
    return f"jnp.sqrt({square}.sum({axes_text(op)}))"


def _grad(op: Op) -> str:
    """What layers write on the way has to leave the derivative's own tracing."""
    return "derivative(a, b, running)" if op.attributes.get("writes") else "jax.grad(a)(b)"


def _scan(op: Op) -> str:
    states = "folded(a, b, c)[1]"
    return f"jnp.moveaxis({states}, 0, axis)" if op.attributes["axis"] else states


def _max(op: Op) -> str:
    return _largest("a", op.attributes.get("axes"))


def _min(op: Op) -> str:
    return f"-{_largest('-a', op.attributes.get('axes'))}"


def _pool(op: Op) -> str:
    """Windows as axes of their own."""
    k = op.attributes["k"]
    assert isinstance(k, int)
    if op.attributes.get("kind") != "max":
        return pool(op)
    axes = block_axes(op)
    return _largest(whole_blocks(op, k), axes if is_tuple(axes) else (axes,))


def _largest(text: str, axes: object) -> str:
    """The largest along some axes, one after another; of all numbers, where there are none."""
    if axes is None:
        return f"largest(jnp.ravel({text}), 0)"
    assert is_tuple(axes)
    found = [axis for axis in axes if isinstance(axis, int)]
    # Those counted from the end stay where they are if the ones before them go first.
    for axis in sorted(found, key=lambda axis: (axis >= 0, -axis if axis >= 0 else axis)):
        text = f"largest({text}, {axis})"
    return text


JAX: Rows = {
    **{k: v for k, v in INFIX.items() if k not in ("take_rows", "length", "each_column")},
    **{n: f"jnp.{n}(a)" for n in ELEMENTARY},
    **ALIKE,
    "conj": "jnp.conj(a)",
    "diagonal": "jnp.diagonal(a, axis1=-2, axis2=-1)",
    "pad": padded("jnp"),
    "fft": fourier("jnp.fft.fft"),
    "ifft": fourier("jnp.fft.ifft"),
    "downsample": pool,
    "bce": lambda op: mean_of(op, "bce(a, b)"),
    "mean_squared_error": "((a - b) ** 2).mean()",
    "mean_bce": "bce(a, b).mean()",
    "expand": expand,
    "reshape": reshape,
    "sigmoid": "jax.nn.sigmoid(a)",
    "erf": "jax.scipy.special.erf(a)",
    "relu": "jax.nn.relu(a)",
    "maximum": "jnp.maximum(a, b)",
    "minimum": "jnp.minimum(a, b)",
    "clip": "jnp.clip(a, b, c)",
    "where": "jnp.where(a, b, c)",
    "sum": reduction("sum"),
    "product": reduction("prod"),
    "mean": reduction("mean"),
    "median": called("jnp.median"),
    "std": reduction("std"),
    "variance": reduction("var"),
    "norm": _norm,
    "max": _max,
    "min": _min,
    "argmax": position("argmax"),
    "argmin": position("argmin"),
    "quantile": called("jnp.quantile", more="q"),
    "solve_linear": "jnp.linalg.solve(a, b[..., None])[..., 0]",
    "lstsq": "(jnp.linalg.pinv(a) @ b[..., None])[..., 0]",
    "cholesky": "jnp.linalg.cholesky(a)",
    "inverse": "jnp.linalg.inv(a)",
    "det": "jnp.linalg.det(a)",
    "spectral_conv": "spectral_conv(a, real, imaginary)",
    "cumsum": running("jnp.cumsum"),
    "sort": running("jnp.sort"),
    "transpose": "jnp.swapaxes(a, -1, -2)",
    "concat": "jnp.concatenate([*args], axis=-1)",
    "stack": stack("jnp", "[*args]", "jnp.broadcast_arrays(*args)", "axis"),
    "constant": constant("jnp"),
    "numbers": "jnp.array(args, float)",
    "or_one": "jnp.where(a == 0, 1, a)",
    "number_or_one": "jnp.where(a == 0, 1, a)",
    "mode": "jax.scipy.stats.mode(a, axis=-1).mode",
    "auc": "auc(a, b)",
    "one_hot": lambda op: f"jax.nn.one_hot(a, {classes(op)})",
    "repeat_rows": "jnp.broadcast_to(a, (len(b), *jnp.shape(a)))",
    "repeat_number": "jnp.full(b, a)",
    "repeat_along": "jnp.repeat(a, b, axis=axis)",
    "zeros": "jnp.zeros(shape)",
    "ones": "jnp.ones(shape)",
    "arange": "jnp.arange(n)",
    "leaky_relu": "jax.nn.leaky_relu(a, b)",
    "gelu": "jax.nn.gelu(a, approximate=False)",
    "silu": "jax.nn.silu(a)",
    "softplus": "jax.nn.softplus(a)",
    "softmax": "jax.nn.softmax(a, axis=-1)",
    "linear": _linear,
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "batch_norm": batch_norm,
    "dropout": "dropout(a, b, running, draws, training)",
    "layer_norm": "layer_norm(a, scale, shift)",
    "embedding": "weight[a]",
    "lstm": recurrent,
    "gru": recurrent,
    "attention": attention,
    # A window operator differentiates slower on a CPU (3 times, for pictures of 8 x 8).
    "pool": _pool,
    "upsample": _upsample,
    **tiling.ROWS,
    **FIELDS,
    "parameter": "value",
    "grad": _grad,
    "flat_pair": "a.reshape(*a.shape[:axis], -1, *a.shape[axis + 2 :])",
    "across": "jnp.broadcast_arrays(*(v[..., :1] for v in [*args]))[0]",
    "spread": "jnp.broadcast_to(a, (*b.shape[:-1], n))",
    "leading": "jnp.moveaxis(a, axis, 0)",
    "fold": "folded(a, b, c)[0]",
    "scan": _scan,
    "in_step": "args",
    "take": "a[b]",
    "motion": "scan_verlet(a, b, c, d, steps, axis)",
    "rk4": "scan_rk4(a, b, c, steps, axis)",
    "cross_entropy": lambda op: mean_of(op, _CROSS_ENTROPY),
    "mean_cross_entropy": f"{_CROSS_ENTROPY}.mean()",
    "merge_batch": lambda op: f"a.reshape(-1, *a.shape[{op.batch}:])" if op.batch else "a[None]",
    "part_batch": lambda op: (
        f"a.reshape(*b.shape[:{op.batch}], *a.shape[1:])" if op.batch else "a[0]"
    ),
}  # fmt: skip
