"""Layers and activations, written in NumPy: what the tests compare the backends' own with."""

from __future__ import annotations

from sailc.emit.numpy_rows.shared import (
    block_axes,
    conv_ends,
    space_rank,
    state_text,
    whole_blocks,
    wraps,
)
from sailc.emit.numpy_rows.texts import shared
from sailc.emit.text.rows import Rows
from sailc.program.tree.nodes import Op, is_tuple


def _conv(op: Op) -> str:
    more = ""
    for name in ("stride", "dilation", "groups"):
        if op.attributes.get(name, 1) != 1:
            more += f", {name}={op.attributes[name]}"
    if any(conv_ends(op)):
        more += f", ends={conv_ends(op)}"
    if wraps(op):
        more += ', beyond="wrap"'
    text = f"conv(a, weight{more})"
    return f"{text} + bias" if "bias" in op.parameters else text


def pool(op: Op) -> str:
    """Windows as axes of their own."""
    k = op.attributes["k"]
    assert isinstance(k, int)
    reduce = "max" if op.attributes.get("kind") == "max" else "mean"
    return f"{whole_blocks(op, k)}.{reduce}({block_axes(op)})"


PLACES = {
    "linear": "((np.arange(n * k) + 0.5) / k - 0.5).clip(0, n - 1)",
    "corners": "np.linspace(0, n - 1, n * k)",
}
"""Where the numbers along a dimension of n are, of which there are k times as many then."""


def upsampled(op: Op) -> str:
    """Every number k times along each dimension of space, or what is between them."""
    kind = op.attributes["kind"]
    assert isinstance(kind, str)
    if kind != "nearest":
        return f"interpolated(a, [{PLACES[kind]} for n in a.shape[1:-1]])"
    return "a" + "".join(f".repeat(k, axis={axis})" for axis in range(1, space_rank(op) + 1))


def mean_of(op: Op, text: str, keyword: str = "axis") -> str:
    """The mean over all of a point of what is known of each of its numbers."""
    before = op.attributes["before"]
    assert is_tuple(before)
    rank = len(before) - (op.operator == "cross_entropy")
    if not rank:
        return text
    axes = -1 if rank == 1 else tuple(range(-rank, 0))
    return f"({text}).mean({keyword}={axes})"


def _cross_entropy(op: Op) -> str:
    return mean_of(op, "-np.take_along_axis(log_softmax(a), b[..., None], -1)[..., 0]")


def _bce(op: Op) -> str:
    return mean_of(op, "-(b * bounded_log(a) + (1 - b) * bounded_log(1 - a))")


def crop(op: Op) -> tuple[int, int]:
    """What a transposed convolution leaves out at the two ends of all that windows reach."""
    k, stride = op.attributes["k"], op.attributes["stride"]
    assert isinstance(k, int)
    assert isinstance(stride, int)
    more = k - stride if op.attributes["pad"] == "same" else 0
    return more // 2, more - more // 2


def _conv_transpose(op: Op) -> str:
    stride = op.attributes["stride"]
    more = f", {stride}" if stride != 1 or any(crop(op)) else ""
    more += f", {crop(op)}" if any(crop(op)) else ""
    text = f"conv_transpose(a, weight{more})"
    return f"{text} + bias" if "bias" in op.parameters else text


def recurrent(op: Op) -> str:
    """`lstm(a, input, hidden, bias)`, with what biases there are."""
    return f"{op.operator}(a, {', '.join(op.parameters)})"


def attention(op: Op) -> str:
    biases = [n for n in op.parameters if n.endswith("bias")]
    return f"attention(a, {', '.join(['input', 'output', 'heads', *biases])})"


def _linear(op: Op) -> str:
    return "a @ weight + bias" if "bias" in op.parameters else "a @ weight"


def batch_norm(op: Op) -> str:
    """Its state is given whole, and written to in training."""
    return f"batch_norm(a, scale, shift, running, {state_text(op)}, training)"


ROWS: Rows = {
    "sigmoid": "1 / (1 + np.exp(-a))",
    "relu": "np.maximum(a, 0)",
    "leaky_relu": "np.where(a > 0, a, b * a)",
    "gelu": "a * (1 + np.vectorize(math.erf)(a / math.sqrt(2))) / 2",
    "silu": "a / (1 + np.exp(-a))",
    "softplus": "np.logaddexp(a, 0)",
    "softmax": (
        "np.exp(a - a.max(axis=-1, keepdims=True)) / "
        "np.exp(a - a.max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True)"
    ),
    "parameter": "value",
    "linear": _linear,
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "batch_norm": batch_norm,
    "dropout": "a",
    "layer_norm": "layer_norm(a, scale, shift)",
    "embedding": "weight[a]",
    "lstm": recurrent,
    "gru": recurrent,
    "attention": attention,
    "spectral_conv": "spectral_conv(a, real, imaginary)",
    "pool": pool,
    "upsample": upsampled,
    "cross_entropy": _cross_entropy,
    "bce": _bce,
    "downsample": pool,
    "merge_batch": lambda op: f"a.reshape(-1, *a.shape[{op.batch}:])" if op.batch else "a[None]",
    "part_batch": lambda op: (
        f"a.reshape(*b.shape[:{op.batch}], *a.shape[1:])" if op.batch else "a[0]"
    ),
}

_CONV = '''
def conv(x, weight, stride=1, dilation=1, groups=1, ends=(0, 0), beyond="constant"):
    """Windows of all places times weights, whose first axes are the window's."""
    rank = weight.ndim - 2
    x = np.pad(x, [(0, 0), *[ends] * rank, (0, 0)], beyond)
    wide = [(k - 1) * dilation + 1 for k in weight.shape[:rank]]
    space = tuple(range(1, rank + 1))
    windows = np.lib.stride_tricks.sliding_window_view(x, wide, space)
    windows = windows[(slice(None), *[slice(None, None, stride)] * rank)]
    windows = windows[(..., *[slice(None, None, dilation)] * rank)]
    pairs = zip(np.split(windows, groups, rank + 1), np.split(weight, groups, -1), strict=True)
    return np.concatenate([np.tensordot(a, np.moveaxis(b, -2, 0), rank + 1) for a, b in pairs], -1)
'''
_CONV_TRANSPOSE = '''
def conv_transpose(x, weight, stride=1, crop=(0, 0)):
    """Every place times weights, whose first axes are a window's, spread over a window."""
    *window, _, c = weight.shape
    space = [(n - 1) * stride + k for n, k in zip(x.shape[1:-1], window, strict=True)]
    whole = np.zeros((len(x), *space, c))
    for place in itertools.product(*map(range, window)):
        ends = zip(place, x.shape[1:-1], strict=True)
        at = (slice(None), *(slice(i, i + n * stride, stride) for i, n in ends))
        whole[at] += x @ weight[place]
    return whole[(slice(None), *(slice(crop[0], n - crop[1]) for n in space))]
'''
_LAYER_NORM = '''
def layer_norm(x, scale, shift):
    """The last axis less its mean and divided by its spread, scaled and shifted."""
    off = x - x.mean(axis=-1, keepdims=True)
    return off / np.sqrt((off**2).mean(axis=-1, keepdims=True) + 1e-5) * scale + shift
'''
_LSTM = '''
def lstm(x, input, hidden, bias=0):
    """The states of a long short-term memory along its steps (Hochreiter and Schmidhuber 1997)."""
    state = cell = np.zeros((len(x), len(hidden)))
    states = []
    for step in np.moveaxis(x @ input + bias, 1, 0):
        i, f, g, o = np.split(step + state @ hidden, 4, axis=-1)
        cell = cell / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
        state = np.tanh(cell) / (1 + np.exp(-o))
        states.append(state)
    return np.stack(states, axis=1)
'''
_GRU = '''
def gru(x, input, hidden, bias=0, hidden_bias=0):
    """The states of gated recurrent units along their steps (Cho et al. 2014)."""
    state = np.zeros((len(x), len(hidden)))
    states = []
    for step in np.moveaxis(x @ input + bias, 1, 0):
        a, b = np.split(step, 3, axis=-1), np.split(state @ hidden + hidden_bias, 3, axis=-1)
        reset, update = (1 / (1 + np.exp(-a[i] - b[i])) for i in (0, 1))
        state = update * state + (1 - update) * np.tanh(a[2] + reset * b[2])
        states.append(state)
    return np.stack(states, axis=1)
'''
_LOG_SOFTMAX = '''
def log_softmax(x):
    """The logarithm of the softmax along the last axis."""
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))
'''
_BOUNDED_LOG = '''
def bounded_log(x):
    """The logarithm, -100 at least."""
    return np.log(np.maximum(x, math.exp(-100)))
'''
_SPECTRAL = '''
def spectral_conv(x, real, imaginary):
    """The lowest Fourier modes along all dimensions of space times learned weights (Li et al.
    2021); the weights' first axis runs over the corners of the spectrum."""
    space = tuple(range(1, x.ndim - 1))
    spectrum = np.fft.rfftn(x, axes=space)
    result = np.zeros((*spectrum.shape[:-1], real.shape[-1]), spectrum.dtype)
    weight = real + 1j * imaginary
    for corner, ends in enumerate(itertools.product((1, -1), repeat=len(space) - 1)):
        modes = real.shape[1:-2]
        low = [slice(m) if end > 0 else slice(-m, None) for m, end in zip(modes, ends)]
        place = (slice(None), *low, slice(modes[-1]))
        part = spectrum[place]
        own = weight[corner][tuple(slice(n) for n in part.shape[1:-1])]
        result[place] = np.einsum("b...n,...nc->b...c", part, own)
    return np.fft.irfftn(result, s=x.shape[1:-1], axes=space)
'''
HELPERS = {
    "batch_norm": shared()["batch_norm"],
    "conv_transpose": _CONV_TRANSPOSE.strip(),
    "layer_norm": _LAYER_NORM.strip(),
    "lstm": _LSTM.strip(),
    "gru": _GRU.strip(),
    "conv": _CONV.strip(),
    "bce": _BOUNDED_LOG.strip(),
    "cross_entropy": _LOG_SOFTMAX.strip(),
    "spectral_conv": _SPECTRAL.strip(),
}
