"""E0421 to E0424: equations that cannot be meant."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic, suggest


class Unconstrained(Diagnostic, frozen=True, kw_only=True):
    """An unknown that laws and conditions leave open: it has no one solution.

    ```sail
    equation Decay {
        unknown a(t), b(t)
        domain  t in 0..1
        law     d(a, t) == -a
        initial a(0) == 1
    }
    ```

    There are as many laws as unknowns, and each unknown is in one. A law with `d(a, t)` needs
    `a(0)`, one with `d(a, t, t)` needs `d(a, t)(0)` too; one with `d(u, x, x)` needs a
    condition at both ends of x, or `u(0) == u(1)`, which makes it periodic.
    """

    code = "E0421"
    title = "an unknown that nothing constrains"
    name: str
    lacking: str
    write: str

    @property
    def message(self) -> str:
        return f"nothing constrains `{self.name}`: {self.lacking}"

    @property
    def help(self) -> str:
        return f"add {self.write}"


class OutsideDomain(Diagnostic, frozen=True, kw_only=True):
    """A condition at a place that is no end of the domain.

    ```sail
    equation Heat {
        unknown  u(x, t)
        domain   x in 0..1, t in 0..1
        law      d(u, t) == d(u, x, x)
        initial  u(x, 0) == sin(pi * x)
        boundary u(0, t) == 0
        boundary u(2, t) == 0
    }
    ```

    An `initial` condition holds where a variable begins, a `boundary` where one begins or ends.
    The other variables stay what they are: `u(0, t)`.
    """

    code = "E0422"
    title = "a condition outside the boundary"
    place: str
    ends: str

    @property
    def message(self) -> str:
        return f"this condition is {self.place}, and {self.ends}"

    @property
    def help(self) -> str:
        return "put it at an end of the domain, or change the domain"


class NotIndependent(Diagnostic, frozen=True, kw_only=True):
    """A derivative by something that is no independent variable.

    ```sail
    equation Decay(rate: real) {
        unknown a(t)
        domain  t in 0..1
        law     d(a, rate) == -a
        initial a(0) == 1
    }
    ```

    `d(u, x)` is the derivative of u by x, `d(u, x, x)` the second one; x is one of the
    variables in `unknown u(x, t)`.
    """

    code = "E0423"
    title = "a derivative by no variable"
    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        if not self.known:
            return "`d` differentiates by the variables of an equation, and here is none"
        listed = ", ".join(f"`{n}`" for n in self.known)
        return f"`{self.name}` is no independent variable: these are {listed}"

    @property
    def help(self) -> str:
        near = suggest(self.name, self.known)
        if near:
            return f"did you mean `{near}`?"
        return "write `d(u, x)` in the lines of an equation with `unknown u(x)`"


class ConditionOrder(Diagnostic, frozen=True, kw_only=True):
    """A condition on a derivative that the laws determine by themselves.

    ```sail
    equation Decay {
        unknown a(t)
        domain  t in 0..1
        law     d(a, t) == -a
        initial a(0) == 1
        initial d(a, t)(0) == 1
    }
    ```

    Where the laws hold derivatives of an order, conditions are on lower orders only.
    """

    code = "E0424"
    title = "a condition of too high an order"
    name: str
    variable: str
    order: int
    laws: int

    @property
    def message(self) -> str:
        of = "s" if self.laws != 1 else ""
        return (
            f"this condition takes {self.order} derivative{'s' if self.order > 1 else ''} of "
            f"`{self.name}` by `{self.variable}`, and the laws take {self.laws or 'no'} "
            f"derivative{of if self.laws else 's'}"
        )

    @property
    def help(self) -> str:
        return "a condition is of a lower order than the laws: remove it, or mend the law"
