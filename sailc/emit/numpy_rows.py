"""NumPy's rows, for what is known at data time: points, fitted statistics, scores."""

from __future__ import annotations

from sailc.emit import formulas, tiling
from sailc.emit.rows import Row, Rows
from sailc.program.tree import Op, Ref, is_tuple


def _index(op: Op) -> str:
    items = op.attributes["items"]
    assert is_tuple(items)
    marks = [":"] * op.batch + [_mark(i) for i in items]
    return f"a[{', '.join(marks)}]"


def _mark(item: object) -> str:
    if is_tuple(item):
        return ":".join("" if i is None else str(i) for i in item)
    return str(item)


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


def outside(op: Op) -> tuple[int, int]:
    """How much a convolution is given of what is beyond the ends of each dimension, where
    libraries have no word for it."""
    k = op.attributes["k"]
    assert isinstance(k, int)
    match op.attributes["pad"]:
        case "wrap":
            return (k - 1) // 2, k // 2
        case "causal":
            return k - 1, 0
        case _:
            return 0, 0


def wraps(op: Op) -> bool:
    """Whether a convolution goes on at the other end."""
    return op.attributes["pad"] == "wrap"


def reshape(op: Op) -> str:
    shape = op.attributes["shape"]
    assert is_tuple(shape)
    inner = ", ".join("-1" if n is None else str(n) for n in shape)
    if op.batch == 0:
        return f"a.reshape({inner or '()'})"
    if op.batch == 1:
        return f"a.reshape(-1, {inner})" if inner else "a.reshape(-1)"
    return f"a.reshape(*a.shape[:{op.batch}], {inner})"


def reduction(name: str, axes: str = "axis") -> Row:
    """A method of an array that takes axes (all, where None)."""

    def row(op: Op) -> str:
        wanted = op.attributes.get("axes")
        if wanted is None:
            return f"a.{name}()"
        assert is_tuple(wanted)
        text = str(wanted[0]) if len(wanted) == 1 else str(wanted)
        return f"a.{name}({axes}={text})"

    return row


def _function(name: str, keyword: str = "axis", more: str = "") -> Row:
    def row(op: Op) -> str:
        wanted = op.attributes.get("axes")
        if wanted is None:
            return f"{name}(a{more})"
        assert is_tuple(wanted)
        text = str(wanted[0]) if len(wanted) == 1 else str(wanted)
        return f"{name}(a{more}, {keyword}={text})"

    return row


def classes(op: Op) -> object:
    """Of how many classes labels are made one-hot: the last of the result's sizes."""
    shape = op.attributes["shape"]
    assert is_tuple(shape)
    return shape[-1]


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


def _at_point(op: Op) -> str:
    """A field's values at a point: of numbers, or of one vector."""
    numbers = ", ".join(f"arg{i}" for i in range(1, len(op.arguments)))
    return "arg0(*arg1)" if op.attributes.get("vector") else f"arg0({numbers})"


def _parts(op: Op) -> str:
    """What is done on a grid beside the laws."""
    parts = op.attributes["parts"]
    assert is_tuple(parts)
    return f", parts=[{', '.join(map(str, parts))}]" if parts else ""


def _discretize(op: Op) -> str:
    order = ", order" if op.attributes["order"] != 2 else ""
    return f"discretize(a, points{order}{_parts(op)})"


def _on_grids(solve: str) -> Row:
    """The solution of an equation with space on finer and finer grids."""

    def row(op: Op) -> str:
        made = solve.replace("GRID", f"discretize(a, points, 4{_parts(op)})")
        return f"reference(lambda points: {made}, counts, a.domain())"

    return row


_REFERENCES: Rows = {
    "reference_grid": _on_grids('integrate(GRID, "Radau", 1e-8)'),
    "reference_course": (
        'reference(lambda points: integrate(system(a), "Radau", 1e-6 / points), counts, a.domain())'
    ),
    "reference_steady": _on_grids("settle(GRID, 1e-10)"),
}

# What `read_table` puts where something is missing.
_MISSING = {"number": "np.isnan(a)", "label": "a < 0", "text": "a == ''"}
_PRESENT = {"number": "~np.isnan(a)", "label": "a >= 0", "text": "a != ''"}


def _present(op: Op) -> str:
    return _PRESENT[str(op.attributes["kind"])]


def _fill(op: Op) -> str:
    return f"np.where({_MISSING[str(op.attributes['kind'])]}, b, a)"


def _last(op: Op) -> str:
    return "a[-n:]" if op.attributes["n"] else "a[:0]"


def _over_parts(op: Op) -> str:
    same = op.arguments[0] == Ref("part")
    return "np.concatenate(b)" if same else "np.concatenate([a for part in b])"


def _inner(op: Op) -> str:
    return ", *a.shape[2:]" if op.attributes["rank"] != 1 else ""


def _sample(op: Op) -> str:
    shape = op.attributes["shape"]
    distribution = str(op.attributes["distribution"])
    if distribution == "log_uniform":
        return f"np.exp(np.random.default_rng(seed).uniform(np.log(a), np.log(b), {shape}))"
    if distribution == "labels":
        return f"np.random.default_rng(seed).integers(labels, size={shape})"
    return f"np.random.default_rng(seed).{distribution}(a, b, {shape})"


def _measure(op: Op) -> str:
    owner, name = str(op.attributes["path"]).split(".")
    return f'run["{owner}"]["{name}"]'


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
        if len(numbers) > 4 and all(n == first for n in numbers):
            maker = "np" if library == "np" else library
            return f"{maker}.full({shape}, {first!r})"
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
    "left_over": lambda op: f"left_over(arg0, partial({op.attributes['function']}, w), arg1)",
    "mismatched": lambda op: f"mismatch(arg0, partial({op.attributes['function']}, w), arg1)",
    "call": lambda op: f"{op.attributes['function']}(*args)",
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

NUMPY: Rows = {
    **INFIX,
    **{n: f"np.{n}(a)" for n in ELEMENTARY},
    "sigmoid": "1 / (1 + np.exp(-a))",
    "relu": "np.maximum(a, 0)",
    "softmax": (
        "np.exp(a - a.max(axis=-1, keepdims=True)) / "
        "np.exp(a - a.max(axis=-1, keepdims=True)).sum(axis=-1, keepdims=True)"
    ),
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
    "argmax": reduction("argmax"),
    "argmin": reduction("argmin"),
    "norm": _function("np.linalg.norm"),
    "median": _function("np.median"),
    "quantile": _function("np.quantile", more=", q"),
    "solve_linear": "np.linalg.solve(a, b[..., None])[..., 0]",
    "lstsq": "(np.linalg.pinv(a) @ b[..., None])[..., 0]",
    "cholesky": "np.linalg.cholesky(a)",
    "inverse": "np.linalg.inv(a)",
    "det": "np.linalg.det(a)",
    "erf": "np.vectorize(math.erf)(a)",
    "cumsum": "np.cumsum(a, axis=-1)",
    "sort": "np.sort(a, axis=-1)",
    "transpose": "np.swapaxes(a, -1, -2)",
    "concat": "np.concatenate(args, axis=-1)",
    "stack": stack("np", "[*args]", "np.broadcast_arrays(*args)", "axis"),
    "constant": constant("np"),
    "or_one": "np.where(a == 0, 1, a)",
    "one_hot": lambda op: f"np.eye({classes(op)})[a]",
    "label": "a.astype(np.int64)",
    "all": "a.all()",
    "present": _present,
    "all_of": "np.all([*args], axis=0)",
    "fill": _fill,
    "mode": "np.bincount(a).argmax()",
    "take_kept": lambda op: f"a[b].reshape(len(b), -1{_inner(op)})",
    "kept_places": "np.nonzero(a)[1].reshape(len(a), -1)",
    "kept_count": "a[0].sum()",
    "permutation": "np.random.default_rng(seed).permutation(a)",
    "repeat_number": "np.full(b, a)",
    "repeat_along": "np.repeat(a, b, axis=axis)",
    "flat_rows": "a.reshape(-1)",
    "over_parts": _over_parts,
    "flat_pair": "a.reshape(*a.shape[:axis], -1, *a.shape[axis + 2 :])",
    "spread": "np.broadcast_to(a, (*b.shape[:-1], n))",
    "merge_rows": "a.reshape(-1, *a.shape[2:])",
    "part_rows": "a.reshape(*b.shape[:n], *a.shape[1:])",
    "repeat_rows": "np.broadcast_to(a, (len(b), *np.shape(a))).copy()",
    "zeros": "np.zeros(shape)",
    "ones": "np.ones(shape)",
    "arange": "np.arange(n)",
    "sample": _sample,
    "sobol": "sobol(a, b, shape, seed)",
    "measure": _measure,
    "leading": "np.moveaxis(a, axis, 0)",
    "scan": "np.stack([*itertools.accumulate(b, a, initial=c)][1:], axis)",
    **_REFERENCES,
    "equation": lambda op: f"{op.attributes['name']}(*args)",
    "discretize": _discretize,
    "system": "system(a)",
    "integrate": "integrate(a, method, b)",
    "integrate_explicitly": "integrate_explicitly(a, method, b)",
    "settle": "settle(a, b)",
    "at_point": _at_point,
    "residual": "residual(a, b, at, rng)",
    "listed": lambda op: f"[arg1 for {op.attributes['variable']} in arg0]",
    "side_by_side": "list(zip(*args, strict=True))",
    "reordered": "[arg0[i] for i in np.random.default_rng(seed).permutation(len(arg0))]",
    "take": "a[b]",
    "slope": "slope(*args)",
    **{o: f"np.stack([*{text}], axis)" for o, text in STEPS.items()},
    "hide": "hide(a, b, seed)",
    "add_noise": "a + np.random.default_rng(seed).normal(0, b, np.shape(a))",
    **tiling.ROWS,
    **formulas.ROWS,
    "auc": "auc(a, b)",
    "wasserstein": "wasserstein(a, b)",
}  # fmt: skip

# What rows need: standard modules, and functions of their own.
MODULES = {
    "fold": "import functools",
    "scan": "import itertools",
    "tiles": "import itertools",
    "stitch": "import itertools",
    "sobol": "from scipy.stats import qmc",
    **formulas.MODULES,
}

_AUC = '''
def auc(scores, labels):
    """Area under the ROC curve: the share of pairs of a positive and a negative that are in
    order, ties counting half (Mann and Whitney 1947)."""
    positive, negative = scores[labels == 1], np.sort(scores[labels == 0])
    below = np.searchsorted(negative, positive, "left")
    up_to = np.searchsorted(negative, positive, "right")
    return (below + up_to).mean() / 2 / len(negative) if len(positive) and len(negative) else np.nan
'''
_WASSERSTEIN = '''
def wasserstein(a, b):
    """Earth mover's distance of two samples of numbers: the area between their distribution
    functions."""
    places = np.sort(np.concatenate([a, b]))
    shares = [np.searchsorted(np.sort(x), places[:-1], "right") / len(x) for x in (a, b)]
    return np.sum(np.abs(shares[0] - shares[1]) * np.diff(places))
'''
_OTHERS = '''
def others(array, axis=1):
    """For each element along an axis all that are not it, along a new axis after its own."""
    n = array.shape[axis]
    places = np.arange(n - 1) + (np.arange(n - 1) >= np.arange(n)[:, None])
    return array[(slice(None),) * axis + (places,)]
'''
_SOBOL = '''
def sobol(low, high, shape, seed):
    """Points between bounds that fill their cube evenly (Sobol 1967, scrambled by a seed)."""
    n, *inner = shape
    unit = qmc.Sobol(int(np.prod(inner)), rng=seed).random(n)
    return low + (high - low) * unit.reshape(shape)
'''
_VERLET = '''
def verlet(force, position, mass, step, steps):
    """Positions after each step of a motion from rest (Verlet 1967), velocities being half a step
    ahead of positions."""
    velocity, kick = 0, step / 2
    for _ in range(steps):
        velocity = velocity + force(position) / mass * kick
        position = position + velocity * step
        kick = step
        yield position
'''
_RK4 = '''
def rk4(rate, state, step, steps):
    """A state after each step along its rate of change (Kutta 1901)."""
    for _ in range(steps):
        at_start = rate(state)
        first_half = rate(state + step / 2 * at_start)
        second_half = rate(state + step / 2 * first_half)
        at_end = rate(state + step * second_half)
        state = state + step / 6 * (at_start + 2 * first_half + 2 * second_half + at_end)
        yield state
'''
OTHERS = _OTHERS.strip()
MOTION = {"motion": _VERLET.strip(), "rk4": _RK4.strip()}
_HIDE = '''
def hide(x, share, seed):
    """An array, each of its numbers 0 with a probability."""
    return np.where(np.random.default_rng(seed).random(x.shape) < share, 0, x)
'''
HELPERS = {
    "auc": _AUC.strip(),
    "wasserstein": _WASSERSTEIN.strip(),
    "others": OTHERS,
    "sobol": _SOBOL.strip(),
    "hide": _HIDE.strip(),
    **MOTION,
    **tiling.helpers("np"),
}
