"""The kinds of module, their lines and their properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

Takes = Literal[
    "nothing", "text", "texts", "name", "names", "number", "expression", "expressions", "word",
    "function", "files", "path",
]  # fmt: skip


class PropertyRow(Struct, frozen=True):
    """A property: what its arguments are, whether it may repeat, one line of documentation.

    `words` are the only words allowed where `takes` is "word"; `parameters` are those of a
    "function", with a `?` where one may be left out.
    """

    name: str
    takes: Takes
    doc: str
    repeats: bool = False
    words: tuple[str, ...] = ()
    required: bool = False
    parameters: tuple[str, ...] = ()


class Kind(Struct, frozen=True):
    """A kind of module: which lines its block may have, which properties, which it must."""

    name: str
    doc: str
    lines: frozenset[str]
    properties: Mapping[str, PropertyRow]
    required: tuple[str, ...] = ()


def _kind(name: str, doc: str, lines: str, *rows: PropertyRow, required: str = "") -> Kind:
    table = {r.name: r for r in rows}
    return Kind(name, doc, frozenset(lines.split()), table, tuple(required.split()))


_FIELD = PropertyRow("field", "path", "the field of science, as a dotted path")
_FOR = PropertyRow("for", "names", "the verbs (kinds of task) it is meant for")
_CITE = PropertyRow("cite", "text", "how to cite it", repeats=True)
_MINIMIZE = PropertyRow("minimize", "expression", "what is made small instead of a loss")
_COSTS = (
    PropertyRow("macs", "expression", "multiply-adds of one evaluation"),
    PropertyRow("flops", "expression", "floating-point operations that are no multiply-adds"),
)

_ALL = (
    _kind(
        "problem",
        "Questions with their true answers.",
        "let suggest require stage train validate test",
        _FIELD,
        PropertyRow(
            "by",
            "word",
            "how it qualifies: cases, setting or class",
            words=("cases", "setting", "class"),
        ),
        PropertyRow(
            "carry", "names", "parts whose weights come along from the stage before", repeats=True,
        ),
        PropertyRow("work", "expression", "a question's nominal work"),
        _CITE,
        required="test",
    ),
    _kind(
        "model",
        "A parametric function whose parameters are learned.",
        "let suggest input output needs require",
        _FOR, _FIELD, _MINIMIZE, _CITE,
        required="input output",
    ),
    _kind(
        "solver",
        "A method that answers each question by itself, after a `fit` if it has one.",
        "let suggest input output needs require fit",
        _FOR, _FIELD, _MINIMIZE, _CITE,
        required="input output",
    ),
    _kind(
        "trainer",
        "How parameters are learned.",
        "let suggest require",
        PropertyRow("optimizer", "expression", "the optimizer, or a list of phases", required=True),
        PropertyRow(
            "epochs",
            "expressions",
            "passes over the training points, one number a phase",
            required=True,
        ),
        PropertyRow("batch", "expression", "points in a step"),
        PropertyRow(
            "loss",
            "function",
            "what is made small, by types: the first that accepts is taken",
            repeats=True,
            parameters=("answer", "truth"),
        ),
        PropertyRow("schedule", "expressions", "how the rate changes"),
        PropertyRow("clip", "expression", "the largest norm of a gradient"),
        PropertyRow("stop", "expression", "when to stop early", repeats=True),
        PropertyRow("standardize", "nothing", "standardize numbers that have no unit, too"),
        PropertyRow("center", "nothing", "learn answers with a unit from the mean of truths"),
        _CITE,
    ),
    _kind(
        "metric",
        "A number got from answers, or measured on the run.",
        "let require",
        _FOR, _FIELD,
        PropertyRow(
            "better",
            "word",
            "whether higher or lower is better",
            words=("higher", "lower"),
            required=True,
        ),
        PropertyRow(
            "score", "function", "a point's score: `(answer, truth) => …`, by types", repeats=True,
            parameters=("answer", "truth", "question?"),
        ),
        PropertyRow("reduce", "expression", "one number of the list of scores"),
        PropertyRow("measure", "expression", "what of the run is measured"),
        PropertyRow("along", "name", "a curve: along `epoch`, or along an axis of a sweep"),
        PropertyRow("question", "expression", "which question is scored"),
        PropertyRow("invariant", "names", "what it does not depend on"),
        _CITE,
    ),
    _kind(
        "ranking",
        "An order of runs, total or partial.",
        "let require",
        _FOR, _FIELD,
        PropertyRow("order", "expressions", "keys, the first deciding"),
        PropertyRow("score", "expression", "a number to order by, higher first"),
        PropertyRow("pareto", "names", "metrics of which a run must be best in some balance"),
        PropertyRow(
            "prefer", "function", "when a run is preferred to another", parameters=("a", "b"),
        ),
        PropertyRow("plot", "expressions", "a plot for the report"),
    ),
    _kind(
        "software",
        "A stack: backend, capabilities, packages, container image.",
        "let suggest require",
        PropertyRow("backend", "name", "the backend that writes its programs"),
        PropertyRow("provides", "names", "what it can do"),
        PropertyRow("packages", "texts", "Python packages with versions"),
        PropertyRow("image", "expression", "the container image, computed from the hardware"),
    ),
    _kind(
        "hardware",
        "A machine.",
        "let require",
        PropertyRow("probe", "nothing", "the machine that sailc runs on, as found"),
        PropertyRow("arch", "text", "processor architecture"),
        PropertyRow("cores", "number", "processor cores"),
        PropertyRow("memory", "expression", "main memory"),
        PropertyRow("accelerator", "word", "cuda, rocm, or none", words=("cuda", "rocm", "none")),
        PropertyRow("driver", "number", "the accelerator's driver version"),
        PropertyRow("devices", "number", "accelerators"),
        PropertyRow("device_memory", "expression", "memory of one accelerator"),
        PropertyRow("peak", "expressions", "peak rate by precision"),
        PropertyRow("bandwidth", "expression", "memory bandwidth"),
        PropertyRow("price", "expression", "cost per time"),
        PropertyRow("nodes", "number", "machines of this kind"),
    ),
    _kind(
        "converter",
        "A function that the planner may use between two types.",
        "let fit give require",
        PropertyRow(
            "path",
            "word",
            "only on the way of questions, or only of answers",
            words=("question", "answer"),
        ),
        PropertyRow("cost", "number", "of chains of one length, the cheapest is taken"),
        PropertyRow("inverse", "function", "the way back, for answers"),
        PropertyRow("rule", "name", "built in: typed and applied by the compiler"),
    ),
    _kind(
        "benchmark",
        "What to plan and run.",
        "let require",
        *(
            PropertyRow(word, "expressions", f"which {word} to take part", repeats=True)
            for word in ("problems", "models", "solvers", "trainers", "metrics", "rankings")
        ),
        PropertyRow("software", "expressions", "which software to take part", repeats=True),
        PropertyRow("hardware", "expressions", "which hardware to take part", repeats=True),
        PropertyRow("seeds", "expression", "how many seeds, or which"),
        PropertyRow("budget", "expression", "wall-clock time for all of it"),
        PropertyRow("on", "names", "hardware to run on"),
        PropertyRow("tune", "expression", "open the knobs: `grid` or `random(n)`"),
        PropertyRow("sweep", "expressions", "knobs that become axes", repeats=True),
        PropertyRow("set", "expressions", "knobs with fixed values", repeats=True),
        PropertyRow("scale", "expression", "scale of data or nodes", repeats=True),
        PropertyRow("report", "names", "pages of the report"),
    ),
    _kind(
        "dataset",
        "Files with checksum, licence and citation.",
        "let",
        PropertyRow("title", "text", "its name in full"),
        PropertyRow("license", "text", "SPDX identifier of its licence"),
        _CITE,
        PropertyRow(
            "file", "files", "a name, a path, and how to read it", repeats=True, required=True,
        ),
        PropertyRow("checksum", "expressions", "sha256 of a file", repeats=True),
        PropertyRow("version", "text", "which version"),
        PropertyRow("url", "text", "where it comes from"),
    ),
    _kind(
        "equation",
        "Unknowns, domain, laws, initial and boundary conditions.",
        "let require",
        PropertyRow("unknown", "expressions", "the functions sought", repeats=True, required=True),
        PropertyRow("domain", "expressions", "ranges of the independent variables", required=True),
        PropertyRow(
            "law", "expression", "an equation that holds inside", repeats=True, required=True,
        ),
        PropertyRow("initial", "expression", "a condition at the start", repeats=True),
        PropertyRow("boundary", "expression", "a condition at the boundary", repeats=True),
        _CITE,
    ),
    _kind(
        "extern",
        "A typed door to an outside package.",
        "",
        PropertyRow("from", "text", 'the function, as "module:name"', required=True),
        PropertyRow(
            "gradient", "expressions", "a derivative, and the function that gives it", repeats=True,
        ),
        PropertyRow("on", "name", "the software that it needs"),
        PropertyRow("method", "text", "what it does, for reports"),
    ),
    _kind(
        "fn",
        "A function: a template with a body, or an operator of the backends without.",
        "let give require",
        PropertyRow("parameters", "expression", "learned parameters: a record of their types"),
        PropertyRow("initial", "expressions", "how parameters start, by name"),
        PropertyRow(
            "state",
            "expression",
            "what training changes and does not learn: a record of types; `initial` starts it, too",
        ),
        PropertyRow("draws", "nothing", "draws random numbers in training"),
        PropertyRow(
            "domain",
            "expressions",
            "where it is defined, by argument: positive, nonzero, share (0 to 1), symmetric, "
            "or definite (symmetric and positive definite)",
        ),
        *_COSTS,
        PropertyRow("rule", "name", "how it is typed where a signature cannot say"),
    ),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {k.name: k for k in _ALL}
