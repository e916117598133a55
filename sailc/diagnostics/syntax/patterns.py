"""E01: what may stand as a pattern or a parameter."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic


class InvalidPattern(Diagnostic, frozen=True, kw_only=True):
    """A pattern is a name, or names in parentheses.

    ```sail
    fn sums(xs) = [a + b for (a, 2 * b) in xs]
    ```

    Name the part, and compute with it where it is used:

    ```sail
    fn sums(xs) = [a + b / 2 for (a, b) in xs]
    ```
    """

    code = "E0115"
    title = "not a pattern"

    @property
    def message(self) -> str:
        return "I can only bind names here, and this is none"

    @property
    def help(self) -> str:
        return "write a name, or a tuple of names such as `(image, label)`"


class InvalidArm(Diagnostic, frozen=True, kw_only=True):
    """An arm of a `match` begins with a constant, a name or a tuple of these.

    ```sail
    fn describe(n) = match n {
        n > 2 => "many"
        _     => "few"
    }
    ```

    A condition stands behind `if`:

    ```sail
    fn describe(n) = match n {
        _ if n > 2 => "many"
        _          => "few"
    }
    ```
    """

    code = "E0116"
    title = "not the pattern of an arm"

    @property
    def message(self) -> str:
        return "I can only compare with constants here, and this is none"

    @property
    def help(self) -> str:
        return "write a constant or `_`, and a condition behind `if`: `_ if x > 2 => …`"


class InvalidParameter(Diagnostic, frozen=True, kw_only=True):
    """What stands before `=>` is a name, or parameters in parentheses.

    ```sail
    fn doubled(xs) = map(xs, 2 * x => x)
    ```

    Name the parameter:

    ```sail
    fn doubled(xs) = map(xs, x => 2 * x)
    ```
    """

    code = "E0117"
    title = "not a parameter"

    @property
    def message(self) -> str:
        return "A parameter of a function stands before `=>`, and this is none"

    @property
    def help(self) -> str:
        return "write `x => …`, or `(a: T, b) => …`"


class LoneParameters(Diagnostic, frozen=True, kw_only=True):
    """Types, defaults and empty parentheses belong to the parameters of a function.

    ```sail
    fn pair(a, b) = (a: real, b)
    ```

    A record has braces, and a function has an arrow:

    ```sail
    fn pair(a, b) = { a: a, b: b }
    ```
    """

    code = "E0118"
    title = "parameters without a function"

    @property
    def message(self) -> str:
        return "These look like the parameters of a function, but no `=>` follows"

    @property
    def help(self) -> str:
        return "write `=>` and the function's body, or `{ name: value }` for a record"
