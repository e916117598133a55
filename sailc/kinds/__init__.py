"""One table per kind: its lines and properties. The checker, completion, hover and the
reference manual all read these tables, so a property is added in one place."""

from sailc.kinds.tables import KINDS, Kind, PropertyRow

__all__ = ["KINDS", "Kind", "PropertyRow"]
