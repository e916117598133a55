"""The words that are special, and where: the tables behind the filter and its messages.

All of them are ordinary names to the lexer. A reserved word is special anywhere but
after a dot; a declaration word at the head of a line of the file; a line word at the
head of a line of a block; a verb right after the colon that opens a question.
"""

from __future__ import annotations

from types import MappingProxyType

# What declares a module with a block of lines.
KINDS = (
    "problem",
    "model",
    "solver",
    "trainer",
    "metric",
    "ranking",
    "software",
    "hardware",
    "benchmark",
    "dataset",
    "equation",
)

# The head of a line of the file, and the terminal that it becomes.
DECLARATIONS = MappingProxyType(
    dict.fromkeys(KINDS, "MODULE")
    | {
        "converter": "CONVERTER",
        "extern": "EXTERN",
        "fn": "FN",
        "type": "TYPE",
        "enum": "ENUM",
        "unit": "UNIT",
        "field": "FIELD",
        "use": "USE",
    }
)

# The head of a line of a block. Any other word there is the name of a property.
LINES = MappingProxyType(
    {
        "let": "LET",
        "suggest": "SUGGEST",
        "input": "INPUT",
        "output": "OUTPUT",
        "needs": "NEEDS",
        "require": "REQUIRE",
        "fit": "FIT",
        "give": "GIVE",
        "stage": "STAGE",
        "train": "SPLIT",
        "validate": "SPLIT",
        "test": "SPLIT",
    }
)

RESERVED = MappingProxyType(
    {
        word: word.upper()
        for word in (
            [
                "in",
                "as",
                "for",
                "if",
                "then",
                "else",
                "match",
                "and",
                "or",
                "not",
                "by",
                "when",
                "because",
                "true",
                "false",
            ]
        )
    }
)

# Reserved words that are properties where a line begins: `for classify`, `by cases`.
PROPERTIES = frozenset({"for", "by"})

# The kinds of task (SAIBench, Table 1), each with its verbs.
TASKS = MappingProxyType(
    {
        "mathematical problem solving": ("solve",),
        "pattern matching": ("classify", "segment", "detect", "group"),
        "prediction": ("predict",),
        "artifact enhancement": ("enhance", "align"),
        "control": ("control",),
        "hypothesis and confirmation": ("discover", "generate"),
    }
)

VERBS = frozenset(verb for verbs in TASKS.values() for verb in verbs)
