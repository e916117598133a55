"""Every operator of numbers is the same on PyTorch, on JAX and in NumPy.

Calls are drawn from the declarations in the library (`drawn.py`); each is written as a program
would (`written.py`) and computed for several points at once: its value by all three, its first
and second derivatives by the backends, in double precision; value and first derivatives in
single precision, too. Nothing here names an operator: a new one is tested as it stands in the
library, and one that lacks a row fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from away import NAME as AWAY
from away import accelerator
from drawn import Call, Planned, calls, expression, is_drawn, operators
from msgspec.structs import replace
from written import Written, in_numpy, lacking, on, written

from sail_jax.target import TARGET as JAX
from sail_torch.target import TARGET as TORCH
from sailc.emit.numpy_rows import NUMPY
from sailc.emit.target import Target
from sailc.program.arrays.layout import sizes
from sailc.types.dims import Dim
from sailc.types.model import Bool, Complex, Label, ListType, Tensor, TupleType, Type

CALLS = 2
Arrays = dict[str, np.ndarray[Any, Any]]
Computed = tuple[Any, Any, Any]
"""The value of a function, its derivative by all real arrays, and that of a sum of these."""


# --- numbers ----------------------------------------------------------------------------------


def numbers(call: Call, made: Written, rng: np.random.Generator) -> Arrays:
    """Weights and inputs, drawn where the operator is defined."""
    drawn = {f"w.{name}": rng.normal(0, 0.5, p.shape) for name, p in made.starts.items()}
    for v in call.inputs:
        for name, type in tensors_in(v.name, v.type):
            shape = (*made.points, *(n or 0 for n in sizes(type)))
            drawn[name] = _values(type, call.domains.get(v.name, "real"), rng, shape)
    return drawn


def tensors_in(name: str, type: Type, outer: tuple[Dim, ...] = ()) -> Iterator[tuple[str, Tensor]]:
    """The arrays that hold what has a type, each with a name of its own."""
    match type:
        case Tensor(element, shape):
            yield name, Tensor(element, (*outer, *shape))
        case ListType(item, n):
            yield from tensors_in(name, item, (*outer, n))
        case TupleType(items):
            for i, item in enumerate(items):
                yield from tensors_in(f"{name}.{i}", item, outer)
        case _:
            raise TypeError(type)


def _values(
    type: Tensor, domain: str, rng: np.random.Generator, shape: tuple[int, ...]
) -> np.ndarray[Any, Any]:
    match type.element:
        case Label(size):
            labels = np.arange(np.prod(shape, dtype=int)) % (size.value or 1)
            return rng.permutation(labels).reshape(shape)
        case Bool():
            return (rng.random(shape) < 0.5) | (domain != "real")
        case Complex():
            return rng.normal(size=shape) + 1j * rng.normal(size=shape)
        case _:
            return DOMAINS[domain](rng, shape)


def _matrix(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    half = rng.normal(size=shape)
    return half + np.swapaxes(half, -1, -2)


def _definite(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    half = rng.normal(size=shape)
    return half @ np.swapaxes(half, -1, -2) + np.eye(shape[-1])


DOMAINS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray[Any, Any]]] = {
    "real": lambda rng, shape: rng.normal(size=shape),
    "nonzero": lambda rng, shape: rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape),
    "positive": lambda rng, shape: rng.uniform(0.2, 2, shape),
    "share": lambda rng, shape: rng.uniform(0.05, 0.95, shape),
    "symmetric": _matrix,
    "definite": _definite,
}


# --- three ways to compute --------------------------------------------------------------------


def weighed(leaves: Sequence[Any], cos: Callable[..., Any]) -> Any:
    """One real number of which every number of some arrays is a part of its own."""
    total = 0.0
    for i, x in enumerate(leaves):
        flat = x.reshape(-1)
        total = total + (flat * cos(len(flat), i)).sum()
    return total


def _shares(n: int, i: int) -> np.ndarray[Any, Any]:
    return np.cos(np.arange(n) + i)


def leaves_of(value: Any) -> list[Any]:
    """The arrays of a value."""
    if isinstance(value, dict):
        return [x for part in value.values() for x in leaves_of(part)]
    if isinstance(value, tuple | list):
        return [x for part in value for x in leaves_of(part)]
    return [value]


def arguments(arrays: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Weights by name, and inputs: the arrays of a tuple together."""
    weights = {n[2:]: a for n, a in arrays.items() if n.startswith("w.")}
    inputs: dict[str, Any] = {}
    for n, a in arrays.items():
        name, *part = n.split(".")
        if name != "w":
            inputs[name] = (*inputs.get(name, ()), a) if part else a
    return weights, list(inputs.values())


def varied(arrays: Arrays) -> list[str]:
    """The arrays by which a derivative is taken."""
    return [n for n, a in arrays.items() if a.dtype.kind == "f"]


def answering(
    function: Callable[..., Any], made: Written, convert: Callable[[Any], Any]
) -> Callable[..., Any]:
    """A function that has been told what runs along with training, which is over."""
    running = {n: convert(1 + np.cos(np.arange(p.shape[0])) / 2) for n, p in made.running.items()}
    function.__globals__.update(running=running, training=False)
    return function


def by_numpy(made: Written, arrays: Arrays) -> list[Any]:
    function = answering(in_numpy(made), made, np.asarray)
    weights, inputs = arguments(arrays)
    return [np.asarray(x) for x in leaves_of(function(weights, *inputs))]


def by_torch(made: Written, arrays: Arrays, double: bool, device: str = "cpu") -> Computed:
    torch.set_default_dtype(torch.float64 if double else torch.float32)
    torch.set_default_device(device)
    try:
        return _by_torch(made, on(TORCH, made), arrays, double)
    finally:
        torch.set_default_device("cpu")
        torch.set_default_dtype(torch.float32)


def stored(made: Written, name: str, x: torch.Tensor) -> torch.Tensor:
    """A learned array as PyTorch's programs hold it."""
    spec = made.starts[name]
    place = eval(f"np.arange({x.numel()}).reshape({spec.shape}){TORCH.store(spec)}", {"np": np})
    return x.reshape(-1)[torch.tensor(place)]


def _by_torch(
    made: Written, function: Callable[..., Any], arrays: Arrays, double: bool
) -> Computed:
    def narrowed(a: np.ndarray[Any, Any]) -> torch.Tensor:
        made = torch.tensor(a)
        if double or a.dtype.kind not in "fc":
            return made
        return made.to(torch.float32 if a.dtype.kind == "f" else torch.complex64)

    def shares(n: int, i: int) -> torch.Tensor:
        return torch.tensor(_shares(n, i))

    tensors = {n: narrowed(a) for n, a in arrays.items()}
    by = [tensors[n].requires_grad_() for n in varied(arrays)]
    weights, inputs = arguments(tensors)
    weights = {n: stored(made, n, x) for n, x in weights.items()}
    answering(function, made, narrowed)
    value = leaves_of(function(weights, *inputs))
    floats = [x for v in value for x in parts_of(v)]
    values = [v.cpu().numpy(force=True) if isinstance(v, torch.Tensor) else v for v in value]
    zero = [torch.zeros_like(x) for x in by]
    total = weighed(floats, shares)
    if not by or not floats or not total.requires_grad:
        return values, _plain(zero), _plain(zero)
    first = torch.autograd.grad(total, by, create_graph=double, materialize_grads=True)
    again = weighed(first, shares)
    if not double or not again.requires_grad:
        return values, _plain(first), _plain(zero)
    second = torch.autograd.grad(again, by, materialize_grads=True)
    return values, _plain(first), _plain(second)


def parts_of(x: Any) -> list[Any]:
    """The real numbers that an array of numbers is made of; nothing, where it is of others."""
    if not hasattr(x, "dtype"):
        return []
    if "complex" in str(x.dtype):
        return [x.real, x.imag]
    return [x] if "float" in str(x.dtype) else []


def _plain(tensors: Sequence[torch.Tensor]) -> list[np.ndarray[Any, Any]]:
    return [x.cpu().numpy(force=True) for x in tensors]


def by_jax(drawn: Sequence[tuple[Written, Arrays]], double: bool) -> list[Computed]:
    """What JAX makes of several calls, compiled as one program."""
    with jax.enable_x64(double):
        functions = [answering(on(JAX, made), made, jnp.asarray) for made, _ in drawn]
        pairs = zip(functions, drawn, strict=True)
        programs = [_by_jax(f, arrays, double) for f, (_, arrays) in pairs]
        given = [[jnp.asarray(a[n]) for n in varied(a)] for _, a in drawn]
        together = jax.jit(lambda given: [f(by) for f, by in zip(programs, given, strict=True)])
        return jax.tree.map(np.asarray, together(given))


def _by_jax(
    function: Callable[..., Any], arrays: Arrays, double: bool
) -> Callable[[list[Any]], Computed]:
    names = varied(arrays)
    fixed = {n: jnp.asarray(a) for n, a in arrays.items() if n not in names}

    def value(by: list[Any]) -> tuple[Any, Any]:
        given = dict(zip(names, by, strict=True))
        weights, inputs = arguments({n: given.get(n, fixed.get(n)) for n in arrays})
        found = [jnp.asarray(x) for x in leaves_of(function(weights, *inputs))]
        floats = [x for v in found for x in parts_of(v)]
        return weighed(floats, _shares), found

    def first(by: list[Any]) -> tuple[Any, Any]:
        found, values = jax.grad(value, has_aux=True)(by)
        return weighed(found, _shares), (found, values)

    def computed(by: list[Any]) -> Computed:
        if not double or not by:
            found, values = jax.grad(value, has_aux=True)(by) if by else ([], value(by)[1])
            return values, found, found
        second, (found, values) = jax.grad(first, has_aux=True)(by)
        return values, found, second

    return computed


# --- the test ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", operators())
def test_backends_agree(name: str) -> None:
    try:
        drawn = calls(name, CALLS)
    except Planned:
        return
    rng = np.random.default_rng(0)
    found: list[tuple[Call, Written, Arrays]] = []
    for call in drawn:
        made = written(call)
        lack = {
            title: absent
            for title, rows in (("NumPy", NUMPY), ("PyTorch", TORCH.rows), ("JAX", JAX.rows))
            if (absent := lacking(made, rows))
        }
        if lack.keys() == {"PyTorch", "JAX"} and is_drawn(operators()[name]):
            return  # what a seed draws is drawn while data are made
        assert not lack, f"`{name}` has no row: {lack}"
        found.append((call, made, numbers(call, made, rng)))
    in_double = by_jax([(made, arrays) for _, made, arrays in found], double=True)
    for (call, made, arrays), ours in zip(found, in_double, strict=True):
        agree(call, made, arrays, ours)
    in_single_precision(*found[0], in_double[0])
    on_an_accelerator(*found[0])


def agree(call: Call, made: Written, arrays: Arrays, ours: Computed) -> None:
    """Compare what the three make of a call in double precision."""
    what = told(call, arrays)
    expected = by_numpy(made, arrays)
    for x, type in zip(expected, _types(call.term.type), strict=True):
        shape = sizes(type)
        assert x.shape in (shape, (*made.points, *shape)), f"{what}: {x.shape} is not of {shape}"
    theirs = by_torch(made, arrays, double=True)
    near(expected, theirs[0], f"{what}: PyTorch's value", 1e-9)
    near(expected, ours[0], f"{what}: JAX's value", 1e-9)
    alike(what, ours, theirs)
    for title, found in (("PyTorch", theirs), ("JAX", ours)):
        kinds = {str(np.asarray(x).dtype) for x in found[0]}
        assert not kinds & {"float32", "complex64"}, f"{what}, {title}: is no double precision"


def alike(what: str, ours: Computed, theirs: Computed) -> None:
    """Compare the derivatives that the backends make of a call."""
    near(ours[1], theirs[1], f"{what}: the derivatives of JAX and PyTorch", 1e-7)
    near(ours[2], theirs[2], f"{what}: the second derivatives of JAX and PyTorch", 1e-6)


def in_single_precision(call: Call, made: Written, arrays: Arrays, expected: Computed) -> None:
    """Compare what the backends make of a call in single precision with what is in double."""
    (ours,) = by_jax([(made, arrays)], double=False)
    theirs = by_torch(made, arrays, double=False)
    for title, found in (("PyTorch", theirs), ("JAX", ours)):
        what = f"{told(call, arrays)}, {title} in f32"
        near(expected[0], found[0], f"{what}: the value", 2e-4)
        near(expected[1], found[1], f"{what}: the derivatives", 2e-3)


def on_an_accelerator(call: Call, made: Written, arrays: Arrays) -> None:
    """Compare what PyTorch makes of a call where all is on a device with what it makes without.
    On the way nothing waits for the device, unless numbers in the text are brought there."""
    here = by_torch(made, arrays, double=True)
    with accelerator() as moves:
        if made.operators & {"gru", "lstm"}:  # of which PyTorch has others for real devices alone
            with pytest.raises(NotImplementedError, match="_thnn_fused_"):
                by_torch(made, arrays, double=True, device=AWAY)
            return
        there = by_torch(made, arrays, double=True, device=AWAY)
    what = f"{told(call, arrays)} on a device"
    for expected, found in zip(here, there, strict=True):
        near(expected, found, what, 1e-12)
    lines = on(TORCH, made).__dict__["text"].splitlines()
    waiting = [lines[at[0] - 1] for at in moves if at]
    for line in waiting:
        assert "torch.tensor((" in line, f"{what} waits in {line}"


# What no signature tells how to draw: functions as arguments, indices, what holds several.
WRITTEN = [
    ("max(x) + max(x, axis = 0)", {"x": (2, 3)}),
    ("stack(x, 2 * x)", {"x": (3,)}),
    ("concat([1.0], x)", {"x": (3,)}),
    ("[1.5, 2.5] * x + zeros([2]) + ones([2])", {"x": (2,)}),
    ("x[1:3] + x[0] + last(x, 2) + drop(x, 2) + first(every(x, 2), 2)", {"x": (4,)}),
    ("fold(x, [0.5, 1.0], (s, e) => sin(s) + e)", {"x": (4, 2)}),
    ("scan(x, 0.5, (s, e) => s * e)", {"x": (4,)}),
    ("sum((e - o) ^ 3 for e in Set(x) for o in others(Set(x), e))", {"x": (4,)}),
    ("grad(sum(x ^ 3) * y, x)", {"x": (3,), "y": ()}),
    ("rk4(u => -u ^ 3, x, 0.1, 4)", {"x": (2,)}),
    ("motion(u => -u ^ 3, x, 0.1, 4, 2.0)", {"x": (2, 3)}),
]


@pytest.mark.parametrize(("text", "shapes"), WRITTEN, ids=[text for text, _ in WRITTEN])
def test_backends_agree_on_an_expression(text: str, shapes: dict[str, tuple[int, ...]]) -> None:
    call = expression(text, **shapes)
    made = written(call)
    arrays = numbers(call, made, np.random.default_rng(0))
    (ours,) = by_jax([(made, arrays)], double=True)
    theirs = by_torch(made, arrays, double=True)
    near(ours[0], theirs[0], f"{text}: the value", 1e-9)
    alike(text, ours, theirs)
    if not lacking(made, NUMPY):
        near(by_numpy(made, arrays), ours[0], f"{text}: NumPy's value", 1e-9)
    in_single_precision(call, made, arrays, ours)
    on_an_accelerator(call, made, arrays)


# --- mixed precision ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", operators())
def test_backends_agree_in_mixed_precision(name: str) -> None:
    """Each operator alone, as it stands in a model: of numbers that bfloat16 holds."""
    try:
        (call, *_) = calls(name, 1)
    except Planned:
        return
    made = written(call)
    if lacking(made, TORCH.rows):
        return
    drawn = numbers(call, made, np.random.default_rng(0))
    arrays = {n: _rounded(a) for n, a in drawn.items()}
    expected = by_numpy(made, arrays)
    weights, inputs = arguments(arrays)
    narrow = in_mixed(JAX, made, jnp.asarray)
    ours = narrow(_each(_narrow, weights), *_each(_narrow, inputs))
    tensors = {n: stored(made, n, x) for n, x in _each(_single, weights).items()}
    narrow = in_mixed(TORCH, made, _single)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        theirs = narrow(tensors, *_each(_single, inputs))
    for title, found in (("PyTorch", theirs), ("JAX", ours)):
        values = [_plain_array(x) for x in leaves_of(found)]
        near(expected, values, f"{told(call, arrays)}, {title} in mixed precision", 0.05)


def in_mixed(target: Target, made: Written, convert: Callable[[Any], Any]) -> Callable[..., Any]:
    """The function of a call as it stands within a model in mixed precision."""
    assert target.mixing is not None
    inside = replace(target.mixing.function(made.function), decorator="")
    return answering(on(target.mixed, replace(made, function=inside)), made, convert)


def _narrow(a: np.ndarray[Any, Any]) -> Any:
    return jnp.asarray(a, jnp.bfloat16 if a.dtype.kind == "f" else None)


def _plain_array(x: Any) -> np.ndarray[Any, Any]:
    """NumPy has no bfloat16."""
    if isinstance(x, torch.Tensor):
        x = x.resolve_conj()
        x = x.double() if x.dtype == torch.bfloat16 else x
    return np.asarray(x)


def _each(change: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, dict):
        return {n: _each(change, x) for n, x in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_each(change, x) for x in value)
    return change(value)


def _single(a: np.ndarray[Any, Any]) -> torch.Tensor:
    made = torch.as_tensor(a)
    return made.float() if a.dtype.kind == "f" else made


def _rounded(a: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Numbers that bfloat16 holds, in double precision."""
    return torch.as_tensor(a).bfloat16().double().numpy() if a.dtype.kind == "f" else a


@pytest.mark.parametrize("double", [True, False])
def test_a_probability_of_0_or_1_costs_the_same(double: bool) -> None:
    """Single precision flushes exp(-100) to 0, whose logarithm and slopes are not finite."""
    (call,) = calls("bce", 1)
    made = written(call)
    arrays = numbers(call, made, np.random.default_rng(0))
    share, truth = varied(arrays)
    at = np.arange(arrays[share].size).reshape(arrays[share].shape)
    arrays[share], arrays[truth] = (at % 2).astype(float), (at // 2 % 2).astype(float)
    (ours,) = by_jax([(made, arrays)], double)
    theirs = by_torch(made, arrays, double)
    near(theirs[0], ours[0], "the value", 1e-6)
    near(theirs[1][:1], ours[1][:1], "the derivative by probabilities", 1e-6)
    assert all(np.isfinite(x).all() for x in (*ours[1], *ours[2]))
    near(by_numpy(made, arrays), ours[0], "NumPy's value", 1e-6)


def _types(type: Type) -> list[Type]:
    return list(type.items) if isinstance(type, TupleType) else [type]


def told(call: Call, arrays: Arrays) -> str:
    """Which operator is meant, on which shapes."""
    shapes = ", ".join(f"{n} {a.shape}" for n, a in arrays.items())
    return f"{call.text} of {shapes}"


def near(expected: Sequence[Any], found: Sequence[Any], what: str, share: float) -> None:
    """Whether arrays are the same up to a share of their size."""
    assert len(expected) == len(found), what
    for a, b in zip(expected, found, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert np.isfinite(a).all(), f"{what}: not finite: declare its `domain`"
        assert a.shape == b.shape, f"{what}: of shape {b.shape}, not {a.shape}"
        scale = max(1.0, float(np.abs(a).max(initial=0)))
        wrong = np.abs(a.astype(complex) - b.astype(complex)).max(initial=0) / scale
        assert wrong < share, f"{what}: off by {wrong:.1e} of {scale:.2g}\n{a}\n{b}"
