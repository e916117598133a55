"""E04: lines and properties that do not belong to their kind of module."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic, Fix, listing, suggest


class UnknownProperty(Diagnostic, frozen=True, kw_only=True):
    """A property that this kind of module does not have.

    ```sail
    problem P {
        feild chemistry
        test x in [1.0]: predict x as x
    }
    ```

    `sailc doc` and the manual list the properties of each kind.
    """

    code = "E0401"
    title = "unknown property"
    name: str
    kind: str
    known: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        return f"a {self.kind} has no property `{self.name}`"

    @property
    def near(self) -> str | None:
        return suggest(self.name, self.known)

    @property
    def help(self) -> str:
        if self.near:
            return f"did you mean `{self.near}`?"
        return f"it has: {listing(self.known, 30)}"

    @property
    def fix(self) -> Fix | None:
        return Fix(self.span, self.near) if self.near else None


class MissingLine(Diagnostic, frozen=True, kw_only=True):
    """A module without a line that it cannot do without.

    ```sail
    problem Empty {
        field chemistry
    }
    ```

    A problem needs at least one `test` line; `test` alone is a whole problem.
    """

    code = "E0402"
    title = "missing line"
    name: str
    kind: str
    line: str

    @property
    def message(self) -> str:
        return f"the {self.kind} `{self.name}` has no `{self.line}`"

    @property
    def help(self) -> str:
        if self.kind == "converter":
            return f"write `converter {self.name}{self.line}`: one argument, and both types"
        return f"add a line that begins with `{self.line}`"


class RepeatedProperty(Diagnostic, frozen=True, kw_only=True):
    """A property that may stand once, and stands twice.

    ```sail
    trainer twice {
        optimizer adam(1e-3)
        epochs 10
        epochs 20
    }
    ```
    """

    code = "E0403"
    title = "property given twice"
    name: str
    kind: str

    @property
    def message(self) -> str:
        return f"`{self.name}` stands twice in one {self.kind}"

    @property
    def help(self) -> str:
        return "keep one of the two lines"


class WrongPropertyArgument(Diagnostic, frozen=True, kw_only=True):
    """A property whose arguments are not what it takes.

    ```sail
    metric m {
        better larger
        score  (answer: real, truth: real) => abs(answer - truth)
        reduce mean
    }
    ```

    `better` takes `higher` or `lower`.
    """

    code = "E0404"
    title = "wrong argument of a property"
    name: str
    expected: str

    @property
    def message(self) -> str:
        return f"`{self.name}` takes {self.expected}"

    @property
    def help(self) -> str:
        return f"write `{self.name}` followed by {self.expected}"


class LineDoesNotBelong(Diagnostic, frozen=True, kw_only=True):
    """A line that is right elsewhere, and has no meaning in this kind of module.

    ```sail
    metric m {
        train x in [1.0]: predict x as x
        better lower
        measure train.time
    }
    ```

    Data lines belong to problems.
    """

    code = "E0405"
    title = "line does not belong here"
    line: str
    kind: str

    @property
    def message(self) -> str:
        return f"a {self.kind} has no `{self.line}` lines"

    @property
    def help(self) -> str:
        return "move it to the module that it belongs to, or remove it"


class ConditionNotKnown(Diagnostic, frozen=True, kw_only=True):
    """A `when` that reads what is not known where its line is decided, or on a line that is
    the same everywhere.

    ```sail
    model Wide {
        suggest width in [64, 128] when n > 100
        input   x: Tensor[real, n]
        output  y: Tensor[real, m] = x |> linear(width) >> relu |> linear(m)
    }
    ```

    | in | a `when` may read |
    |---|---|
    | `suggest` | `hardware`, `software`, and knobs suggested above it |
    | `optimizer`, `epochs`, `batch`, `schedule`, `clip`, `stop` of a trainer | the same |
    | other lines of a problem, model, solver or trainer | `hardware`, `software` |
    | a software | `hardware`; in `suggest`, its knobs |
    | a benchmark's `set`, `sweep`, `tune` | `hardware`, `software` |
    | a benchmark's `budget` | `hardware` |
    | what a benchmark selects, and `seeds` | all of that, and costs |

    A benchmark reads knobs by their module (`MLP.width`), and `train.flops`, `model.parameters` and
    `model.macs` as costs. A dimension is known once a question has reached the model, after its
    knobs: write `let width = if n > 100 then 128 else 64`. What only the data or the run can tell
    is for `require` and `if`.
    """

    code = "E0406"
    title = "a condition on what is not known there"
    name: str
    line: str
    kind: str
    allowed: tuple[str, ...] = ()
    dimension: bool = False
    later: bool = False

    @property
    def message(self) -> str:
        if not self.allowed:
            return f"`{self.line}` of a {self.kind} takes no `when`: it is the same everywhere"
        return f"`{self.name}` is not known where `{self.line}` is decided"

    @property
    def help(self) -> str:
        if not self.allowed:
            return "take the `when` out"
        if self.dimension:
            return f"decide it in the body, as `let size = if {self.name} > 100 then 128 else 64`"
        if self.later:
            return f"move the line below the one that suggests `{self.name}`"
        if self.kind == "benchmark" and "costs" not in self.allowed:
            return "put the condition on the line that names the module: `models M when …`"
        read = {"knobs": "knobs", "costs": "`train.flops`, `model.parameters`, `model.macs`"}
        return f"it may read {listing([read.get(a, f'`{a}`') for a in self.allowed])}"


class SweptDistribution(Diagnostic, frozen=True, kw_only=True):
    """A `sweep` of a knob that is suggested as a distribution, which has no values of which
    each could be a row of the results.

    ```sail
    trainer steps {
        suggest   rate in log_uniform(1e-4, 1e-2)
        optimizer adam(rate)
        epochs    10
    }

    benchmark rates {
        models   Linear
        trainers steps
        sweep    steps.rate
    }
    ```

    Suggest draws of it, `log_uniform(1e-4, 1e-2) |> sample(5, seed = 1)`, or `tune random(20)`,
    which draws by itself and takes the best.
    """

    code = "E0407"
    title = "a sweep of a distribution"
    name: str
    distribution: str

    @property
    def message(self) -> str:
        return f"`{self.name}` is suggested as a distribution, which has no values to sweep"

    @property
    def help(self) -> str:
        return f"suggest draws: `{self.distribution} |> sample(5, seed = 1)`; or `tune random(20)`"
