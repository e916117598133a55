"""Stops a program at the first number that is not finite, among JAX's operations.

This file is run beside a program whose training has run away (see `sailc.engines.watched`).
"""

from __future__ import annotations

import jax


def watch() -> None:
    """From here on, look at everything."""
    jax.clear_caches()
    jax.config.update("jax_debug_nans", True)  # pyright: ignore[reportUnknownMemberType]
    jax.config.update("jax_debug_infs", True)  # pyright: ignore[reportUnknownMemberType]
