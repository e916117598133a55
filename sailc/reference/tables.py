"""Pages from the tables of the language: kinds, words, units, codes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from sailc import words
from sailc.diagnostics.base import REGISTRY
from sailc.diagnostics.exclusions import NEXT, TITLES
from sailc.diagnostics.pages import load_all
from sailc.kinds.tables import KINDS, Kind, PropertyRow, Takes
from sailc.operations import OPERATIONS, Operation
from sailc.reference.page import Page, Section, code, table
from sailc.units import Unit, known_units, parse_unit

LANGUAGE = "The language"
CODES = "What sailc says"

_TAKES: dict[Takes, str] = {
    "nothing": "",
    "text": "a text",
    "texts": "texts",
    "name": "a name",
    "names": "names",
    "number": "a number",
    "expression": "an expression",
    "expressions": "expressions",
    "word": "one of",
    "function": "a function",
    "files": "a name, a path, options",
    "path": "a dotted path",
}
_GROUPS = {
    "E01": "syntax",
    "E02": "names",
    "E03": "types, dimensions, units",
    "E04": "properties of a kind",
    "E05": "data",
    "E06": "files and selections",
    "E07": "backends",
    "E08": "runs",
    "E09": "mistakes of the compiler",
    "W": "warnings",
}


# --- kinds ------------------------------------------------------------------------------


def kinds() -> Page:
    """Every kind of declaration, with its lines and properties."""
    intro = (
        "What may be declared with a block of lines. A line is one of those named (see "
        "[words](words.md)) or a property: a word and its arguments. A property that is "
        "*needed* must be there, and one that *repeats* may be there several times."
    )
    sections = tuple(_kind(kind) for kind in KINDS.values())
    return Page("kinds", "Kinds and their properties", LANGUAGE, intro, sections)


def _kind(kind: Kind) -> Section:
    parts: list[str] = []
    lines = [word for word in words.LINES if word in kind.lines]
    if lines:
        parts.append(f"Lines: {code(*lines)}.")
    if kind.required:
        parts.append(f"Needed: {code(*kind.required)}.")
    head = ("property", "takes", "", "what it says")
    parts.append(table(head, (_property(row) for row in kind.properties.values())))
    what = "kind of module" if kind.name in words.KINDS else "kind of declaration"
    return Section(kind.name, what, kind.doc, "\n\n".join(parts))


def _property(row: PropertyRow) -> tuple[str, ...]:
    takes = " ".join(part for part in (_TAKES[row.takes], code(*row.words)) if part)
    notes = [n for n, holds in (("needed", row.required), ("repeats", row.repeats)) if holds]
    return f"`{row.name}`", takes, ", ".join(notes), row.doc


# --- costs ------------------------------------------------------------------------------


def costs() -> Page:
    """How many operations the operators of the library are."""
    intro = (
        "What `sailc plan` counts, for each point. A multiply-add is two operations; the "
        "layers and the products of matrices say how many they are (`macs`, `flops` of a "
        "declaration, exact). Others count as below, for each number of the result or of the "
        "argument: forward, and backward for each argument that a gradient goes back to. "
        "Sums, products, comparisons and elementary functions are one operation each. What "
        "only gives numbers another place or name counts none, and neither does what is not "
        "listed."
    )
    alike: dict[Operation, list[str]] = {}
    for name, row in OPERATIONS.items():
        alike.setdefault(row, []).append(name)
    rows = (
        (code(*names), str(row.forward), str(row.backward), row.of) for row, names in alike.items()
    )
    body = table(("operators", "forward", "backward", "for each number of the"), rows)
    rules = (
        "Training is three times the forward pass by SAIH's convention (`train_flops`); "
        "beside it stands what the backward pass really takes (`backward_flops`): of a "
        "product, as many multiply-adds again for each factor that is learned or hangs on "
        "what is learned. A `grad` in a question is counted as the backward pass that it is, "
        "and its own backward pass as two operations for each of its own, which is right "
        "to two percent. What several fixtures of a point are computed of counts once.\n\n"
        "`activation_bytes` are the results that the backward pass reads again, `intensity` "
        "the operations forward for each byte that operators read and write, each of their "
        "arguments, parameters and results once, for a single point. Numbers are of 4 bytes; of "
        "8 in `f64`, and in mixed precision (`bf16`) of 2, but for parameters, which stay of 4. "
        "What an author wrote down twice counts once, and what a comprehension does not "
        "change counts once for all of its elements: that is what programs compute."
    )
    sections = (
        Section("Operations", "for each number", body=body),
        Section("Passes, memory, traffic", "the rules", body=rules),
    )
    return Page("costs", "What operators cost", LANGUAGE, intro, sections)


# --- words and units ----------------------------------------------------------------------


def special_words() -> Page:
    """The words that are special, and where."""
    tasks = table(("task", "verbs"), ((task, code(*v)) for task, v in words.TASKS.items()))
    sections = (
        Section(
            "Reserved words",
            "special everywhere but after a dot",
            body=f"{code(*words.RESERVED)}.\n\n"
            f"{code(*sorted(words.PROPERTIES))} are also properties, where a line begins.",
        ),
        Section(
            "Declarations",
            "special where a line of a file begins",
            body=f"{code(*words.DECLARATIONS)}, and `fn` after `extern`.",
        ),
        Section(
            "Lines",
            "special where a line of a block begins",
            body=f"{code(*words.LINES)}. Any other word there is a property of "
            "[the kind](kinds.md).",
        ),
        Section("Verbs", "special behind the colon that opens a question", body=tasks),
    )
    intro = "All other words are names, in any script. So are these anywhere else."
    return Page("words", "Words", LANGUAGE, intro, sections)


def units() -> Page:
    """Every unit that has a name of its own."""
    rows = [(f"`{name}`", _coherent(parse_unit(name))) for name in known_units()]
    intro = (
        "Units of one dimension convert by themselves; those of two never do. Products, "
        "quotients and powers of units are units (`kcal/mol`, `m/s^2`, `eV/(angstrom*K)`); the "
        "prefixes of the SI stand before most of them (`ms`, `GeV`), and `Ki`, `Mi`, `Gi`, `Ti` "
        "before `B`."
    )
    names = Section("Units by name", "to 12 digits", body=table(("unit", "is"), rows))
    return Page("units", "Units", LANGUAGE, intro, (names,))


def _coherent(unit: Unit) -> str:
    """A unit in the units whose scale is 1."""
    dimension = str(Unit(unit.dims))
    scale = f"{unit.scale:.12g}"
    return scale if dimension == "1" else f"{scale} {dimension}"


# --- codes --------------------------------------------------------------------------------


def codes() -> Iterator[Page]:
    """A page for each group of diagnostics, and one for the reasons of exclusion."""
    load_all()
    for group, about in _GROUPS.items():
        inside = [c for c in sorted(REGISTRY) if c.startswith(group)]
        if inside:
            sections = tuple(_diagnostic(c) for c in inside)
            intro = f"`sailc explain {inside[0]}` prints what stands here of a code."
            yield Page(f"diagnostics-{group}", f"{group}: {about}", CODES, intro, sections)
    yield _reasons()


def _diagnostic(code: str) -> Section:
    kind = REGISTRY[code]
    return Section(code, kind.title, inspect.getdoc(kind) or "")


def _reasons() -> Page:
    intro = (
        "Why a combination of modules is not a scenario. `sailc plan FILE` counts the "
        "combinations that were left out, by reason; `sailc explain FILE PROBLEM MODEL` tells how "
        "far one of them got."
    )
    sections = tuple(
        Section(code, "reason of exclusion", _sentence(title) + _next(code))
        for code, title in TITLES.items()
    )
    return Page("exclusions", "X: reasons of exclusion", CODES, intro, sections)


def _next(code: str) -> str:
    return f"\n\nWhat to do: {NEXT[code]}." if code in NEXT else ""


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
