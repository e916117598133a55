"""E01: what is wrong with the text itself, before it means anything."""

from __future__ import annotations

from sailc.diagnostics.syntax.brackets import UnclosedBracket, UnopenedBracket, UnterminatedString
from sailc.diagnostics.syntax.characters import FOREIGN, UnknownCharacter, UnknownEscape
from sailc.diagnostics.syntax.names import (
    InvalidArgument,
    InvalidFit,
    InvalidName,
    InvalidOption,
    NameWithValue,
)
from sailc.diagnostics.syntax.numbers import BadNumber, NumberTooLarge
from sailc.diagnostics.syntax.patterns import (
    InvalidArm,
    InvalidParameter,
    InvalidPattern,
    LoneParameters,
)
from sailc.diagnostics.syntax.texts import NestingTooDeep, NotText, NotUtf8, TooLong
from sailc.diagnostics.syntax.tokens import SomethingMissing, Unexpected
from sailc.diagnostics.syntax.words import (
    ChainedComparison,
    ReservedWord,
    UnknownDeclaration,
    UnknownLine,
    UnknownVerb,
    meant,
)

__all__ = [
    "FOREIGN",
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
    "meant",
]
