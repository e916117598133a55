"""E0315: functions that are no formulas."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic


class NoFormula(Diagnostic, frozen=True, kw_only=True):
    """A function stands where a formula is needed, and algebra has none for it.

    ```sail
    problem Sorted {
        let xs = uniform(0, 1, shape = [5]) |> sample(10, seed = 1)
        test x in xs: discover x as (a => sum(sort(a * x)))
    }
    ```

    A function that is asked about, or that is an answer, a truth or part of a record, is a
    formula: an expression of numbers, made of arithmetic and of the elementary functions. A
    function that is only called, and given to other functions, may be made of anything.
    """

    code = "E0315"
    title = "no formula"
    problem: str

    @property
    def message(self) -> str:
        return f"this function is no formula: {self.problem}"

    @property
    def help(self) -> str:
        return "write it with arithmetic and elementary functions, or call it and use what it gives"
