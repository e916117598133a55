"""Where the file is that the author named, on this machine and in the emitted program."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

from msgspec import Struct

from sailc.data.opening import near_names
from sailc.data.text import quoted
from sailc.diagnostics.data import FileMissing, PackageMissing, PathUnclear, Trouble

DPKG_LISTS = Path("/var/lib/dpkg/info")
"""Where Debian keeps the list of every installed package's files."""
SHARE = Path("/usr/share")


class Location(Struct, frozen=True):
    """A file: where it is here, and the Python expression of type `Path` that finds it.

    The expression may use `DATA`, the program's folder, which the emitter defines, and
    needs `imports`, which are whole lines.
    """

    path: Path
    expression: str
    imports: tuple[str, ...] = ()


def locate(text: str, folder: Path) -> Location | Trouble:
    """The place that `text` names; whether a file is there is left to `read_header`.

    - `name.csv`, `../data/name.csv`: relative to `folder`, the program's.
    - `package:NAME/path`: below the folder of the installed Python package that
      `import NAME` would import. Nothing of it is imported: its code does not run.
    - `debian:NAME/path`: the file of the installed Debian package NAME whose path ends
      with `path`, by the package's own list; where there is no such list, the first of
      `/usr/share/NAME/path`, `/usr/share/path` and `/usr/share/doc/NAME/path`.
    """
    if not text.strip() or not text.isprintable():
        return PathUnclear(text=text, reason="is empty, or holds characters that no name has")
    scheme, colon, rest = text.partition(":")
    if colon and scheme in _SCHEMES:
        name, slash, inner = rest.partition("/")
        if not (name and slash and inner):
            return PathUnclear(text=text, reason=f"is not of the form `{scheme}:NAME/path`")
        if ".." in PurePosixPath(inner).parts or inner.startswith("/"):
            return PathUnclear(text=text, reason="leaves the package")
        return _SCHEMES[scheme](name, inner)
    if Path(text).is_absolute():
        return Location(Path(text), f"Path({quoted(text)})", (_PATH,))
    return Location(folder / text, f"DATA / {quoted(text)}")


_PATH = "from pathlib import Path"


def _in_package(name: str, inner: str) -> Location | Trouble:
    """A file below a Python package; the first of a namespace package's folders that has it."""
    spec = None
    if name.isidentifier():
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):
            spec = None
    if spec is None or not spec.submodule_search_locations:
        return PackageMissing(name=name, kind="Python", imports=_imported_as(name))
    found = f"find_spec({quoted(name)})"
    imports = ("from importlib.util import find_spec", _PATH)
    if spec.origin is not None:
        path = Path(spec.origin).parent / inner
        return Location(path, f"Path({found}.origin).parent / {quoted(inner)}", imports)
    folders = [Path(folder) for folder in spec.submodule_search_locations]
    place = next((k for k, folder in enumerate(folders) if (folder / inner).exists()), 0)
    found = f"Path({found}.submodule_search_locations[{place}])"
    return Location(folders[place] / inner, f"{found} / {quoted(inner)}", imports)


def _imported_as(name: str) -> tuple[str, ...]:
    """What the distribution called `name` is imported as: `scikit-learn` gives `sklearn`."""
    from importlib.metadata import packages_distributions

    wanted = name.replace("-", "_").casefold()
    return tuple(
        package
        for package, sources in sorted(packages_distributions().items())
        if wanted in (source.replace("-", "_").casefold() for source in sources) and package != name
    )


def _in_debian(name: str, inner: str) -> Location | Trouble:
    """A file of a Debian package; its path is the same on every machine that has the package."""
    listed = _listed(name)
    guesses = [SHARE / name / inner, SHARE / inner, SHARE / "doc" / name / inner]
    ending = [path for path in listed if path.as_posix().endswith("/" + inner)]
    path = next((path for path in (ending or guesses) if path.is_file()), None)
    if path is not None:
        return Location(path, f"Path({quoted(str(path))})", (_PATH,))
    if not listed:
        return PackageMissing(name=name, kind="Debian")
    file = Path(inner).name
    return FileMissing(file=file, folder=name, near=near_names(file, (p.name for p in listed)))


def _listed(name: str) -> list[Path]:
    """The files of an installed Debian package, in its order; none if it is not installed."""
    if not _DEBIAN_NAME.fullmatch(name):
        return []
    lists = sorted([*DPKG_LISTS.glob(f"{name}.list"), *DPKG_LISTS.glob(f"{name}:*.list")])
    lines = lists[0].read_text(encoding="utf-8", errors="replace").splitlines() if lists else []
    return [Path(line) for line in lines if line != "/."]


_DEBIAN_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_SCHEMES = {"package": _in_package, "debian": _in_debian}
