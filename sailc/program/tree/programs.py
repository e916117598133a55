"""Programs that train, and their parts: what the functions of a program are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from sailc.infer.modules.trainer import Phase, Schedule, Stop, is_phased
from sailc.program.tree.expressions import at_once, replaced
from sailc.program.tree.nodes import Door, Driver, Expr, Function, Text


class ParameterSpec(Struct, frozen=True):
    """A learned array: its key, shape, and how it starts.

    `initial` is "zeros", "ones", "normal", "glorot" (He's and LeCun's are `he` and `lecun`) or
    "value" (then all are `value`); `role` is the
    operator and the parameter's name there, for backends that store it another way.
    """

    name: str
    shape: tuple[int, ...]
    initial: str
    value: float
    role: tuple[str, str]


class Portion(Struct, frozen=True):
    """The points of one data line: which function makes them, from which of `load`'s results
    (`structured` are those that are several arrays); which function tells the lengths of their
    lists, where these differ, and which gives the questions as they are asked, where metrics
    read these."""

    points: str
    sources: tuple[str, ...]
    structured: frozenset[str] = frozenset()
    lengths: str = ""
    questions: str = ""


class Split(Struct, frozen=True):
    """The points of all lines of `kind` (train, validate or test), as a program calls them; how
    many these are, where more than the data know it, and whether they have truths."""

    name: str
    kind: str
    portions: tuple[Portion, ...]
    count: int | None
    truths: bool = True

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(n for p in self.portions for n in p.sources)


class Data(Struct, frozen=True):
    """How points are made of what is loaded, and converted for a model.

    `statistics` fits what `convert` needs on the training questions, `required` says what a
    model requires of questions, as it takes them. `lengths` tell the lengths of the lists of
    points, by which these are then batched.
    """

    points: tuple[Function, ...]
    splits: tuple[Split, ...]
    statistics: Function | None = None
    convert: Function | None = None
    required: Function | None = None
    lengths: tuple[Function, ...] = ()

    @property
    def functions(self) -> tuple[Function, ...]:
        some = (self.statistics, self.convert, self.required)
        return (*self.lengths, *self.points, *(f for f in some if f is not None))

    def split(self, kind: str) -> Split | None:
        """The points of training, of validation, or of the test; None where there are none."""
        return next((s for s in self.splits if s.kind == kind), None)


class AnswerCode(Struct, frozen=True):
    """A function from outputs to the answers that a metric scores: of which output, as Python's
    text, and with which of the program's statistics, the first of so many."""

    function: Function
    output: str
    start: int = 0

    @property
    def places(self) -> range:
        """Which of the program's statistics it reads."""
        return range(self.start, self.start + len(self.function.parameters) - 1)

    def value(self, statistics: Sequence[str]) -> Expr | None:
        """What it computes, if that is an expression: then no function is written for it."""
        whole = at_once(self.function, again=True)
        given = (self.output, *(statistics[i] for i in self.places))
        texts = map(Text, given)
        return whole and replaced(whole, dict(zip(self.function.parameters, texts, strict=True)))


class Asked(Struct, frozen=True):
    """What a program asks where points have several fixtures, written for the backend.

    `fit` gives the statistics of the training questions; `respond` (where a stage judges) the
    outputs for a test point by its fixtures, with the first `constants` of the program's
    statistics, and `functions` are what it and the loss call.
    """

    fit: Function | None
    functions: tuple[Function, ...]
    respond: Function | None
    constants: int


class MetricCode(Struct, frozen=True):
    """A metric's function: of answers, truths and questions, or of measurements.

    `answers` and `truth` say under which names these are at hand, as Python texts, `curve`
    whether it is measured after every epoch (then `reduced` may be a function of the whole
    curve), and `asks` whether it reads the questions. Where points are batched by the lengths
    of lists, `scores` makes the scores of some of them, of which `function` makes a number.
    `doc` is what its author says of it.
    """

    name: str
    function: Function
    answers: str
    measured: bool
    truth: str = "truth"
    curve: bool = False
    reduced: Function | None = None
    asks: bool = False
    scores: Function | None = None
    doc: str = ""


class Training(Struct, frozen=True):
    """How a program trains; L-BFGS takes all points at once, the others `batch` of them."""

    phases: tuple[Phase, ...]
    batch: int
    stops: tuple[Stop, ...]
    schedules: tuple[Schedule, ...]
    clip: float | None

    @property
    def phased(self) -> bool:
        return is_phased(self.phases)


class Stage(Struct, frozen=True):
    """What a program does with the points of some data lines: their model, and what of it is
    made small in training (nothing if these points only judge).

    `name` is the author's, and empty for the last stage. `init` is what the function is called that
    starts the learned arrays, `carried` the keys of those that the stage before has trained.
    `structured` says which of `question`, `truth` and `output` are several arrays, a dict of a
    record's, a tuple of a tuple's, and the path to the first of these. Where `minimized`, the loss
    is what the model minimizes: a function of weights and questions, not of outputs and truths.
    Where points have several fixtures, `asked` answers, and the loss is of weights, points and
    truths; so it is where a program has several stages. `target` makes of the truths of training
    and of their `truth_statistics` what the loss compares. `flops` are the operations of training
    with a point, and `running` the arrays that training changes and does not learn.
    """

    name: str
    data: Data
    truth_statistics: Function | None
    parameters: tuple[ParameterSpec, ...]
    init: str
    model: Function
    loss: Function | None
    structured: Mapping[str, tuple[str | int, ...]]
    minimized: bool = False
    asked: Asked | None = None
    carried: tuple[str, ...] = ()
    flops: int | None = None
    running: tuple[ParameterSpec, ...] = ()
    target: Function | None = None

    @property
    def grouped(self) -> bool:
        """Whether points are batched by the lengths of their lists."""
        return bool(self.data.lengths)

    def own(self, name: str) -> str:
        """A name that no other stage gives."""
        return f"{self.name or 'train'}_{name}"

    @property
    def on_data(self) -> tuple[Function, ...]:
        """The functions that are written in NumPy."""
        asked = self.asked.fit if self.asked is not None else None
        some = (asked, self.truth_statistics, self.target)
        return (*self.data.functions, *(f for f in some if f is not None))

    @property
    def on_backend(self) -> tuple[Function, ...]:
        """The functions that are written for the backend, in the order of a program."""
        loss = (self.loss,) if self.loss is not None else ()
        if self.asked is None:
            return (self.model, *loss)
        respond = (self.asked.respond,) if self.asked.respond is not None else ()
        return (self.model, *self.asked.functions, *loss, *respond)


class Program(Struct, frozen=True):
    """A scenario's program, in the order of its text; the last of its `stages` is judged.

    `reads` are the measurements that its metrics read (`train.time`), `questions` what metrics
    take as the questions, `judged` the split on which it is judged, `precision` how it stores
    real numbers (NumPy's name).
    """

    scenario: str
    title: str
    doc: tuple[str, ...]
    source: str
    data_folder: str
    data_files: tuple[str, ...]
    imports: tuple[str, ...]
    helpers: tuple[str, ...]
    constants: tuple[tuple[str, object], ...]
    load: Function
    loaded: tuple[str, ...]
    """What the results of `load` are called."""
    stages: tuple[Stage, ...]
    answers: tuple[AnswerCode, ...]
    metrics: tuple[MetricCode, ...]
    training: Training
    reads: frozenset[str] = frozenset()
    questions: tuple[Function, ...] = ()
    judged: str = "test"
    precision: str = "float32"
    mixed: bool = False
    """Whether its models compute in bfloat16, of weights and with answers in single precision."""
    afresh: bool = False
    """Whether it learns for each question anew."""
    drivers: Mapping[Door, Driver] = field(default_factory=dict[Door, "Driver"])
    formulas: bool = False
    """Whether its answers are formulas, which are told."""
    varied: tuple[Function, ...] = ()
    """What is differentiated while data are made, in double precision."""

    @property
    def last(self) -> Stage:
        return self.stages[-1]

    @property
    def staged(self) -> bool:
        """Whether it trains in several stages, or is judged on other types than it learns from."""
        return len(self.stages) > 1

    @property
    def on_data(self) -> tuple[Function, ...]:
        """The functions that are written in NumPy."""
        made = (f for s in self.stages for f in s.on_data)
        judged = (f for m in self.metrics for f in (m.scores, m.function, m.reduced))
        answers = (a.function for a in self.answers)
        some = (f for f in judged if f is not None)
        return (self.load, *made, *answers, *self.questions, *some)

    @property
    def on_backend(self) -> tuple[Function, ...]:
        """The functions that are written for the backend; of those that stages share, one."""
        found = {f.name: f for s in self.stages for f in s.on_backend}
        return (*self.varied, *found.values())

    @property
    def functions(self) -> tuple[Function, ...]:
        """All functions, those of the backend last."""
        return (*self.on_data, *self.on_backend)
