"""W: what is allowed and suspicious."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic


class NeverStops(Diagnostic, frozen=True, kw_only=True):
    """A `stop` that reads the validation loss, in a benchmark whose problem has no
    `validate` line: it never fires, and training takes all of its epochs.

    ```sail
    trainer patient {
        optimizer adam(1e-3)
        epochs    10
        loss      (answer: real, truth: real) => (answer - truth) ^ 2
        stop      stalled(validate.loss, epochs = 5)
    }

    problem Double {
        train x in [[1.0], [2.0]]: predict x as 2 * x[0]
        test  x in [[3.0]]: predict x as 2 * x[0]
    }

    benchmark first {
        problems Double
        models   Linear
        trainers patient
    }
    ```

    Add a `validate` line to the problem, or take the `stop` line out.
    """

    code = "W0101"
    title = "a stop that never fires"
    trainer: str
    problem: str

    @property
    def message(self) -> str:
        return f"`stop` of `{self.trainer}` never fires: `{self.problem}` has no `validate` line"

    @property
    def help(self) -> str:
        return f"add a `validate` line to `{self.problem}` if training should stop early"


class NotCarriedOut(Diagnostic, frozen=True, kw_only=True):
    """A line that this version of sailc reads and checks, and does not carry out yet.

    ```sail
    problem Sum {
        train x in [[1.0], [2.0]]: predict x as 2 * x[0]
        test  x in [[3.0]]: predict x as 2 * x[0]
    }

    benchmark growing {
        problems Sum
        models   Linear
        report   scaling
    }
    ```

    The rest of the benchmark is planned as if the line were not there.
    """

    code = "W0102"
    title = "not carried out yet"
    name: str

    @property
    def message(self) -> str:
        return f"`{self.name}` is not carried out by this version of sailc"

    @property
    def help(self) -> str:
        return "take the line out, or read the results as if it were"


class LeakingSplit(Diagnostic, frozen=True, kw_only=True):
    """Two data lines of a problem take some of the same points, so that a model is judged by
    what it has learned from, and looks better than it is.

    ```sail
    problem Double {
        let xs = uniform([0.0], [1.0]) |> sample(100, seed = 1)
        train x in xs |> first(80): predict x as 2 * x[0]
        test  x in xs |> last(30): predict x as 2 * x[0]
    }
    ```

    Take parts that do not overlap: `first(80)` and `last(20)`, or `split([0.8, 0.2])`. Two
    shuffles with different seeds overlap, too; shuffle once, in a `let`.
    """

    code = "W0103"
    title = "a leaking split"
    split: str
    other: str
    count: int
    """How many points they share at least; 0 where that is not known."""

    @property
    def message(self) -> str:
        some = f"at least {self.count} of the" if self.count > 1 else "some of the"
        return f"`{self.split}` takes {some} points that `{self.other}` takes, too"

    @property
    def help(self) -> str:
        return "take parts that do not overlap, as `first(n)` and `drop(n)` of one collection"
