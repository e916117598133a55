"""What programs say of points: some of them, how many, and what their loss and scores are."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping, Sequence

from msgspec import Struct

from sailc.emit.text.layout import fit
from sailc.program.tree.nodes import Function
from sailc.program.tree.programs import Stage

EVALUATION_BATCH = 4096
"""How many questions are answered at once: of more, memory grows and time does not fall."""
SHORT = len("len(y)")
"""How long a count may be to be said three times."""


class Batch(Struct, frozen=True):
    """How a program of one stage names the points that it trains on, and the mean loss of some
    of them."""

    stage: Stage
    largest: int
    """How many points a batch has, where there are as many."""
    eager: bool
    """Whether each operation is done as it is reached, and keeps what a gradient needs."""

    @property
    def given(self) -> str:
        """What training is given: weights, points, and what is known of all points."""
        return f"w, points{self.constants}{self.running}"

    @property
    def running(self) -> str:
        """The parameter for what runs along with training, where something does."""
        told = any("running" in f.modes for f in self.stage.on_backend)
        return ", running" if told else ""

    @property
    def truths(self) -> bool:
        """Whether what is made small reads truths."""
        return not self.stage.minimized

    @property
    def names(self) -> str:
        return "x, y" if self.truths else "x"

    @property
    def chosen(self) -> str:
        """The points that batches are drawn from: all, or those of a group."""
        return re.sub(r"\b[xy]\b", r"\g<0>[group]", self.names) if self.grouped else self.names

    @property
    def grouped(self) -> bool:
        return self.stage.grouped

    @property
    def drawn(self) -> str:
        """What tells a batch: its points, and of which group they are with what weight."""
        return "group, index, share" if self.grouped else "index"

    @property
    def share(self) -> str:
        return ", share" if self.grouped else ""

    @property
    def device(self) -> str:
        """Where the points of a batch are."""
        kind, name = ("truth", "y") if self.truths else ("question", "x")
        first = place(self.stage.structured.get(kind, ()))
        return f"{name}{'[group]' if self.grouped else ''}{first}.device"

    @property
    def count(self) -> str:
        """How many points are trained on; in each group."""
        kind, name = ("truth", "y") if self.truths else ("question", "x")
        if not self.grouped:
            return size(self.stage.structured, kind, name)
        return f"[{size(self.stage.structured, kind, 'part')} for part in {name}]"

    def of(self, count: str) -> str:
        """How many points a batch has, of so many."""
        return "BATCH" if self.filled else f"min(BATCH, {count})"

    @property
    def filled(self) -> bool:
        """Whether there are points enough for a batch: where only the data know, there may be
        fewer."""
        return all(n is not None and n >= self.largest for n in self._counts)

    @property
    def _counts(self) -> Sequence[int | None]:
        train = self.stage.data.split("train")
        return [train.count if train is not None else None]

    def orders(self, indent: int) -> str:
        """The statement that draws the batches of an epoch."""
        n, pad = self.count, " " * indent
        lines = ["# The points in a new order, in batches of one size: the first fill up the last."]
        if len(n) > SHORT:
            lines.append(f"count = {n}")
            n = "count"
        sizes = f"(math.ceil({n} / BATCH), {self.of(n)})"
        lines.append(f"orders = np.resize(rng.permutation({n}), {sizes})")
        return "\n".join(pad + line for line in lines)

    def first(self) -> str:
        """The loss of some points of the first group."""
        p = self.stage
        question = pick(p.structured, "question", "x[0]", ":BATCH")
        return self.loss(question, pick(p.structured, "truth", "y[0]", ":BATCH"))

    def asked(self, points: str) -> str:
        """One of some questions."""
        p = self.stage
        if not self.grouped:
            return pick(p.structured, "question", points, ":1")
        return f"({pick(p.structured, 'question', f'{points}[0]', ':1')},)"

    def check(self, points: str, indent: int) -> str:
        """The statements that give the mean loss of other points, as `check`."""
        p = self.stage
        if p.asked is not None:
            found = [f"check = loss(w, *{points}{self.more}{told(p.loss)}).item()"]
        elif not self.grouped:
            alone = f"w, {points}[0]{told(p.loss)}"
            answers = self.answers(f"{points}[0]")
            of = f"{answers}, {points}[1]{self.more}" if self.truths else alone
            found = [f"check = loss({of}).item()"]
        else:
            kind, value = ("truth", "b") if self.truths else ("question", "a")
            n = size(p.structured, kind, value)
            of = f"a, b{self.more}" if self.truths else f"w, a{told(p.loss)}"
            answers = self.answers(f"{points}[0]") if self.truths else f"{points}[0]"
            pairs = f"zip({answers}, {points}[1])" if self.truths else f"({answers})"
            names = "a, b" if self.truths else "a"
            found = [
                f"check = [({n}, loss({of}).item()) for {names} in {pairs}]",
                "check = sum(n * part for n, part in check) / sum(n for n, _ in check)",
            ]
        return "\n".join(fit(line, indent) for line in found)

    @property
    def checks_answers(self) -> bool:
        """Whether that is a loss of answers, for which no gradient is kept."""
        return self.stage.asked is None and self.truths

    def taken(self, points: str) -> str:
        """The statement that takes the questions of some points, with their truths if these are
        read."""
        return f"x, y = {points}" if self.truths else f"x = {points}[0]"

    def loss(self, x: str, y: str, training: bool = False) -> str:
        """The mean loss of questions and truths."""
        p = self.stage
        if p.minimized:
            return f"loss(w, {x}{told(p.loss, training)})"
        if p.asked is not None:
            return f"loss(w, {x}, {y}{self.more}{told(p.loss, training)})"
        return f"loss({p.model.name}(w, {x}{told(p.model, training)}), {y}{self.more})"

    def step(self, result: str, indent: int, of: str = "") -> str:
        """The statements that give the loss of the points of a batch; `of` says in which group
        they are."""
        p = self.stage
        lines = [f"{result} {self.of_batch(of)}"]
        if p.asked is None and p.structured and self.truths:
            x, y = self._picked(of)
            lines = [f"answer = {p.model.name}(w, {x}{told(p.model, True)})"]
            lines.append(f"{result} loss(answer, {y}{self.more})")
        return "\n".join(fit(line, indent) for line in lines)

    def of_batch(self, of: str = "") -> str:
        """The loss of the points of a batch."""
        p = self.stage
        if p.asked is not None and {"question", "truth"} <= p.structured.keys():
            return f"loss(w, *taken((x, y), index){self.more}{told(p.loss, True)})"
        return self.loss(*self._picked(of), training=True)

    def _picked(self, of: str) -> list[str]:
        """The questions and truths of a batch."""
        names = (("question", "x"), ("truth", "y"))
        return [pick(self.stage.structured, k, f"{n}{of}", "index") for k, n in names]

    @property
    def differentiated(self) -> str:
        """The loss of the points of a batch and its gradient by the weights, as JAX gives them."""
        loss = self.of_batch()
        name, _, rest = loss.partition("(w, ")
        if name in ("loss", "loss_of") and not self.grouped:
            return f"jax.value_and_grad({name})(w, {rest}"
        return f"jax.value_and_grad(lambda w: {'share * ' if self.grouped else ''}{loss})(w)"

    # --- statistics ----------------------------------------------------------------------------

    @property
    def statistics(self) -> bool:
        """Whether what is computed on the backend reads what is known of all training points."""
        return held(self.stage)

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
        return answerer(self.stage)

    @property
    def compiled(self) -> str:
        """What is called to answer, where that is compiled."""
        return "MODEL" if self.running_answers else self.answerer

    @property
    def direct(self) -> str:
        """What answers all questions without a `respond` around it, if anything."""
        if not self.at_once or self.grouped:
            return ""
        if not self.eager:
            return self.compiled
        return self.answerer if self.stage.asked is not None else ""

    @property
    def bare(self) -> bool:
        """Whether `respond` is the function that gives the outputs, and nothing more."""
        return self.at_once and not self.grouped and not self.direct and not self._known

    def answers(self, x: str) -> str:
        """What the model says to questions."""
        if self.direct:
            return f"{self.direct}(w, {x}{self.known})"
        return f"respond(w, {x}{self.held})"

    @property
    def held(self) -> str:
        """What a function that gives outputs is given beside weights and questions."""
        return (", constants" if self._known else "") + told(self._answering)

    @property
    def known(self) -> str:
        """The same as arguments of the answerer."""
        known = f", *constants[:{self._known}]" if self._known else ""
        return known + told(self._answering)

    @property
    def at_once(self) -> bool:
        """Whether all questions that are answered together are a batch."""
        counts = [s.count for s in self.stage.data.splits if s.kind != "train"]
        return None not in counts and max((n or 0 for n in counts), default=0) <= EVALUATION_BATCH

    @property
    def running_answers(self) -> bool:
        """Whether answers read what runs along with training."""
        return bool(self._answering.modes)

    @property
    def _answering(self) -> Function:
        asked = self.stage.asked
        return self.stage.model if asked is None or asked.respond is None else asked.respond

    @property
    def _known(self) -> int:
        return self.stage.asked.constants if self.stage.asked is not None else 0


def told(f: Function | None, training: bool = False) -> str:
    """What a function is told beside its arguments, in training or in answers."""
    modes = f.modes if f is not None else ()
    running = ", running" if "running" in modes else ""
    return running + (", training=True" if training and "training" in modes else "")


def answerer(stage: Stage) -> str:
    """The function that gives the outputs for some questions."""
    asked = stage.asked
    return asked.respond.name if asked is not None and asked.respond else stage.model.name


Makers = tuple[tuple[Function, int], ...]
"""What is known of all training points: functions of the questions (0) or of the truths (1)."""


def known(stage: Stage) -> Makers:
    """What is known of all training points of a stage."""
    if stage.data.split("train") is None:
        return ()
    fit = stage.asked.fit if stage.asked is not None else None
    both = ((fit, 0), (stage.truth_statistics, 1))
    return tuple((f, i) for f, i in both if f is not None)


def held(stage: Stage) -> bool:
    """Whether what is computed on the backend reads that."""
    if not known(stage) or stage.loss is None:
        return False
    of_weights = stage.loss.parameters[0] == "w"
    return len(stage.loss.parameters) > (3 if of_weights else 2)


def known_text(makers: Makers, split: str) -> str:
    """The same of the points of a split, as a tuple."""
    calls = [(f'{f.name}(points["{split}"][{i}])', len(f.results)) for f, i in makers]
    if len(calls) == 1:
        text, n = calls[0]
        return text if n > 1 else f"({text},)"
    inside = ", ".join(f"*{text}" if n > 1 else text for text, n in calls)
    return f"({inside})"


Structured = Mapping[str, tuple[str | int, ...]]
"""What is several arrays, and the path to the first of them."""


def pick(structured: Container[str], what: str, value: str, index: str) -> str:
    """Some points of the questions or truths."""
    if what not in structured:
        return f"{value}[{index}]"
    ends = [end.strip() for end in index.split(":") if end.strip()]
    which = f"slice({', '.join(ends)})" if ":" in index else index
    return f"taken({value}, {which})"


def size(structured: Structured, what: str, value: str) -> str:
    """How many points the questions or truths are of."""
    return f"len({value}{place(structured.get(what, ()))})"


def place(path: Iterable[str | int]) -> str:
    """A part of a value: `["position"][0]`."""
    return "".join(f"[{json.dumps(key)}]" for key in path)


def all_of(structured: Container[str], each: str, what: str, value: str, change: str) -> str:
    """The same done to all arrays of a value by the function `each`; `change` has the array as
    `array`."""
    if what in structured:
        alone = re.fullmatch(r"([\w.]+)\(array\)", change)
        return f"{each}({alone[1] if alone else f'lambda array: {change}'}, {value})"
    return re.sub(r"\barray\b", lambda _: value, change)
