"""Lowering: from a scenario to a small code tree that no backend is written into."""
