"""E03: types, dimensions and units that disagree, and calls that do not fit."""

from __future__ import annotations

from sailc.diagnostics.base import Diagnostic, Fix, listing, suggest


class TypeMismatch(Diagnostic, frozen=True, kw_only=True):
    """Two types that would have to be one, and cannot.

    ```sail
    problem Mixed {
        test x in [1.0, "two"]: predict x as x
    }
    ```

    Here a number and a text stand in one list. The message says both types; a note points
    at the place that made the other one.
    """

    code = "E0301"
    title = "types disagree"
    found: str
    expected: str
    context: str = ""

    @property
    def message(self) -> str:
        place = f"{self.context}: " if self.context else ""
        return f"{place}this is `{self.found}`, and `{self.expected}` is needed"

    @property
    def help(self) -> str:
        if self.found.startswith("List[") and self.expected.startswith("Tensor["):
            return "make a tensor of the list: `stack(xs)`"
        return "change one of the two, or convert it: `Class[n](i)`, `one_hot`, `x[i]`, …"


class DimensionMismatch(Diagnostic, frozen=True, kw_only=True):
    """Two dimensions that would have to be equal, and are not.

    ```sail
    problem Pixels {
        let raw = zeros([10, 64])
        test r in raw: predict reshape(r, [8, 9]) as 0
    }
    ```

    64 numbers do not fill an 8 × 9 table. Dimensions are compared when they are known;
    a dimension that is still a name never disagrees with another name.
    """

    code = "E0302"
    title = "dimensions disagree"
    left: str
    right: str
    found: str = ""
    expected: str = ""

    @property
    def message(self) -> str:
        whole = f" (`{self.found}` against `{self.expected}`)" if self.found else ""
        return f"a dimension is {self.left} here and {self.right} there{whole}"

    @property
    def help(self) -> str:
        return "make the two equal: look at the shapes of what meets here"


class UnitMismatch(Diagnostic, frozen=True, kw_only=True):
    """Units of two different dimensions meet.

    ```sail
    converter wrong(x: real<eV>) -> real<angstrom> = x + 1 angstrom
    ```

    An energy and a length do not add. Units of one dimension convert by themselves
    (`eV` and `hartree`); others never do.
    """

    code = "E0303"
    title = "units disagree"
    left: str
    right: str
    context: str = ""

    @property
    def message(self) -> str:
        place = f"{self.context}: " if self.context else ""
        if self.right == "1":
            return f"{place}this is in `{self.left}`, and a number without a unit is needed"
        if self.left == "1":
            return f"{place}this has no unit, and `{self.right}` is needed"
        return f"{place}`{self.left}` and `{self.right}` are units of different dimensions"

    @property
    def help(self) -> str:
        if self.right == "1":
            return f"divide by a quantity: `x / 1 {self.left}`"
        if self.left == "1":
            return f"multiply by a quantity: `x * 1 {self.right}`"
        return "divide or multiply by a quantity that has the missing unit"


class UnknownUnit(Diagnostic, frozen=True, kw_only=True):
    """A unit that nothing declares.

    ```sail
    converter length(x: real<angstrem>) -> real = x / 1 angstrem
    ```

    Write `angstrom`; or declare one: `unit furlong = 201.168 m`.
    """

    code = "E0304"
    title = "unknown unit"
    name: str
    known: tuple[str, ...] = ()
    use: str | None = None
    """The line that would bring it in, where another file has it."""

    @property
    def message(self) -> str:
        return f"I know no unit `{self.name}`"

    @property
    def near(self) -> str | None:
        return None if self.use else suggest(self.name, self.known)

    @property
    def help(self) -> str:
        if self.use:
            return f"another file has it: `{self.use}`"
        if self.near:
            return f"did you mean `{self.near}`?"
        return f"declare it: `unit {self.name} = …`"

    @property
    def fix(self) -> Fix | None:
        return Fix(self.span, self.near) if self.near else None


class WrongArguments(Diagnostic, frozen=True, kw_only=True):
    """A call whose arguments do not fit the declaration.

    ```sail
    model Wide {
        input  x: Tensor[real, n]
        output y: Tensor[real, m] = x |> linear(m, width = 3)
    }
    ```

    `linear` has no parameter `width`. Parameters with defaults are given by name, the
    others by their place; a call that lacks exactly its first argument is a function
    that awaits it.
    """

    code = "E0305"
    title = "arguments do not fit"
    name: str
    problem: str
    signature: str = ""
    mend: str = ""
    """What to write instead, where that is not said by the declaration."""

    @property
    def message(self) -> str:
        return f"`{self.name}` {self.problem}"

    @property
    def help(self) -> str:
        if self.mend:
            return f"write it as `{self.mend}`"
        return f"it is declared as `{self.signature}`" if self.signature else "see its declaration"


class AwaitsArgument(Diagnostic, frozen=True, kw_only=True):
    """A function stands where a value is needed: its first argument is still awaited.

    ```sail
    model M {
        input  x: Tensor[real, n]
        output y: Tensor[real, m] = linear(m)
    }
    ```

    `linear(m)` is a layer that awaits what it is applied to. Write `x |> linear(m)` or
    `linear(x, m)`; beside another operator, put brackets around the pipe.
    """

    code = "E0313"
    title = "an argument is awaited"
    name: str
    parameter: str

    @property
    def message(self) -> str:
        return f"`{self.name}` still awaits its argument `{self.parameter}`"

    @property
    def help(self) -> str:
        return f"give it with a pipe, in brackets beside other operators: `(value |> {self.name})`"


class NotAFunction(Diagnostic, frozen=True, kw_only=True):
    """Something that is called, piped into or composed is no function.

    ```sail
    model M {
        input  x: Tensor[real, n]
        output y: Tensor[real, n] = x |> 3
    }
    ```

    What stands after `|>` takes what stands before it: `x |> relu`, `x |> linear(8)`.
    """

    code = "E0306"
    title = "not a function"
    found: str

    @property
    def message(self) -> str:
        return f"{self.found} is not a function, so it cannot be called"

    @property
    def help(self) -> str:
        return "call an operator, a template (`let f(x) = …`), an `fn`, or a lambda (`x => …`)"


class NotKnownYet(Diagnostic, frozen=True, kw_only=True):
    """A value that must be known while planning depends on data.

    ```sail
    model M {
        input  x: Tensor[real, n]
        output y: Tensor[real, m] = x |> linear(x[0]) |> linear(m)
    }
    ```

    Dimensions, arguments of layers, counts of `repeat`, bounds of slices and `first(n)`
    are plan-time: numbers, knobs (`suggest`) and dimensions may stand there.
    """

    code = "E0307"
    title = "not known while planning"
    what: str

    @property
    def message(self) -> str:
        return f"{self.what} must be known while planning, and this depends on data"

    @property
    def help(self) -> str:
        return "use a number, a knob (`suggest width in [32, 64]`) or a dimension's name"


class NoSuchField(Diagnostic, frozen=True, kw_only=True):
    """A field, file or column that is not there.

    ```sail
    dataset digits { file table, "package:sklearn/datasets/data/digits.csv.gz" }

    problem Digits {
        let rows = digits.tabel
        test r in rows: predict r[0] as r[1]
    }
    ```

    `digits` has a file `table`, and no `tabel`.
    """

    code = "E0308"
    title = "no such field"
    name: str
    owner: str
    known: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        return f"{self.owner} has no field `{self.name}`"

    @property
    def near(self) -> str | None:
        return suggest(self.name, self.known)

    @property
    def help(self) -> str:
        if self.near:
            return f"did you mean `{self.near}`?"
        return f"it has: {listing(self.known) or 'no fields'}"

    @property
    def fix(self) -> Fix | None:
        return Fix(self.span, self.near) if self.near else None


class OutOfRange(Diagnostic, frozen=True, kw_only=True):
    """An index, a slice or a count that reaches beyond what there is.

    ```sail
    problem Last {
        let rows = zeros([10, 4])
        test r in rows |> first(20): predict r[0] as r[4]
    }
    ```

    There are 10 rows, and the columns of each are 0 to 3.
    """

    code = "E0309"
    title = "out of range"
    what: str
    there: str

    @property
    def message(self) -> str:
        return f"{self.what}, but there are only {self.there}"

    @property
    def help(self) -> str:
        return "indices count from 0, slices are half-open (`x[0:3]` has three elements)"


class TooMuch(Diagnostic, frozen=True, kw_only=True):
    """A program whose plan-time part does not end, or is too large to be meant.

    ```sail
    model Deep {
        input  x: Tensor[real, n]
        output y: Tensor[real, n] = x |> repeat(1_000_000_000, relu)
    }
    ```

    Elaboration has a budget of steps, so that opening a stranger's file always ends.
    """

    code = "E0310"
    title = "too much to elaborate"

    @property
    def message(self) -> str:
        return "I gave up elaborating this: it takes more steps than any program should"

    @property
    def help(self) -> str:
        return "lower the count of `repeat`, `copies` or the list; `fold` runs at run time"


class WrongOperands(Diagnostic, frozen=True, kw_only=True):
    """An operator that is not defined for what stands beside it.

    ```sail
    metric wrong {
        better higher
        score  (answer: Class[n], truth: Class[n]) => answer + truth
        reduce mean
    }
    ```

    Labels are compared, not added.
    """

    code = "E0311"
    title = "operator does not apply"
    operator: str
    left: str
    right: str = ""

    @property
    def message(self) -> str:
        both = f"`{self.left}` and `{self.right}`" if self.right else f"`{self.left}`"
        return f"`{self.operator}` is not defined for {both}"

    @property
    def help(self) -> str:
        if "List[" in f"{self.left} {self.right}":
            return "arithmetic takes numbers and tensors; `stack(xs)` makes a tensor of a list"
        return "arithmetic takes numbers; `one_hot(c)` makes numbers of a label"


class InvalidType(Diagnostic, frozen=True, kw_only=True):
    """Something that stands in the place of a type and is none.

    ```sail
    model M {
        input  x: Tensor[3]
        output y: real = 0
    }
    ```

    A tensor's first argument is the type of its elements: `Tensor[real, 3]`.
    """

    code = "E0312"
    title = "not a type"
    problem: str

    @property
    def message(self) -> str:
        return self.problem

    @property
    def help(self) -> str:
        return (
            "types are `real`, `int`, `bool`, `Class[n]`, `Tensor[T, dims…]`, `List[T, n]`, "
            "`Set[T, n]`, `Text`, records, tuples, and what `type` and `enum` declare"
        )


class NoDerivative(Diagnostic, frozen=True, kw_only=True):
    """A derivative of what has none: `grad(e, p)` is of one real number `e`, by real numbers `p`
    that `e` is computed from.

    ```sail
    model M {
        input  x: Tensor[real, n]
        let    energy = sum(x ^ 2)
        output force: Tensor[real, n] = -grad(2 * x, x)
    }
    ```

    Here it should be taken of `energy`. What `p` names has to be the same variable that `e` is
    made of, or a part of it: `grad(energy(m.atoms), m.atoms.position)`.
    """

    code = "E0314"
    title = "no derivative"
    problem: str

    @property
    def message(self) -> str:
        return f"there is no such derivative: {self.problem}"

    @property
    def help(self) -> str:
        return "`grad(e, p)` takes one real number and a path on a variable in it; `sum(e)` is one"
