"""Which names a file sees, and which modules the planner may use (LANGUAGE.md, section 2)."""

from sailc.names.workspace import Entry, FileView, Names

__all__ = ["Entry", "FileView", "Names"]
