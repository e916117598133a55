"""An accelerator that every machine has: to PyTorch a device of its own, whose tensors lie on the
processor all the same.

What is on it takes part in no operation with what is not, as on a real one. Whatever goes there
or comes back is counted by the line of the program that moves it, and so is where a program
waits until the device is done. What only a real one can tell is how fast it is, and which
operators its libraries lack.
"""

# pyright: reportPrivateUsage=false, reportCallIssue=false, reportUnknownMemberType=false
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.library import Library, fallthrough_kernel
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map_only
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "away"
SCRIPTS = ("script.py", "drawn.py")
"""The files whose lines are counted: as tests call programs that they run."""

Moves = Counter[tuple[int, ...]]
"""How often lines of a program, those that call others after these, move something or wait."""


class Away(torch.Tensor):
    """A tensor on the device; `held` has its numbers."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> Away:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=torch.device(NAME, 0),
        )
        made.held = held
        return made

    __torch_function__: Any = torch._C._disabled_torch_function_impl

    def __repr__(self, *, tensor_contents: object = None) -> str:
        return f"Away({self.held})"

    @classmethod
    def __torch_dispatch__(
        cls, operator: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _computed(operator, args, kwargs or {})


class _Generator(torch.Generator):
    """One for the device: numbers are drawn where they lie."""

    def __new__(cls, device: Any = "cpu") -> _Generator:
        return super().__new__(cls, "cpu")


class _Everywhere(TorchDispatchMode):
    """Sees the operators that are given no tensor of the device, too: those that make one."""

    def __torch_dispatch__(
        self, operator: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _computed(operator, args, kwargs or {})


_current = Moves()


@contextmanager
def accelerator() -> Iterator[Moves]:
    """Within it PyTorch has the device `away`."""
    global _current
    _current = Moves()
    before, generator = torch.get_default_device(), torch.Generator
    torch.Generator = _Generator
    torch._C._set_only_lift_cpu_tensors(True)  # what is made of Python's numbers is seen, too
    try:
        with _Everywhere():
            yield _current
    finally:
        torch._C._set_only_lift_cpu_tensors(False)
        torch.Generator = generator
        torch.set_default_device(before)


class _Module:
    """What PyTorch asks a device's module, as `torch.cuda` is one."""

    def is_initialized(self) -> bool:
        return True

    def is_available(self) -> bool:
        return True

    def current_device(self) -> int:
        return 0

    def device_count(self) -> int:
        return 1

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16]

    def manual_seed_all(self, seed: int) -> None: ...

    def _is_in_bad_fork(self) -> bool:
        return False


_setup_privateuseone_for_python_backend(NAME, _Module())  # before the first gradient is asked for
_rules = Library("_", "IMPL")
_rules.fallback(fallthrough_kernel, "AutocastPrivateUse1")


def _computed(operator: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What an operator gives, computed on the processor, on the device where it belongs there."""
    tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
    places = [isinstance(x, Away) for x in tensors]
    moves = operator.overloadpacket in _MOVING
    if any(places) and not moves:
        apart = [x for x, there in zip(tensors, places, strict=True) if x.dim() and not there]
        if apart:  # a single number may come from the processor
            raise RuntimeError(f"{operator}: expected all tensors to be on the same device")
    if kwargs.get("device") is not None:
        goes = torch.device(kwargs["device"]).type == NAME
        kwargs = {**kwargs, "device": torch.device("cpu")}
    else:
        goes = places[0] if moves else any(places)
    crosses = moves and any(there != goes for there in places)
    waits = crosses and not kwargs.get("non_blocking")
    if waits or (any(places) and operator.overloadpacket in _READING):
        _current.update([_lines()])
    given: Any = tree_map_only(Away, lambda x: x.held, (args, kwargs))
    found = operator(*given[0], **given[1])
    if not goes:
        return found
    found = tree_map_only(torch.Tensor, lambda x: Away(x.resolve_conj()), found)
    return return_and_correct_aliasing(operator, args, kwargs, found) if any(places) else found


_MOVING = (torch.ops.aten._to_copy, torch.ops.aten.copy_)
_READING = (torch.ops.aten._local_scalar_dense, torch.ops.aten.nonzero)
"""What cannot go on before the device is done: a number is read, or numbers decide a shape."""


def _lines() -> tuple[int, ...]:
    """The lines of the program that are being run, the innermost first."""
    frames = traceback.walk_stack(None)
    return tuple(line for frame, line in frames if frame.f_code.co_filename in SCRIPTS)
