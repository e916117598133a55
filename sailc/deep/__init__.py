"""`sailc check --deep`: externs are called, and their gradients compared with differences."""

from sailc.deep.judge import deep_check

__all__ = ["deep_check"]
