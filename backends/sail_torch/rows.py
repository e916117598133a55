"""PyTorch's rows. Tensors are channels-last; convolutions see a view with channels first,
which PyTorch knows as the memory format `channels_last`, so nothing is copied."""

from __future__ import annotations

from sail_torch.fields import FIELDS
from sailc.emit.numpy_rows import tiling
from sailc.emit.numpy_rows.layers import attention, crop, mean_of, recurrent
from sailc.emit.numpy_rows.shared import (
    ALIKE,
    ELEMENTARY,
    INFIX,
    STEPS,
    among,
    called,
    classes,
    constant,
    conv_ends,
    expand,
    fourier,
    layer_text,
    position,
    reduction,
    reshape,
    running,
    space_rank,
    stack,
    state_text,
    wraps,
)
from sailc.emit.text.rows import Row, Rows
from sailc.program.tree.nodes import Literal, Op, is_tuple


def _linear(op: Op) -> str:
    return "F.linear(a, weight, bias)" if "bias" in op.parameters else "F.linear(a, weight)"


SEVERAL = 2
"""From how many plain convolutions on a function of their layers' names is shorter."""


def _conv(op: Op) -> str:
    stride, dilation, groups = (op.attributes[n] for n in ("stride", "dilation", "groups"))
    before, after = conv_ends(op)
    source, more = "a.movedim(-1, 1)", ""
    if among(op) >= SEVERAL:
        return f"conv{space_rank(op)}d(w, {layer_text(op)}, {source}).movedim(1, -1)"
    if op.attributes["pad"] == "same" and stride == 1:
        more = ', padding="same"'
    elif before == after and not wraps(op):
        more = f", padding={before}" if before else ""
    else:
        beyond = ', "circular"' if wraps(op) else ""
        source = f"F.pad({source}, {(before, after) * space_rank(op)}{beyond})"
    more += f", stride={stride}" if stride != 1 else ""
    more += f", dilation={dilation}" if dilation != 1 else ""
    more += f", groups={groups}" if groups != 1 else ""
    bias = ", bias" if "bias" in op.parameters else ""
    return f"F.conv{space_rank(op)}d({source}, weight{bias}{more}).movedim(1, -1)"


def _conv_transpose(op: Op) -> str:
    """What is left out is the same at both ends, but for one place more at the last."""
    stride, (before, after) = op.attributes["stride"], crop(op)
    more = f", stride={stride}" if stride != 1 else ""
    more += f", padding={before}" if before else ""
    bias = ", bias" if "bias" in op.parameters else ""
    rank = space_rank(op)
    text = f"F.conv_transpose{rank}d(a.movedim(-1, 1), weight{bias}{more})"
    if after > before:
        text += f"[..., {', '.join([':-1'] * rank)}]"
    return f"{text}.movedim(1, -1)"


def _batch_norm(op: Op) -> str:
    """PyTorch's own refuses one number for each channel, which a batch of one point may be."""
    before = op.attributes["before"]
    assert is_tuple(before)
    name = "F.batch_norm" if any(n != 1 for n in before[:-1]) else "batch_norm"
    numbers = "mean, variance, scale, shift, training"
    if op.batch == 1 and not space_rank(op):
        return f"{name}(a, {numbers})"
    return f"{name}(a.movedim(-1, 1), {numbers}).movedim(1, -1)"


def batch_norm_again(op: Op) -> str:
    """Where a step calls it several times: its state is given whole."""
    numbers = f"running, {state_text(op)}, scale, shift, training"
    if op.batch == 1 and not space_rank(op):
        return f"batch_norm(a, {numbers})"
    return f"batch_norm(a.movedim(-1, 1), {numbers}).movedim(1, -1)"


def _pool(op: Op) -> str:
    kind = "max" if op.attributes.get("kind") == "max" else "avg"
    return f"F.{kind}_pool{space_rank(op)}d(a.movedim(-1, 1), k).movedim(1, -1)"


def _upsample(op: Op) -> str:
    kind = op.attributes["kind"]
    linear = ("linear", "bilinear", "trilinear")[space_rank(op) - 1]
    mode = "" if kind == "nearest" else f', mode="{linear}"'
    more = ", align_corners=True" if kind == "corners" else ""
    return f"F.interpolate(a.movedim(-1, 1), scale_factor=k{mode}{more}).movedim(1, -1)"


def _scores(op: Op) -> str:
    """`cross_entropy` wants the labels' dimension second."""
    return "a.movedim(-1, 1)" if space_rank(op) else "a"


def _cross_entropy(op: Op) -> str:
    text = f'F.cross_entropy({_scores(op)}, b, reduction="none")'
    return f"{text}.flatten(1).mean(dim=1)" if space_rank(op) else text


def _bce(op: Op) -> str:
    return mean_of(op, 'F.binary_cross_entropy(a, b, reduction="none")', "dim")


def _pad(op: Op) -> str:
    n, kind = op.attributes["n"], op.attributes["kind"]
    if kind == "constant":
        return f"F.pad(a, {(0, 0) + (n, n) * space_rank(op)})"
    return f'pad(a, {n}, "{kind}")'


def _bounded(name: str, end: str) -> Row:
    """The larger or smaller of two; a number beside a tensor is a bound of it."""

    def row(op: Op) -> str:
        first, second = op.arguments
        if isinstance(second, Literal):
            return f"a.clamp({end}=b)"
        return f"b.clamp({end}=a)" if isinstance(first, Literal) else f"torch.{name}(a, b)"

    return row


def _mean(op: Op) -> str:
    """PyTorch takes no mean of truth values."""
    of = "(a * 1.0)" if op.attributes.get("of") == "bool" else "a"
    return reduction("mean", "dim", of)(op)


def _axis(op: Op) -> int:
    axis = op.attributes["axis"]
    assert isinstance(axis, int)
    return axis


def _quantile(share: str) -> Row:
    """The value below which a share lies, of all or along one axis at a time."""

    def row(op: Op) -> str:
        axes = op.attributes.get("axes")
        if axes is None:
            return f"torch.quantile(a, {share})"
        assert is_tuple(axes)
        if len(axes) == 1:
            return f"torch.quantile(a, {share}, dim={axes[0]})"
        return f"torch.quantile(a.flatten(-{len(axes)}), {share}, dim=-1)"

    return row


def _repeat_rows(op: Op) -> str:
    first = op.arguments[0]
    if isinstance(first, Literal) and isinstance(first.value, int | float):
        return f"torch.full((len(b),), {float(first.value)}, device=b.device)"
    rank = op.attributes["rank"]
    assert isinstance(rank, int)
    return f"a.expand({', '.join(['len(b)', *['-1'] * rank])})"


TORCH: Rows = {
    **{k: v for k, v in INFIX.items() if k not in ("take_rows", "length", "each_column")},
    **{n: f"torch.{n}(a)" for n in (*ELEMENTARY, "sigmoid", "erf", "relu")},
    **ALIKE,
    "conj": "torch.conj(a)",
    "diagonal": "torch.diagonal(a, dim1=-2, dim2=-1)",
    "pad": _pad,
    "windows": lambda op: f"a.unfold(axis, n, stride).movedim(-1, {_axis(op) + 1})",
    "fft": fourier("torch.fft.fft", "dim"),
    "ifft": fourier("torch.fft.ifft", "dim"),
    "downsample": _pool,
    "bce": _bce,
    "mean_squared_error": "F.mse_loss(a, b)",
    "mean_bce": "F.binary_cross_entropy(a, b)",
    "expand": expand,
    "reshape": reshape,
    "maximum": _bounded("maximum", "min"),
    "minimum": _bounded("minimum", "max"),
    "clip": "torch.clamp(a, b, c)",
    "where": "torch.where(a, b, c)",
    "sum": reduction("sum", "dim"),
    "product": reduction("prod", "dim"),
    "mean": _mean,
    "median": _quantile("0.5"),
    # Of a population: a sum of squares divided by how many there are.
    "std": reduction("std", "dim", more="correction=0"),
    "variance": reduction("var", "dim", more="correction=0"),
    "norm": called("torch.linalg.vector_norm", "dim"),
    "max": reduction("amax", "dim"),
    "min": reduction("amin", "dim"),
    "argmax": position("argmax"),
    "argmin": position("argmin"),
    "quantile": _quantile("q"),
    "solve_linear": "torch.linalg.solve(a, b[..., None])[..., 0]",
    "lstsq": "(torch.linalg.pinv(a) @ b[..., None])[..., 0]",
    "cholesky": "torch.linalg.cholesky(a)",
    "inverse": "torch.linalg.inv(a)",
    "det": "torch.linalg.det(a)",
    "spectral_conv": "spectral_conv(a, real, imaginary)",
    "cumsum": running("torch.cumsum", "dim"),
    "sort": lambda op: f"torch.sort(a, dim={op.attributes['axis']}).values",
    "transpose": "a.transpose(-1, -2)",
    "concat": "torch.cat([*args], dim=-1)",
    "stack": stack("torch", "[*args]", "torch.broadcast_tensors(*args)", "dim"),
    "constant": constant("torch"),
    "numbers": "torch.tensor(args) * 1.0",
    "or_one": "torch.where(a == 0, 1, a)",
    "number_or_one": "torch.where(a == 0, 1, a)",
    "mode": "torch.mode(a, dim=-1).values",
    "auc": "auc(a, b)",
    "one_hot": lambda op: f"F.one_hot(a, {classes(op)}).to(torch.get_default_dtype())",
    "repeat_rows": _repeat_rows,
    "repeat_number": "c.new_full((b,), a)",
    "repeat_along": "a.repeat_interleave(b, dim=axis)",
    "beside": "b.new_tensor(a)",
    "scalar": "torch.tensor(float(a))",
    "zeros": "torch.zeros(shape)",
    "ones": "torch.ones(shape)",
    "arange": "torch.arange(n)",
    "leaky_relu": "F.leaky_relu(a, b)",
    "take": "a[b]",
    **{o: f"torch.stack([*{text}], dim=axis)" for o, text in STEPS.items()},
    "gelu": "F.gelu(a)",
    "silu": "F.silu(a)",
    "softplus": "F.softplus(a)",
    "softmax": "torch.softmax(a, dim=-1)",
    "linear": _linear,
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "batch_norm": _batch_norm,
    "dropout": "F.dropout(a, b, training)",
    "layer_norm": "F.layer_norm(a, scale.shape, scale, shift)",
    "embedding": "weight[a]",
    "lstm": recurrent,
    "gru": recurrent,
    "attention": attention,
    "pool": _pool,
    "upsample": _upsample,
    **tiling.ROWS,
    **FIELDS,
    "parameter": "value",
    "grad": "gradient(a, b)",
    "value_and_grad": "value_and_gradient(a, b)",
    "flat_pair": "a.flatten(axis, axis + 1)",
    "across": "torch.broadcast_tensors(*(v[..., :1] for v in [*args]))[0]",
    "spread": "a.expand(*b.shape[:-1], n)",
    "leading": "a.movedim(axis, 0)",
    "scan": "torch.stack([*itertools.accumulate(b, a, initial=c)][1:], axis)",
    "cross_entropy": _cross_entropy,
    "mean_cross_entropy": lambda op: f"F.cross_entropy({_scores(op)}, b)",
    "merge_batch": lambda op: f"a.flatten(0, {op.batch - 1})" if op.batch else "a[None]",
    "part_batch": lambda op: f"a.unflatten(0, b.shape[:{op.batch}])" if op.batch else "a[0]",
}  # fmt: skip
