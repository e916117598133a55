"""How a program judges its answers: which of them metrics read, and how it says these."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from sailc.emit.metrics import Measured, measured
from sailc.emit.points.splits import statistics_in_main
from sailc.program.tree.nodes import Expr
from sailc.program.tree.programs import AnswerCode, Program


class Answers(Struct, frozen=True):
    """Some answers as text, and whether that calls a function of their own."""

    code: AnswerCode
    text: str
    calls: bool


class Judging(Struct, frozen=True):
    """The metrics as text; the answers that they read, by their names in `main`, of which some are
    `named` there; and whether they read truths."""

    metrics: Measured
    answers: Mapping[str, Answers]
    named: frozenset[str]
    truths: bool

    def of(self, program: Program) -> Program:
        """A program of which only that is answered."""
        return replace(program, answers=tuple(a.code for a in self.answers.values()))

    @property
    def facts(self) -> dict[str, object]:
        """What a template asks for."""
        return {
            "metrics": self.metrics,
            "reads_truths": self.truths,
            "answers": {n: a.text for n, a in self.answers.items() if n in self.named},
            "answer_functions": [a.code.function for a in self.answers.values() if a.calls],
        }


def judging(program: Program, text: Callable[[Expr], str], facts: Mapping[str, str]) -> Judging:
    """How a program judges. Answers that are an expression, and that one metric alone reads,
    stand where it reads them; `facts` are what `main` knows of what is measured."""
    made = {f"{a.function.name}s": _answers(program, a, text) for a in program.answers}
    apart = program.formulas or program.last.grouped
    known = {n: a.text for n, a in made.items() if not (apart or a.calls)}
    metrics = measured(program.metrics, text, program.functions, facts, known=known)
    named = frozenset(re.findall(r"\w+", re.sub("#.*", "", metrics.text)))
    if program.formulas:  # which are told beside the metrics
        named |= {"truth", *made}
    read = metrics.read | named
    answers = {n: a for n, a in made.items() if n in read}
    return Judging(metrics, answers, named, "truth" in read)


def _answers(program: Program, code: AnswerCode, text: Callable[[Expr], str]) -> Answers:
    name, places = code.function.name, code.places
    if program.last.grouped:
        some = f", *statistics[{places.start}:{places.stop}]" if places else ""
        return Answers(code, f"[{name}(part{some}) for part in output]", calls=True)
    told = statistics_in_main(program) or [f"statistics[{i}]" for i in range(places.stop)]
    value = code.value(told)
    if value is not None:
        return Answers(code, text(value), calls=False)
    given = ", ".join([code.output, *(told[i] for i in places)])
    return Answers(code, f"{name}({given})", calls=True)
