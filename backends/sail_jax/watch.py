"""Stops a program at the first number that is not finite, among JAX's operations.

This file is run beside a program whose training has run away (see `sailc.engines.watched`).
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp


def watch() -> None:
    """From here on, look at everything."""
    jax.clear_caches()
    program: Any = sys.modules["script"]
    if "orders" in inspect.signature(getattr(program, "advance", watch)).parameters:
        program.advance = by_steps(program)
    look(True)


def look(on: bool) -> None:
    """Whether JAX looks at what it computes."""
    jax.config.update("jax_debug_nans", on)  # pyright: ignore[reportUnknownMemberType]
    jax.config.update("jax_debug_infs", on)  # pyright: ignore[reportUnknownMemberType]


def by_steps(program: ModuleType) -> Any:
    """Does what a program's `advance` does, step by step: of a scan only the whole is looked at.
    A step that goes wrong is done again, operation by operation."""
    advance = inspect.unwrap(program.advance)
    at = list(inspect.signature(advance).parameters).index("orders")
    step: Any = jax.jit(advance)  # pyright: ignore[reportUnknownMemberType]

    def again(*given: Any) -> tuple[Any, ...]:
        arguments, values = list(given), list[Any]()
        known: list[Any] = []
        for index in given[at]:
            arguments[at] = index[None]
            look(False)
            *known, value = step(*arguments)
            good = is_finite([value, *known])
            look(True)
            if not good:
                with jax.disable_jit():
                    advance(*arguments)
            arguments[: len(known)] = known
            values.append(value)
        return *known, jnp.stack(values).mean()

    return again


def is_finite(values: Any) -> bool:
    """Whether all real numbers among some values are finite."""
    arrays: list[Any] = jax.tree.leaves(values)
    real = (x for x in arrays if jnp.issubdtype(x.dtype, jnp.floating))
    return all(bool(jnp.isfinite(x).all()) for x in real)
