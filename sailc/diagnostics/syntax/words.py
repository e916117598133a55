"""E01: words that are misspelt, or reserved, or of another language."""

from __future__ import annotations

from functools import lru_cache

from sailc import words
from sailc.diagnostics.base import Diagnostic, Fix, listing, suggest

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
