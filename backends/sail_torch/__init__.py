"""The PyTorch backend."""

from sail_torch.target import backend

__all__ = ["backend"]
