"""E01: what may stand where a name does, or beside one."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic


class InvalidArgument(Diagnostic, frozen=True, kw_only=True):
    """Before the `=` of an argument stands its name.

    ```sail
    fn thin(x) = pool(x, 2 * k = 4)
    ```

    A comparison has two signs, `==`; otherwise name the parameter:

    ```sail
    fn thin(x) = pool(x, k = 2)
    ```
    """

    code = "E0119"
    title = "not the name of an argument"

    @property
    def message(self) -> str:
        return "The name of an argument stands before `=`, and this is none"

    @property
    def help(self) -> str:
        return "write `name = value`, or `==` to compare"


class InvalidName(Diagnostic, frozen=True, kw_only=True):
    """An output that has a type or a value has a name.

    ```sail
    model Line {
        input  x: real
        output 2 * x: real
    }
    ```

    Give it a name, or leave the type away:

    ```sail
    model Line {
        input  x: real
        output y: real = 2 * x
    }
    ```
    """

    code = "E0120"
    title = "not a name"

    @property
    def message(self) -> str:
        return "A name stands before the type or value of an output, and this is none"

    @property
    def help(self) -> str:
        return "write `output y: T = …`, or `output …` without a type"


class InvalidFit(Diagnostic, frozen=True, kw_only=True):
    """A `fit` line names what it keeps.

    ```sail
    converter center(x: real) -> real {
        fit  mean(x)
        give x - mean
    }
    ```

    Write a name and `=`:

    ```sail
    converter center(x: real) -> real {
        fit  middle = mean(x)
        give x - middle
    }
    ```
    """

    code = "E0121"
    title = "a fit without a name"

    @property
    def message(self) -> str:
        return "What is fitted needs a name by which the lines below can use it"

    @property
    def help(self) -> str:
        return "write `fit name = …`"


class InvalidOption(Diagnostic, frozen=True, kw_only=True):
    """What follows the truth of a question is an option with a name.

    ```sail
    problem Forces {
        test m in molecules: predict m.atoms as m.force, 100
    }
    ```

    Write its name:

    ```sail
    problem Forces {
        test m in molecules: predict m.atoms as m.force, weight = 100
    }
    ```
    """

    code = "E0122"
    title = "an option without a name"

    @property
    def message(self) -> str:
        return "What follows a question and its truth needs a name"

    @property
    def help(self) -> str:
        return "write `weight = …`"


class NameWithValue(Diagnostic, frozen=True, kw_only=True):
    """An `enum` and a `use` list bare names.

    ```sail
    enum Side { left: 0, right: 1 }
    ```

    Constants are numbered in the order they stand in:

    ```sail
    enum Side { left, right }
    ```
    """

    code = "E0123"
    title = "a name with a value"

    @property
    def message(self) -> str:
        return "Only names stand in these braces, and this one has a value"

    @property
    def help(self) -> str:
        return "leave the `:` and the value away"
