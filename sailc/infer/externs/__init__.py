"""Externs: typed doors to code that is not ours."""

from sailc.infer.externs.calls import extern_call
from sailc.infer.externs.check import check_extern
from sailc.infer.externs.declared import Extern, Place, read_extern
from sailc.infer.externs.gradients import at_path, reads_extern, through_extern

__all__ = [
    "Extern",
    "Place",
    "at_path",
    "check_extern",
    "extern_call",
    "read_extern",
    "reads_extern",
    "through_extern",
]
