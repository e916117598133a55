"""How a program is written for PyTorch."""

from __future__ import annotations

from pathlib import Path

from sail_torch.rows import TORCH
from sailc.emit.script import Target, lacking, script
from sailc.program.tree import ParameterSpec, Program


def stored(spec: ParameterSpec) -> tuple[int, ...]:
    """The shape in PyTorch's own layout: outputs first, inputs second, then windows."""
    if spec.role in (("linear", "weight"), ("conv", "weight")):
        *window, n, m = spec.shape
        return (m, n, *window)
    return spec.shape


def declare(spec: ParameterSpec) -> str:
    shape = stored(spec)
    match spec.initial:
        case "uniform":
            return f"uniform({shape}, {spec.bound:.6g})"
        case "value":
            return f"torch.full({shape}, {spec.bound!r})"
        case kind:
            return f"torch.{kind}({shape})"


TARGET = Target(
    "torch",
    "PyTorch",
    ("torch", "numpy"),
    TORCH,
    Path(__file__).parent / "program.py.jinja",
    declare,
    {
        "adam": "torch.optim.Adam(w.values(), lr={rate}, betas=({beta1}, {beta2}), eps={epsilon})",
        "adamw": "torch.optim.AdamW(w.values(), lr={rate}, weight_decay={decay}, betas=({beta1}, {beta2}), eps={epsilon})",
        "sgd": "torch.optim.SGD(w.values(), lr={rate}, momentum={momentum})",
    },
)


class TorchBackend:
    """PyTorch, as the planner and the emitter see it."""

    name = TARGET.name
    title = TARGET.title
    packages = TARGET.packages

    def lacks(self, operators: frozenset[str]) -> tuple[str, ...]:
        return lacking(TARGET, operators)

    def emit(self, program: Program) -> str:
        return script(program, TARGET)


backend = TorchBackend()
