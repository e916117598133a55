"""E01: what is wrong with the text itself, before it means anything."""

from __future__ import annotations

from functools import lru_cache

from sailc import words
from sailc.diagnostics.base import Diagnostic, Fix, listing, suggest
from sailc.source import Span

__all__ = [
    "BadNumber",
    "ChainedComparison",
    "InvalidArgument",
    "InvalidArm",
    "InvalidFit",
    "InvalidName",
    "InvalidOption",
    "InvalidParameter",
    "InvalidPattern",
    "LoneParameters",
    "NameWithValue",
    "NestingTooDeep",
    "NotText",
    "NotUtf8",
    "NumberTooLarge",
    "ReservedWord",
    "SomethingMissing",
    "TooLong",
    "UnclosedBracket",
    "Unexpected",
    "UnknownCharacter",
    "UnknownDeclaration",
    "UnknownEscape",
    "UnknownLine",
    "UnknownVerb",
    "UnopenedBracket",
    "UnterminatedString",
]


# --- tokens that do not fit ----------------------------------------------------------


class Unexpected(Diagnostic, frozen=True, kw_only=True):
    """Something stands where the language has no use for it.

    ```sail
    model Line {
        input  x: Tensor[real, n]
        output y real = sum(x)
    }
    ```

    A type follows a colon:

    ```sail
    model Line {
        input  x: Tensor[real, n]
        output y: real = sum(x)
    }
    ```
    """

    code = "E0101"
    title = "something unexpected"

    found: str
    expected: tuple[str, ...]
    insert: str = ""
    where: Span | None = None

    @property
    def message(self) -> str:
        if self.insert:
            return f"I expected `{self.insert}` before {self.found}"
        return f"I did not expect {self.found} here"

    @property
    def help(self) -> str:
        if self.insert:
            return f"write `{self.insert}` here"
        if not self.expected:
            return "remove it"
        return f"here could stand {listing(self.expected, 6)}"

    @property
    def fix(self) -> Fix | None:
        if self.where is None:
            return None
        if self.insert in (":", ","):
            return Fix(self.where, self.insert)
        return Fix(self.where, f" {self.insert}")


class SomethingMissing(Diagnostic, frozen=True, kw_only=True):
    """A line stops before it has said what it began to say.

    ```sail
    fn twice(x) = 2 *
    ```

    Write what is missing:

    ```sail
    fn twice(x) = 2 * x
    ```
    """

    code = "E0102"
    title = "something is missing"

    what: str
    after: str

    @property
    def message(self) -> str:
        return (
            f"I expected {self.what} after {self.after}"
            if self.after
            else (f"I expected {self.what} here")
        )

    @property
    def help(self) -> str:
        return f"write {self.what} here"


# --- brackets and strings ------------------------------------------------------------


class UnclosedBracket(Diagnostic, frozen=True, kw_only=True):
    """A bracket that is opened and never closed.

    ```sail
    fn mean_square(x) = mean((x ^ 2)
    ```

    Close it:

    ```sail
    fn mean_square(x) = mean((x ^ 2))
    ```
    """

    code = "E0103"
    title = "unclosed bracket"

    opened: str
    closes: str
    end: Span

    @property
    def message(self) -> str:
        return f"This `{self.opened}` is never closed"

    @property
    def help(self) -> str:
        return f"write `{self.closes}` where it should end"

    @property
    def fix(self) -> Fix | None:
        return Fix(self.end, self.closes) if self.closes != "}" else None


class UnopenedBracket(Diagnostic, frozen=True, kw_only=True):
    """A bracket that closes what was never opened.

    ```sail
    fn half(x) = x / 2)
    ```

    Remove it, or write the bracket that it should close:

    ```sail
    fn half(x) = (x / 2)
    ```
    """

    code = "E0104"
    title = "unopened bracket"

    closes: str
    opened: str

    @property
    def message(self) -> str:
        return f"This `{self.closes}` closes nothing"

    @property
    def help(self) -> str:
        return f"remove it, or write the `{self.opened}` that it should close"


class UnterminatedString(Diagnostic, frozen=True, kw_only=True):
    """A string that its line ends before a quote does. A string stays on one line.

    ```sail
    dataset digits {
        title "Handwritten digits
    }
    ```

    Close it with a quote; within a string, a newline is `\\n` and a quote is `\\"`:

    ```sail
    dataset digits {
        title "Handwritten digits"
    }
    ```
    """

    code = "E0105"
    title = "unterminated string"

    @property
    def message(self) -> str:
        return "This string has no closing quote on its line"

    @property
    def help(self) -> str:
        return 'write `"` where the string ends'


# What people write who come from other languages, and what SAIL writes for it.
FOREIGN = {
    "&&": "and",
    "||": "or",
    "!": "not",
    "→": "->",
    "⇒": "=>",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "×": "*",
    "·": "*",
    "÷": "/",
    "−": "-",
    "–": "-",
    "…": "...",
}
_ADVICE = {
    ";": "remove it: a line ends where it ends",
    "#": "a comment begins with `//`",
    "'": 'a string stands between double quotes: `"…"`',
    "“": 'a string stands between straight quotes: `"…"`',
    "”": 'a string stands between straight quotes: `"…"`',
    "%": "write a share as a number: `0.05`",
    "|": "write `or`, or `|>` to pass a value on",
    "&": "write `and`",
}


class UnknownCharacter(Diagnostic, frozen=True, kw_only=True):
    """A character that means nothing outside of strings and comments.

    ```sail
    fn inside(x) = x > 0 && x < 1
    ```

    SAIL has words where other languages have signs:

    ```sail
    fn inside(x) = x > 0 and x < 1
    ```
    """

    code = "E0106"
    title = "unknown character"

    text: str

    @property
    def message(self) -> str:
        return f"I do not know what to do with {_shown(self.text)}"

    @property
    def help(self) -> str:
        if self.text in FOREIGN:
            return f"write `{FOREIGN[self.text]}`"
        return _ADVICE.get(self.text[:1], "remove it, or put it in a string or a comment")

    @property
    def fix(self) -> Fix | None:
        if self.text in FOREIGN:
            return Fix(self.span, FOREIGN[self.text])
        if self.text[0] == self.text[-1] == "'" and len(self.text) > 1 and '"' not in self.text:
            return Fix(self.span, f'"{self.text[1:-1]}"')
        return Fix(self.span, "") if self.text == ";" else None


def _shown(text: str) -> str:
    """A few characters, those that cannot be seen by their number."""
    short = text if len(text) <= 12 else text[:12] + "…"
    if short.isprintable():
        return f"`{short}`"
    return "the character " + " ".join(f"U+{ord(c):04X}" for c in text[:4])


class UnknownEscape(Diagnostic, frozen=True, kw_only=True):
    """A backslash in a string begins `\\n`, `\\t`, `\\r`, `\\"`, `\\\\` or `\\u{1F600}`.

    ```sail
    dataset waves {
        title "The \\alpha waves"
    }
    ```

    A backslash itself is written twice:

    ```sail
    dataset waves {
        title "The \\\\alpha waves"
    }
    ```
    """

    code = "E0107"
    title = "unknown escape in a string"

    text: str

    @property
    def message(self) -> str:
        return f"`{self.text}` stands for no character"

    @property
    def help(self) -> str:
        return f"write `\\{self.text}` if you mean the backslash itself"

    @property
    def fix(self) -> Fix | None:
        return Fix(self.span, "\\" + self.text)


# --- numbers -------------------------------------------------------------------------


class BadNumber(Diagnostic, frozen=True, kw_only=True):
    """Something that starts as a number and is none.

    ```sail
    fn step(x) = x * 5fs
    ```

    A unit stands apart from its number; digits are grouped by single underscores, and
    both sides of the decimal point have digits:

    ```sail
    fn step(x) = x * 5 fs
    ```
    """

    code = "E0108"
    title = "malformed number"

    text: str
    number: str
    rest: str

    @property
    def message(self) -> str:
        return f"`{self.text}` is neither a number nor a name"

    @property
    def help(self) -> str:
        if self.rest:
            return f"write `{self.number} {self.rest}` if `{self.rest}` is its unit"
        return "write a number such as `1_000`, `2.5` or `1e-3`"

    @property
    def fix(self) -> Fix | None:
        return Fix(self.span, f"{self.number} {self.rest}") if self.rest else None


class NumberTooLarge(Diagnostic, frozen=True, kw_only=True):
    """A number beyond what a 64-bit float can hold.

    ```sail
    fn far(x) = x + 1e999
    ```

    The largest is about `1.8e308`:

    ```sail
    fn far(x) = x + 1e300
    ```
    """

    code = "E0109"
    title = "number too large"

    @property
    def message(self) -> str:
        return "This number is larger than any that I can compute with"

    @property
    def help(self) -> str:
        return "write a number below 1.8e308, perhaps in another unit"


# --- words ---------------------------------------------------------------------------

_SYNONYMS = {
    "def": "fn",
    "func": "fn",
    "function": "fn",
    "fun": "fn",
    "import": "use",
    "from": "use",
    "include": "use",
    "struct": "type",
    "class": "type",
}


@lru_cache
def meant(word: str) -> str | None:
    """The declaration word that someone who wrote another may have meant."""
    return suggest(word, words.DECLARATIONS) or _SYNONYMS.get(word)


class UnknownDeclaration(Diagnostic, frozen=True, kw_only=True):
    """A declaration begins with a word that says what it declares.

    ```sail
    modle Line {
        input  x: real
        output y: real = 2 * x
    }
    ```

    The words are those of the modules (`problem`, `model`, `solver`, `trainer`, `metric`,
    `ranking`, `software`, `hardware`, `converter`, `benchmark`, `dataset`, `equation`),
    and `fn`, `extern fn`, `type`, `enum`, `unit`, `field`, `use`:

    ```sail
    model Line {
        input  x: real
        output y: real = 2 * x
    }
    ```
    """

    code = "E0110"
    title = "unknown declaration"

    word: str
    indented: bool = False

    @property
    def message(self) -> str:
        if self.indented:
            return f"The line of `{self.word}` stands in no block"
        return f"A declaration cannot begin with `{self.word}`"

    @property
    def help(self) -> str:
        if self.indented:
            return "write the head of its declaration above, such as `model Name {`"
        near = meant(self.word)
        if near:
            return f"did you mean `{near}`?"
        if self.word in words.LINES:
            return f"move it into a block: `{self.word}` is a line of one"
        return f"begin with {listing(words.DECLARATIONS, 20)}"

    @property
    def fix(self) -> Fix | None:
        near = suggest(self.word, words.DECLARATIONS)
        return Fix(self.span, near) if near else None


class UnknownLine(Diagnostic, frozen=True, kw_only=True):
    """A line of a block begins with a word of its kind, and this one is misspelt.

    ```sail
    model Line {
        input  x: real
        ouput  y: real = 2 * x
    }
    ```

    They are `let`, `suggest`, `input`, `output`, `needs`, `require`, `fit`, `give`,
    `stage`, `train`, `validate` and `test`. Any other word is a property, which has
    arguments, and neither a type nor a question:

    ```sail
    model Line {
        input  x: real
        output y: real = 2 * x
    }
    ```
    """

    code = "E0111"
    title = "unknown line"

    word: str
    near: str

    @property
    def message(self) -> str:
        return f"A line of this form cannot begin with `{self.word}`"

    @property
    def help(self) -> str:
        return f"did you mean `{self.near}`?"

    @property
    def fix(self) -> Fix | None:
        return Fix(self.span, self.near)


class UnknownVerb(Diagnostic, frozen=True, kw_only=True):
    """What is asked of a point is said by a verb, and the verbs are few.

    ```sail
    problem Digits {
        test row in digits.rows: clasify row.image as row.label
    }
    ```

    They are `solve`, `classify`, `segment`, `detect`, `group`, `predict`, `enhance`,
    `align`, `control`, `discover` and `generate`:

    ```sail
    problem Digits {
        test row in digits.rows: classify row.image as row.label
    }
    ```
    """

    code = "E0112"
    title = "unknown verb"

    word: str

    @property
    def message(self) -> str:
        return f"I do not know the verb `{self.word}`"

    @property
    def help(self) -> str:
        near = suggest(self.word, words.VERBS)
        if near:
            return f"did you mean `{near}`?"
        return f"the verbs are {listing(sorted(words.VERBS), 20)}"

    @property
    def fix(self) -> Fix | None:
        near = suggest(self.word, words.VERBS)
        return Fix(self.span, near) if near else None


class ReservedWord(Diagnostic, frozen=True, kw_only=True):
    """A few words mean the same everywhere, and can name nothing.

    ```sail
    fn scaled(x, by) = x * by
    ```

    They are `in as for if then else match and or not by when because true false`. After a
    dot they are names like any other. Choose another name:

    ```sail
    fn scaled(x, factor) = x * factor
    ```
    """

    code = "E0113"
    title = "reserved word as a name"

    word: str

    @property
    def message(self) -> str:
        return f"`{self.word}` is a word of the language and cannot be a name"

    @property
    def help(self) -> str:
        return f"choose another name, for instance `{self.word}_`"


class ChainedComparison(Diagnostic, frozen=True, kw_only=True):
    """A comparison has two sides.

    ```sail
    fn inside(x) = 0 < x < 1
    ```

    Join two comparisons with `and`:

    ```sail
    fn inside(x) = 0 < x and x < 1
    ```
    """

    code = "E0114"
    title = "comparisons do not chain"

    operator: str

    @property
    def message(self) -> str:
        return f"This `{self.operator}` compares what is a comparison already"

    @property
    def help(self) -> str:
        return "write two comparisons with `and` between them: `a < b and b < c`"


# --- what may stand where names do ---------------------------------------------------


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


# --- texts that are no programs ------------------------------------------------------


class NestingTooDeep(Diagnostic, frozen=True, kw_only=True):
    """Brackets and operators that nest deeper than any reader, or I, can follow.

    A hundred brackets within brackets are the limit, or two hundred operators in a row. A
    list of values is no nesting and may be as long as it needs to be; a long sum is
    `sum([…])`, and a long expression takes names with `let`.
    """

    code = "E0124"
    title = "nesting too deep"

    @property
    def message(self) -> str:
        return "This is nested deeper than I can follow, and I leave out what comes here"

    @property
    def help(self) -> str:
        return "give its parts names with `let`, or write `sum([…])` for a long sum"


class TooLong(Diagnostic, frozen=True, kw_only=True):
    """A line of more than 100,000 characters is data, and so is a file of 4,000,000.

    Declare a `dataset`, and read the values from an HDF5, NPY or CSV file.
    """

    code = "E0125"
    title = "line or file too long"

    what: str
    length: int

    @property
    def message(self) -> str:
        return f"This {self.what} has {self.length:,} characters, too many for a program"

    @property
    def help(self) -> str:
        return "break it, or keep the values in a file and declare a `dataset`"


class NotUtf8(Diagnostic, frozen=True, kw_only=True):
    """A file of SAIL is UTF-8 text, and this one holds bytes that are not.

    Save it as UTF-8 in the editor, or convert it: `iconv -f latin1 -t utf8 old > new`.
    """

    code = "E0126"
    title = "not UTF-8"

    @property
    def message(self) -> str:
        return "There are bytes here that are not UTF-8 text"

    @property
    def help(self) -> str:
        return "save the file as UTF-8"


class NotText(Diagnostic, frozen=True, kw_only=True):
    """This file is no text at all: an image, an archive, a table of numbers.

    A data file is named in a `dataset`, and programs are given to `sailc`.
    """

    code = "E0127"
    title = "not a text"

    @property
    def message(self) -> str:
        return "This file is not text"

    @property
    def help(self) -> str:
        return "give me a `.sail` program; name data files in a `dataset`"
