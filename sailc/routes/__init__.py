"""Chains of converters between types (CORE.md, steps 7 and 8)."""

from sailc.routes.search import Reached, Route, Step, backward, forward

__all__ = ["Reached", "Route", "Step", "backward", "forward"]
