"""E02: names that are unknown, declared twice, or not where they are looked for."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic, Fix, listing, suggest


class UnknownName(Diagnostic, frozen=True, kw_only=True):
    """A name that nothing declares.

    A name is looked up in its block, its file, what the file `use`s, and the standard
    library.

    ```sail
    problem Parabola {
        let xs = uniform(0, 1) |> sample(64, seed = 1)
        test x in xs: predict x as squared(x)
    }
    ```

    Here nothing declares `squared`. Write `x ^ 2`, or declare `fn squared(x) = x ^ 2`.
    """

    code = "E0201"
    title = "unknown name"
    name: str
    what: str = "name"
    where: str = "here"
    known: tuple[str, ...] = ()
    use: str | None = None
    """The line that would bring it in, where another file has it."""

    @property
    def message(self) -> str:
        return f"I know no {self.what} `{self.name}` {self.where}"

    @property
    def near(self) -> str | None:
        return None if self.use else suggest(self.name, self.known)

    @property
    def help(self) -> str:
        if self.use:
            return f"another file has it: `{self.use}`"
        if self.near:
            return f"did you mean `{self.near}`?"
        return f"declare it, or bring it in: `use folder.file {{ {self.name} }}`"

    @property
    def fix(self) -> Fix | None:
        return Fix(self.span, self.near) if self.near else None


class DeclaredTwice(Diagnostic, frozen=True, kw_only=True):
    """Two declarations of one name in one place.

    Modules of a workspace are found by name, whichever file they stand in, so two of one
    name would make a plan depend on the order of files. A module may have the name of one
    in the standard library: it then takes that one's place.

    ```sail
    ranking best { order accuracy }
    ranking best { order training_time }
    ```

    Rename one of the two, or remove it.
    """

    code = "E0202"
    title = "declared twice"
    name: str
    kind: str

    @property
    def message(self) -> str:
        return f"there are two declarations of the {self.kind} `{self.name}`"

    @property
    def help(self) -> str:
        return "rename one of them, or remove it"


class UnknownFile(Diagnostic, frozen=True, kw_only=True):
    """A `use` of a file that is not there.

    ```sail
    use std.chemestry { Atom }
    ```

    The path is counted from the workspace's root (the folder with `sail.toml`), with dots
    for slashes and without `.sail`; `std` is the standard library.
    """

    code = "E0203"
    title = "no such file to use"
    path: str
    known: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        return f"there is no file `{self.path}` to use"

    @property
    def help(self) -> str:
        near = suggest(self.path, self.known)
        if near:
            return f"did you mean `{near}`?"
        return "a path is counted from the workspace's root; `std` is the standard library"


class NeedsItself(Diagnostic, frozen=True, kw_only=True):
    """A definition that needs itself. There is no recursion in SAIL.

    ```sail
    fn twice(x) = twice(x) + 1
    ```

    Use `repeat(n, f)` to apply a function n times, or `fold` over a list.
    """

    code = "E0204"
    title = "a definition needs itself"
    name: str
    input: bool = False
    """Whether it is an input, whose type reads what is made of it."""

    @property
    def message(self) -> str:
        if self.input:
            return f"the type of `{self.name}` reads a name that is declared by it"
        return f"`{self.name}` is defined by itself, and there is no recursion"

    @property
    def help(self) -> str:
        if self.input:
            return "give the dimension in the type a name of its own, that no `let` has"
        return "use `repeat(n, f)`, `fold` or `scan`, which end"


class UnknownModule(Diagnostic, frozen=True, kw_only=True):
    """A benchmark, ranking or `sweep` that names a module which does not exist.

    ```sail
    benchmark first {
        models MPL
    }
    ```

    Here `MPL` should be `MLP`. `sailc plan` lists the modules that there are.
    """

    code = "E0205"
    title = "unknown module"
    name: str
    kind: str
    known: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        return f"there is no {self.kind} `{self.name}` in this workspace or the standard library"

    @property
    def help(self) -> str:
        near = suggest(self.name, self.known)
        if near:
            return f"did you mean `{near}`?"
        there = listing(sorted(self.known)) or "none"
        return f"there are: {there}"

    @property
    def fix(self) -> Fix | None:
        near = suggest(self.name, self.known)
        return Fix(self.span, near) if near else None
