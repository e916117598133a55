"""Elaborating the kinds of module: from a declaration to what the planner links."""
