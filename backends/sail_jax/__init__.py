"""The JAX backend."""

from sail_jax.target import backend

__all__ = ["backend"]
