"""What programs say of points: some of them, how many, and what their loss and scores are."""

from __future__ import annotations

import re

from msgspec import Struct

from sailc.emit.layout import fit
from sailc.program.tree import MetricCode, Program, Split


class Batch(Struct, frozen=True):
    """How a program names the points that it trains on, and the mean loss of some of them."""

    program: Program

    @property
    def truths(self) -> bool:
        """Whether what is made small reads truths."""
        return not self.program.minimized

    @property
    def names(self) -> str:
        return "x, y" if self.truths else "x"

    @property
    def chosen(self) -> str:
        """The points that batches are drawn from: all, or those of a group."""
        return re.sub(r"\b[xy]\b", r"\g<0>[group]", self.names) if self.grouped else self.names

    @property
    def grouped(self) -> bool:
        return self.program.grouped

    @property
    def drawn(self) -> str:
        """What tells a batch: its points, and of which group they are with what weight."""
        return "group, index, share" if self.grouped else "index"

    @property
    def share(self) -> str:
        return ", share" if self.grouped else ""

    @property
    def splits(self) -> str:
        """All points, by split."""
        pairs = [
            f'"{s.name}": ({s.name}_x,{f" {s.name}_y" if s.truths else ""})'
            for s in self.program.splits
        ]
        return "{" + ", ".join(pairs) + "}"

    @property
    def device(self) -> str:
        """Where the points of a batch are."""
        kind, name = ("truth", "y") if self.truths else ("question", "x")
        apart = self.grouped or kind in self.program.structured
        return "device" if apart else f"{name}.device"

    @property
    def count(self) -> str:
        """How many points are trained on; in each group."""
        kind, name = ("truth", "y") if self.truths else ("question", "x")
        if not self.grouped:
            return size(self.program.structured, kind, name)
        return f"[{size(self.program.structured, kind, 'part')} for part in {name}]"

    def first(self) -> str:
        """The loss of some points of the first group."""
        p = self.program
        question = pick(p.structured, "question", "x[0]", ":BATCH")
        return self.loss(question, pick(p.structured, "truth", "y[0]", ":BATCH"))

    def asked(self, points: str) -> str:
        """One of some questions."""
        p = self.program
        if not self.grouped:
            return pick(p.structured, "question", points, ":1")
        return f"({pick(p.structured, 'question', f'{points}[0]', ':1')},)"

    def check(self, points: str, indent: int) -> str:
        """The statements that give the mean loss of other points, as `check`."""
        p = self.program
        if p.asked is not None:
            found = [f"check = loss(w, *{points}{self.more}).item()"]
        elif not self.grouped:
            found = [f"answers = respond(w, {points}[0])"] if self.truths else []
            of = f"answers, {points}[1]{self.more}" if self.truths else f"w, {points}[0]"
            found.append(f"check = loss({of}).item()")
        else:
            kind, value = ("truth", "b") if self.truths else ("question", "a")
            n = size(p.structured, kind, value)
            of = f"a, b{self.more}" if self.truths else "w, a"
            answers = f"respond(w, {points}[0])" if self.truths else f"{points}[0]"
            pairs = f"zip({answers}, {points}[1])" if self.truths else f"({answers})"
            names = "a, b" if self.truths else "a"
            found = [
                f"check = [({n}, loss({of}).item()) for {names} in {pairs}]",
                "check = sum(n * part for n, part in check) / sum(n for n, _ in check)",
            ]
        return "\n".join(fit(line, indent) for line in found)

    def taken(self, points: str) -> str:
        """The questions of some points, with their truths if these are read."""
        return f"x, y = {points}" if self.truths else f"x = {points}[0]"

    def loss(self, x: str, y: str) -> str:
        """The mean loss of questions and truths."""
        if self.program.minimized:
            return f"loss(w, {x})"
        if self.program.asked is not None:
            return f"loss(w, {x}, {y}{self.more})"
        return f"loss({self.program.model.name}(w, {x}), {y}{self.more})"

    def step(self, result: str, indent: int, of: str = "") -> str:
        """The statements that give the loss of the points of a batch; `of` says in which group
        they are."""
        p = self.program
        names = (("question", "x"), ("truth", "y"))
        x, y = (pick(p.structured, k, f"{n}{of}", "index") for k, n in names)
        if p.asked is not None:
            lines = ["xs, ys = taken((x, y), index)"]
            lines.append(f"{result} {self.loss('xs', 'ys')}")
        elif p.structured and self.truths:
            lines = [f"answer = {p.model.name}(w, {x})"]
            lines.append(f"{result} loss(answer, {y}{self.more})")
        else:
            lines = [f"{result} {self.loss(x, y)}"]
        return "\n".join(fit(line, indent) for line in lines)

    # --- statistics ----------------------------------------------------------------------------

    @property
    def statistics(self) -> str:
        """What is known of all training points, as a tuple; nothing where that is nothing."""
        p = self.program
        makers = [(p.asked.fit, 0)] if p.asked is not None and p.asked.fit is not None else []
        makers += [(p.truth_statistics, 1)] if p.truth_statistics is not None else []
        calls = [(f'{f.name}(points["train"][{i}])', len(f.results)) for f, i in makers]
        if len(calls) == 1:
            text, n = calls[0]
            return text if n > 1 else f"({text},)"
        inside = ", ".join(f"*{text}" if n > 1 else text for text, n in calls)
        return f"({inside})" if inside else ""

    @property
    def constants(self) -> str:
        """The parameter of a function that needs them."""
        return ", constants" if self.statistics else ""

    @property
    def more(self) -> str:
        """The same as arguments of the loss."""
        return ", *constants" if self.statistics else ""

    # --- answers -------------------------------------------------------------------------------

    @property
    def answerer(self) -> str:
        """The function that gives the outputs for some questions."""
        asked = self.program.asked
        return asked.respond.name if asked is not None else self.program.model.name

    @property
    def held(self) -> str:
        """What a function that gives outputs is given beside weights and questions."""
        return ", constants" if self._known else ""

    @property
    def known(self) -> str:
        """The same as arguments of the answerer."""
        return f", *constants[:{self._known}]" if self._known else ""

    @property
    def _known(self) -> int:
        return self.program.asked.constants if self.program.asked is not None else 0


def metric_line(m: MetricCode) -> str:
    """How a metric's value gets into the results: a number, or the list of a curve."""
    name = m.function.name
    asked = ", asked" if m.asks else ""
    call = f"{name}(run)" if m.measured else f"{name}({m.answers}, {m.truth}{asked})"
    if m.scores is not None:
        parts = f"map({m.scores.name}, {m.answers}, {m.truth}{asked})"
        call = f"{name}(in_order({parts}, places))"
    value = f"float({call})"
    if m.curve:
        value = f"[float({name}(epoch)) for epoch in history]"
    if m.reduced is not None:
        value = f"float({m.reduced.name}(np.array({value})))"
    return fit(f'"{m.name}": {value},', 8)


def pick(structured: frozenset[str], what: str, value: str, index: str) -> str:
    """Some points of the questions or truths."""
    if what in structured:
        return f"each({value}, lambda array: array[{index}])"
    return f"{value}[{index}]"


def size(structured: frozenset[str], what: str, value: str) -> str:
    """How many points the questions or truths are of."""
    return f"size_of({value})" if what in structured else f"len({value})"


def all_of(structured: frozenset[str], what: str, value: str, change: str) -> str:
    """The same done to all arrays of a value; `change` has the array as `array`."""
    if what in structured:
        return f"each({value}, lambda array: {change})"
    return re.sub(r"\barray\b", lambda _: value, change)


def some(split: Split) -> str:
    """What a split has at the places `at`, as arguments."""
    pairs = ((n, "source" if n in split.structured else "") for n in split.sources)
    return ", ".join(pick(frozenset({"source"}), kind, n, "at") for n, kind in pairs)
