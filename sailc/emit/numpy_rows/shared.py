"""Rows that several libraries share, and what their rows ask of an operator."""

from __future__ import annotations

from collections.abc import Callable

from sailc.emit.text.rows import Row, Rows, key_text
from sailc.program.tree.nodes import Op, is_tuple


def _index(op: Op) -> str:
    items = op.attributes["items"]
    assert is_tuple(items)
    marks = [":"] * op.batch + [_mark(i) for i in items]
    return f"a[{', '.join(marks)}]"


def _mark(item: object) -> str:
    if is_tuple(item):
        return ":".join("" if i is None else str(i) for i in item)
    return str(item)


def _last(op: Op) -> str:
    return "a[-n:]" if op.attributes["n"] else "a[:0]"


def expand(op: Op) -> str:
    """`a[:, None]`: room for axes that other operands have."""
    marks = op.attributes["marks"]
    assert is_tuple(marks)
    return f"a[{', '.join(':' if m else 'None' for m in marks)}]"


def space_rank(op: Op) -> int:
    """How many dimensions of space the first argument has, its channels apart."""
    before = op.attributes["before"]
    assert is_tuple(before)
    return len(before) - 1


def conv_ends(op: Op) -> tuple[int, int]:
    """How much a convolution reads beyond the two ends of each dimension."""
    k, dilation = op.attributes["k"], op.attributes.get("dilation", 1)
    assert isinstance(k, int)
    assert isinstance(dilation, int)
    more = (k - 1) * dilation
    match op.attributes["pad"]:
        case "valid":
            return 0, 0
        case "causal":
            return more, 0
        case _:
            return more // 2, more - more // 2


def layer_text(op: Op) -> str:
    """The name of a layer, as a text."""
    name = op.attributes["layer"]
    assert isinstance(name, str)
    return key_text(name)


def state_text(op: Op) -> str:
    """The same of a layer whose state is given whole."""
    return key_text(next(iter(op.state.values())).rsplit(".", 1)[0])


def among(op: Op) -> int:
    """How many convolutions of a model are as plain as this one, which is told its layer; 0 where
    it has options."""
    found = op.attributes.get("among", 0)
    assert isinstance(found, int)
    return found


def wraps(op: Op) -> bool:
    """Whether a convolution goes on at the other end."""
    return op.attributes["pad"] == "wrap"


def whole_blocks(op: Op, k: int) -> str:
    """The first argument with windows of k as axes of their own, without what is left over. What
    only the data know of its shape is read off it."""
    before = op.attributes["before"]
    assert is_tuple(before)
    whole = all(isinstance(n, int) and n % k == 0 for n in before[:-1])
    space = [_shares(n, k, axis) for axis, n in enumerate(before[:-1], start=1)]
    cut = "" if whole else "[:, " + ", ".join(f": {most}" for _, most in space) + "]"
    channels = "a.shape[-1]" if before[-1] is None else before[-1]
    return f"a{cut}.reshape(-1, {', '.join(f'{n}, {k}' for n, _ in space)}, {channels})"


def _shares(n: object, k: int, axis: int) -> tuple[str, str]:
    """How many windows of k there are along an axis, and how much of it these are."""
    if isinstance(n, int):
        return str(n // k), str(n // k * k)
    share = f"a.shape[{axis}] // {k}"
    return share, f"{share} * {k}"


def block_axes(op: Op) -> int | tuple[int, ...]:
    """The axes of these windows."""
    rank = space_rank(op)
    return 2 if rank == 1 else tuple(range(2, 2 * rank + 1, 2))


def position(name: str) -> Row:
    """Where something stands, counted along one axis or along all of several."""

    def row(op: Op) -> str:
        axes = op.attributes.get("axes")
        if axes is None:
            return f"a.{name}()"
        assert is_tuple(axes)
        if len(axes) == 1:
            return f"a.{name}({axes[0]})"
        return f"a.reshape(*a.shape[:-{len(axes)}], -1).{name}(-1)"

    return row


def reshape(op: Op) -> str:
    shape = op.attributes["shape"]
    assert is_tuple(shape)
    inner = ", ".join("-1" if n is None else str(n) for n in shape)
    if op.batch == 0:
        return f"a.reshape({inner or '()'})"
    if op.batch == 1:
        points = "len(a)" if None in shape else "-1"
        return f"a.reshape({points}, {inner})" if inner else "a.reshape(-1)"
    return f"a.reshape(*a.shape[:{op.batch}], {inner})"


def axes_text(op: Op, keyword: str = "axis") -> str:
    """The axes along which an operator goes, as an argument; empty where it takes all."""
    wanted = op.attributes.get("axes")
    if wanted is None:
        return ""
    assert is_tuple(wanted)
    return f"{keyword}={wanted[0] if len(wanted) == 1 else wanted}"


def arguments(*texts: str) -> str:
    """Arguments of a call, those that are not empty."""
    return ", ".join(t for t in texts if t)


def reduction(
    name: str, keyword: str = "axis", of: str = "a", more: str = ""
) -> Callable[[Op], str]:
    """A method of an array that takes axes (all, where None)."""
    return lambda op: f"{of}.{name}({arguments(axes_text(op, keyword), more)})"


def called(name: str, keyword: str = "axis", more: str = "") -> Row:
    """A function of an array that takes axes (all, where None)."""
    return lambda op: f"{name}({arguments('a', more, axes_text(op, keyword))})"


def classes(op: Op) -> object:
    """Of how many classes labels are made one-hot: the last of the result's sizes."""
    shape = op.attributes["shape"]
    assert is_tuple(shape)
    return shape[-1]


def called_by_name(op: Op) -> str:
    """A call; where the second argument is a tuple, of what it holds."""
    return f"{op.attributes['function']}({'a, *b' if op.attributes.get('spread') else '*args'})"


def pack(op: Op) -> str:
    """Several arrays as one value: a dict of a record's fields, a tuple of a tuple's."""
    names = op.attributes["names"]
    assert is_tuple(names)
    if not all(isinstance(n, str) for n in names):
        return "(*args,)"
    return "{" + ", ".join(f"{n!r}: arg{i}" for i, n in enumerate(names)) + "}"


def table(op: Op) -> str:
    """A dict whose keys are known while planning."""
    keys = op.attributes["keys"]
    assert is_tuple(keys)
    return "{" + ", ".join(f"{k}: arg{i}" for i, k in enumerate(keys)) + "}"


def stack(library: str, all_alike: str, broadcast: str, keyword: str) -> Row:
    """Arrays along a new axis, brought to one shape first where they differ."""

    def row(op: Op) -> str:
        axis = op.attributes["axis"]
        if len(op.arguments) == 1 and axis == -1:
            return "a[..., None]"
        parts = all_alike if op.attributes["alike"] else broadcast
        return f"{library}.stack({parts}, {keyword}={axis})"

    return row


def constant(library: str) -> Row:
    """An array of numbers; of one number many times, and of even whole numbers, in short."""

    def row(op: Op) -> str:
        value = op.attributes["value"]
        shape, numbers = _flattened(value)
        first = next(iter(numbers), 0)
        many = len(numbers) > (0 if library == "torch" else 4)  # `full` is made on the device
        if many and all(n == first for n in numbers):
            return f"{library}.full({shape}, {first!r})"
        if len(shape) == 1 and (steps := _even(numbers)):
            return f"{library}.arange({steps})"
        if library == "np" and len(shape) == 1 and (line := _on_a_line(numbers)):
            return line
        return f"{library}.{'tensor' if library == 'torch' else 'array'}(value)"

    return row


def _even(numbers: list[object]) -> str:
    """What `arange` is given for whole numbers in even steps; empty for other numbers."""
    whole = [n for n in numbers if isinstance(n, int) and not isinstance(n, bool)]
    if len(whole) < max(5, len(numbers)):
        return ""
    start, step = whole[0], whole[1] - whole[0]
    stop = start + step * len(whole)
    if whole != list(range(start, stop, step or 1)):
        return ""
    given = [start, stop, step] if step != 1 else [start, stop] if start else [stop]
    return ", ".join(map(str, given))


def _on_a_line(numbers: list[object]) -> str:
    """The text of many numbers in even steps; empty where rounding makes others of them."""
    known = [n for n in numbers if isinstance(n, int | float) and not isinstance(n, bool)]
    if len(known) < max(5, len(numbers)):
        return ""
    start, step = known[0], known[1] - known[0]
    if any(n != start + step * i for i, n in enumerate(known)):
        return ""
    line = f"{step!r} * np.arange({len(known)})"
    return f"{start!r} + {line}" if start else line


def _flattened(value: object) -> tuple[tuple[int, ...], list[object]]:
    if not is_tuple(value):
        return (), [value]
    parts = [_flattened(v) for v in value]
    inner = parts[0][0] if parts else ()
    return (len(parts), *inner), [n for _, numbers in parts for n in numbers]


INFIX: Rows = {
    "add": "a + b",
    "subtract": "a - b",
    "multiply": "a * b",
    "divide": "a / b",
    "floor_divide": "a // b",
    "power": "a ** b",
    "negative": "-a",
    "matmul": "a @ b",
    "as_column": "a[..., None]",
    "from_column": "a[..., 0]",
    "as_row": "a[..., None, :]",
    "from_row": "a[..., 0, :]",
    "equal": "a == b",
    "not_equal": "a != b",
    "less": "a < b",
    "less_equal": "a <= b",
    "greater": "a > b",
    "greater_equal": "a >= b",
    "logical_and": "a & b",
    "logical_or": "a | b",
    "logical_not": "~a",
    "expand": expand,
    "reshape": reshape,
    "index": _index,
    "first": "a[:n]",
    "last": _last,
    "drop": "a[n:]",
    "rows": "a[start:stop]",
    "every": "a[::n]",
    "take_rows": "a[b]",
    "key": "a[name]",
    "place": "a[i]",
    "pack": pack,
    "updated": "{**a, name: b}",
    "others": lambda op: f"others({'a' if op.attributes['axis'] == 1 else 'a, axis'})",
    "each_column": "{name: b for name, column in a.items()}",
    "length": "len(a)",
    "tensor": "a",
    "axis_length": "a.shape[axis]",
    "beside": "a",
    "scalar": "a",
    "component": "a[index]",
    "together": "args",
    "in_step": "zip(*args, strict=True)",
    "fold": "functools.reduce(a, b, c)",
    "items": "[*args]",
    "table": table,
    "left_over": lambda op: f"a.laws(partial({op.attributes['function']}, w), *b)",
    "mismatched": lambda op: f"a.conditions(partial({op.attributes['function']}, w), b)",
    "call": called_by_name,
    "merged": "a | b",
}

# What steps through a motion, one state after another.
STEPS: Rows = {"motion": "verlet(a, b, c, d, steps)", "rk4": "rk4(a, b, c, steps)"}

# Functions that NumPy, PyTorch and JAX have under one name.
ELEMENTARY = (
    "abs",
    "exp",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "tanh",
    "floor",
    "sign",
)


def running(name: str, axis: str = "axis") -> Row:
    """A function of an array and of the operator's axis."""
    return lambda op: f"{name}(a, {axis}={op.attributes['axis']})"


def fourier(name: str, axis: str = "axis") -> Row:
    """A transform along the operator's axis; what is the library's own, the last, is not said."""

    def row(op: Op) -> str:
        at = op.attributes["axis"]
        return f"{name}(a)" if at == -1 else f"{name}(a, {axis}={at})"

    return row


def histogram(op: Op) -> str:
    at = op.attributes["axis"]
    return f"histogram(a, bins, b, c{'' if at == -1 else f', {at}'})"


def windows(op: Op) -> str:
    more = ", stride" if op.attributes["stride"] != 1 or op.attributes["axis"] != 1 else ""
    return f"windows(a, n{more}{', axis' if op.attributes['axis'] != 1 else ''})"


def padded(library: str) -> Row:
    """More along each dimension of space, at both ends."""

    def row(op: Op) -> str:
        n, kind = op.attributes["n"], op.attributes["kind"]
        ends = [(0, 0), *[(n, n)] * space_rank(op), (0, 0)]
        return f"{library}.pad(a, {ends}" + (")" if kind == "constant" else f', "{kind}")')

    return row


# What the libraries say in the same words.
ALIKE: Rows = {
    "re": "a.real",
    "im": "a.imag",
    "number": "a * 1.0",
    "covariance": "covariance(a)",
    "histogram": histogram,
    "windows": windows,
    "qr": "qr(a)",
    "svd": "svd(a)",
    "eigh": "eigh(a)",
    "blur": "blur(a, b)",
    "wasserstein": "wasserstein(a, b)",
}
