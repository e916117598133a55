"""Inference: elaborating and typing declarations (CORE.md, steps 1 to 6)."""
