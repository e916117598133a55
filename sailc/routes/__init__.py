"""Chains of converters between types (CORE.md, steps 7 and 8)."""

from sailc.routes.index import Index
from sailc.routes.search import Reached, Route, Step, backward, forward

__all__ = ["Index", "Reached", "Route", "Step", "backward", "forward"]
