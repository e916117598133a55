"""The SAIL compiler: from `.sail` files to standalone PyTorch and JAX programs."""

__version__ = "0.1.0"
