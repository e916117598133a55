"""Calls functions from outside, and compares the gradients that they declare with central
differences: `tried.py SPEC`, a file of JSON (see `sailc.deep.spec`).

It is run by itself and needs nothing of sailc; it prints one JSON object for each fault. What
functions are called with are points of the programs that call them, as many as `POINTS`; where no
program does, values drawn by their types.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import itertools
import json
import pkgutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

Spec = dict[str, Any]
Numbers = np.random.Generator
POINTS, ENTRIES = 3, 6
STEPS = (1e-2, 1e-3, 1e-4)  # of how large the numbers are
UNKNOWN = 3  # how long what has no known length is drawn


def main(spec: Spec) -> None:
    """Try every function of a specification."""
    sys.path[:0] = spec["folders"]
    recorded: dict[str, list[tuple[Any, ...]]] = {}
    for program in spec["programs"]:
        record(program, recorded)
    rng = np.random.default_rng(0)
    for extern in spec["externs"]:
        real = recorded.get(f"{extern['module']}:{extern['function']}", [])
        if not real and any(map(is_foreign, extern["given"])):
            say(extern, "foreign")
            continue
        drawn = () if real else tuple(draw(how, rng) for how in extern["given"])
        for arguments in real or [drawn]:
            if not try_once(extern, arguments, drawn=not real, rng=rng):
                break


def say(extern: Spec, fault: str, **facts: object) -> None:
    """Print one fault."""
    print(json.dumps({"extern": extern["name"], "fault": fault, **facts}), flush=True)


# --- what functions are called with --------------------------------------------------------


def record(path: str, recorded: dict[str, list[tuple[Any, ...]]]) -> None:
    """What a program calls each function with while it makes its points. A function is called no
    further than `POINTS` times: what it gave last stands for what it would give."""
    program = ModuleType("script")
    program.__file__ = path
    sys.modules["script"] = program
    exec(compile(Path(path).read_text(encoding="utf-8"), path, "exec"), program.__dict__)
    last: dict[str, Any] = {}

    def resolved(place: str) -> Callable[..., Any]:
        function = pkgutil.resolve_name(place)
        calls = recorded.setdefault(place, [])

        def remember(*arguments: Any) -> Any:
            if len(calls) < POINTS or place not in last:
                calls.append(arguments)
                last[place] = function(*arguments)
            return last[place]

        return remember

    program.__dict__["pkgutil"] = SimpleNamespace(resolve_name=resolved)
    make = getattr(program, "data", None) or program.load
    with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
        make()  # whatever stops it is a fault of a function that is tried below, or of no concern


def is_foreign(how: Any) -> bool:
    """Whether a value, or a part of it, cannot be made up: a function, what only outside code
    looks into, or a text, which may name a file."""
    if "parts" in how:
        return any(is_foreign(part) for _, part in how["parts"])
    return how["dtype"] in ("", "str_")


def draw(how: Any, rng: Numbers) -> Any:
    """A value by how it crosses: numbers between 0.5 and 1.5, lengths and counts of 3."""
    if "parts" in how:
        parts = {key: draw(part, rng) for key, part in how["parts"]}
        return tuple(parts.values()) if how["tuple"] else parts
    dtype, shape = how["dtype"], [UNKNOWN if n is None else n for n in how["shape"]]
    if dtype.startswith(("float", "complex")):
        value = rng.uniform(0.5, 1.5, shape).astype(dtype)
    else:
        value = np.full(shape, 0 if how["label"] else UNKNOWN, dtype)
    return value if shape else value.item()


# --- trying --------------------------------------------------------------------------------


def try_once(extern: Spec, arguments: tuple[Any, ...], drawn: bool, rng: Numbers) -> bool:
    """Call a function, and compare its gradients; whether all was well."""
    value = called(extern, extern, arguments, extern["result"], drawn)
    if value is None:
        return False
    for gradient in extern["gradients"]:
        array = at(arguments, gradient["path"])
        result = {"dtype": "float64", "shape": list(array.shape), "label": False}
        slope = called(extern, {**gradient, "name": extern["name"]}, arguments, result, drawn)
        if slope is None or not compared(extern, gradient, arguments, np.asarray(slope), rng):
            return False
    return True


def called(extern: Spec, place: Spec, arguments: Any, how: Any, drawn: bool) -> Any:
    """What a function gives; None, and a fault is said, where that is not what is declared."""
    line = place.get("line")
    try:
        module = importlib.import_module(place["module"])
        value = getattr(module, place["function"])(*arguments)
    except Exception as error:
        text = f"raised {type(error).__name__}: {error}"
        say(extern, "raised", text=text, drawn=drawn, line=line)
        return None
    for text in wrong(value, how):
        say(extern, "gave", text=f"gave {text}", drawn=drawn, line=line)
        return None
    return value


def wrong(value: Any, how: Any) -> Iterator[str]:
    """What of a value is not as it is declared."""
    if "parts" in how:
        for key, part in how["parts"]:
            try:
                inner = value[key]
            except (TypeError, KeyError, IndexError):
                yield f"{type(value).__name__} without {key!r}"
                continue
            yield from wrong(inner, part)
        return
    try:
        array = np.asarray(value).astype(how["dtype"], casting="same_kind")
    except (TypeError, ValueError) as error:
        yield f"{type(value).__name__}: {error}"
        return
    shape = how["shape"]
    if len(shape) != array.ndim or any(
        n not in (None, m) for n, m in zip(shape, array.shape, strict=True)
    ):
        expected = tuple("any" if n is None else n for n in shape)
        yield f"an array of shape {array.shape}, where {expected} is declared"
    elif array.dtype.kind in "fc" and not np.isfinite(array).all():
        yield "NaN" if np.isnan(array).any() else "an infinite number"


def at(arguments: tuple[Any, ...], path: list[Any]) -> np.ndarray[Any, Any]:
    """The numbers at a path of the arguments, as an array."""
    value: Any = arguments
    for key in path:
        value = value[key]
    return np.asarray(value, np.float64)


def moved(value: Any, path: list[Any], array: np.ndarray[Any, Any]) -> Any:
    """The arguments with other numbers at a path."""
    if not path:
        like = np.asarray(value)
        return array.astype(like.dtype) if like.ndim else float(array)
    key, *rest = path
    inner = moved(value[key], rest, array)
    if isinstance(value, tuple):
        return (*value[:key], inner, *value[key + 1 :])
    return {**value, key: inner}


# --- central differences -------------------------------------------------------------------


def compared(extern: Spec, gradient: Spec, arguments: Any, slope: Any, rng: Numbers) -> bool:
    """Whether a gradient is that of central differences, at some of its numbers."""
    array = at(arguments, gradient["path"])
    scale = max(float(np.abs(array).max(initial=0.0)), 1e-3)
    places = [tuple(map(int, place)) for place in np.ndindex(array.shape)]
    order: list[int] = rng.permutation(len(places)).tolist()
    chosen = [places[i] for i in order[:ENTRIES]]
    function = getattr(importlib.import_module(extern["module"]), extern["function"])

    def difference(place: tuple[int, ...], step: float) -> float:
        ends: list[float] = []
        for sign in (1.0, -1.0):
            other = array.copy()
            other[place] += sign * step
            ends.append(float(function(*moved(tuple(arguments), gradient["path"], other))))
        return (ends[0] - ends[1]) / (2 * step)

    found = [[difference(p, h * scale) for h in STEPS] for p in chosen]
    largest = max(map(abs, [*slope.reshape(-1), *itertools.chain(*found)]), default=0.0)
    pairs = [(float(slope[p]), *settled(row)) for p, row in zip(chosen, found, strict=True)]
    off = [abs(a - b) > 0.01 * largest + 3 * doubt for a, b, doubt in pairs]
    if not any(off):
        return True
    declared, central = [a for a, _, _ in pairs], [b for _, b, _ in pairs]
    worst = max(range(len(pairs)), key=lambda i: abs(declared[i] - central[i]))
    say(
        extern,
        "gradient",
        path=gradient["path"],
        line=gradient["line"],
        place=list(chosen[worst]),
        declared=declared[worst],
        central=central[worst],
        ratio=ratio(declared, central),
    )
    return False


def settled(row: list[float]) -> tuple[float, float]:
    """The difference that two steps agree on best, and by how much they do not."""
    gaps = [(abs(a - b), b) for a, b in itertools.pairwise(row)]
    doubt, value = min(gaps)
    return value, doubt


def ratio(declared: list[float], central: list[float]) -> float | None:
    """The one number by which all are off, if there is one."""
    a, b = np.asarray(declared), np.asarray(central)
    if not b.any():
        return None
    factor = float(a @ b / (b @ b))
    return factor if np.allclose(a, factor * b, rtol=0.01, atol=0.01 * np.abs(a).max()) else None


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
