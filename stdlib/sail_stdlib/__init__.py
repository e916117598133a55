"""The standard library, written in SAIL. `std/prelude/` is in scope everywhere; the other
files are brought in by `use std.NAME { … }`. Modules of all of them are in the catalogue."""

from importlib.resources import files

ROOT = files(__name__) / "std"
