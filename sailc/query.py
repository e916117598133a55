"""Queries: functions that are memoised on what they read, with early cut-off.

A query is a function of a `Database` and hashable arguments. While it runs, the inputs
and queries that it reads are recorded; it runs again only when one of those changed, and
what reads it runs again only when its *value* changed. (The scheme is Salsa's.)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from msgspec import Struct, field

P = ParamSpec("P")
R = TypeVar("R")
Key = tuple[Hashable, ...]


class CycleError(RuntimeError):
    """A query that needs itself; `keys` is the cycle."""

    def __init__(self, keys: list[Key]) -> None:
        super().__init__(" -> ".join(str(k[0]) for k in keys))
        self.keys = keys


class _Memo(Struct):
    value: object
    changed: int
    verified: int
    reads: tuple[Key, ...]


class Database(Struct):
    """Inputs, memos and the clock of revisions. `runs` counts evaluations, for tests."""

    revision: int = 0
    runs: dict[str, int] = field(default_factory=dict[str, int])
    _inputs: dict[Key, tuple[object, int]] = field(default_factory=dict[Key, tuple[object, int]])
    _memos: dict[Key, _Memo] = field(default_factory=dict[Key, _Memo])
    _functions: dict[Key, Callable[[], object]] = field(
        default_factory=dict[Key, Callable[[], object]]
    )
    _stack: list[tuple[Key, list[Key]]] = field(default_factory=list[tuple[Key, list[Key]]])

    def set(self, name: str, key: Hashable, value: object) -> None:
        """Set an input; nothing is outdated if it has that value already."""
        full = (name, key)
        if full not in self._inputs or self._inputs[full][0] != value:
            self.revision += 1
            self._inputs[full] = (value, self.revision)

    def get(self, name: str, key: Hashable, default: object = None) -> object:
        """Read an input, and record that it was read."""
        full = (name, key)
        self._record(full)
        return self._inputs.get(full, (default, 0))[0]

    def _record(self, key: Key) -> None:
        if self._stack:
            self._stack[-1][1].append(key)

    def run(self, key: Key, function: Callable[[], object]) -> object:
        """The value of a query, from its memo where that still holds."""
        self._record(key)
        self._functions[key] = function
        self._refresh(key)
        return self._memos[key].value

    def _refresh(self, key: Key) -> None:
        memo = self._memos.get(key)
        if memo is not None and memo.verified == self.revision:
            return
        busy = [k for k, _ in self._stack]
        if key in busy:
            raise CycleError([*busy[busy.index(key) :], key])
        if memo is not None and all(self._changed(r) <= memo.verified for r in memo.reads):
            memo.verified = self.revision
            return
        self._compute(key, memo)

    def _changed(self, key: Key) -> int:
        if key in self._functions:
            self._refresh(key)
            return self._memos[key].changed
        return self._inputs[key][1] if key in self._inputs else 0

    def _compute(self, key: Key, memo: _Memo | None) -> None:
        reads: list[Key] = []
        self._stack.append((key, reads))
        self.runs[str(key[0])] = self.runs.get(str(key[0]), 0) + 1
        try:
            value = self._functions[key]()
        finally:
            self._stack.pop()
        same = memo is not None and memo.value == value
        changed = memo.changed if memo is not None and same else self.revision
        self._memos[key] = _Memo(value, changed, self.revision, tuple(dict.fromkeys(reads)))


def query(
    function: Callable[Concatenate[Database, P], R],
) -> Callable[Concatenate[Database, P], R]:
    """Make a function of a database and hashable arguments a memoised query."""

    @wraps(function)
    def ask(db: Database, *args: P.args, **kwargs: P.kwargs) -> R:
        key: Key = (function.__name__, *args, *sorted(kwargs.items()))
        return cast("R", db.run(key, lambda: function(db, *args, **kwargs)))

    return ask
