"""How an emitted program reads a table."""

from __future__ import annotations

from sailc.data.header import Column, Header, Layout, Loading, Options
from sailc.data.text import call, quoted

HELPER = '''\
def read_table(
    path: Path,
    columns: dict[str, type | list[str]],
    missing: tuple[str, ...] = ("",),
    **layout,
) -> dict[str, np.ndarray]:
    """The columns of a table by name: text; numbers, NaN where one is missing; or
    places in a list of labels, -1 where one is missing."""
    cells = np.loadtxt(path, dtype=object, ndmin=2, encoding="utf-8-sig", **layout)
    table = {}
    for (name, kind), column in zip(columns.items(), cells.T, strict=True):
        texts = np.strings.strip(column.astype(str))
        gaps = np.isin(texts, missing)
        if isinstance(kind, list):
            pairs = zip(texts, gaps, strict=True)
            table[name] = np.array([-1 if gap else kind.index(t) for t, gap in pairs])
        else:
            blank = "nan" if kind is float else ""
            table[name] = np.where(gaps, blank, texts).astype(kind)
    return table
'''

_PYTHON = {"number": "float", "text": "str"}


def _kind(column: Column) -> str:
    """How a column's cells are read: a type, or the labels whose places they are."""
    if column.labels:
        return f"[{', '.join(map(quoted, column.labels))}]"
    return _PYTHON[column.kind]


def load_table(header: Header, options: Options) -> Loading:
    """`np.loadtxt(PATH, …)`, or a dict of columns where the rows are records."""
    layout = header.layout or Layout(",")
    how = _arguments(layout)
    if header.record:
        columns = ", ".join(f"{quoted(c.name)}: {_kind(c)}" for c in header.columns)
        if header.taken not in ((), tuple(range(header.shape[1]))):
            how["usecols"] = str(header.taken)
        missing = {"missing": _tuple(("", *options.missing))} if options.missing else {}
        expression = call("read_table", "{path}", f"{{{columns}}}", **missing, **how)
        return Loading(("from pathlib import Path", "import numpy as np"), (HELPER,), expression)
    if layout.bom:
        how["encoding"] = quoted("utf-8-sig")
    if not header.columns and not layout.quoted:
        how.pop("delimiter", None)
    if 1 in header.shape:
        how["ndmin"] = str(len(header.shape))
    return Loading(("import numpy as np",), (), call("np.loadtxt", "{path}", **how))


def _arguments(layout: Layout) -> dict[str, str]:
    """The arguments of `np.loadtxt` that differ from its defaults."""
    how: dict[str, str] = {}
    if layout.separator is not None:
        how["delimiter"] = quoted(layout.separator)
    if layout.skip:
        how["skiprows"] = str(layout.skip)
    if layout.quoted:
        how["quotechar"] = """'"'"""
    if layout.hashes:
        how["comments"] = "None"
    return how


def _tuple(items: tuple[str, ...]) -> str:
    return f"({', '.join(map(quoted, items))})"
