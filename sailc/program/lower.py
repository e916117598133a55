"""From a scenario to its program: data, model, loss, answers and metrics, in that order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from sailc.data import Header, Location, Options, loading
from sailc.infer.dataset import is_unit
from sailc.infer.modules.common import World
from sailc.infer.modules.converter import Conversion, Statistic, apply_converter
from sailc.infer.modules.problem import Condition, DataLine
from sailc.plan.ground import Grounding
from sailc.plan.link import Link
from sailc.plan.metrics import reads
from sailc.plan.scenario import Scenario
from sailc.program.layout import (
    Group,
    Leaf,
    Vector,
    any_leaf,
    enter,
    is_structured,
    leave,
    opened,
    packed,
    rank_of,
    sizes,
)
from sailc.program.learned import constants, layer_names, spec_of, training
from sailc.program.names import NameTable, identifier
from sailc.program.placed import Placed, convert, descend, places
from sailc.program.rules import mean_over_points
from sailc.program.scoring import measure_code, score_code
from sailc.program.tidy import inlined, pruned
from sailc.program.tree import (
    Assign,
    Check,
    Expr,
    Function,
    MetricCode,
    Op,
    ParameterSpec,
    Program,
    Ref,
    Split,
    Text,
)
from sailc.program.vectors import Lowering
from sailc.routes import Step
from sailc.source import NOWHERE
from sailc.terms import Apply, Term, Var, walk
from sailc.types.model import (
    Label,
    ListType,
    Num,
    RecordType,
    Tensor,
    TupleType,
    Type,
)
from sailc.types.parts import present

POINTS = "points"

# Names of a program that metrics must not hide: its functions, and the variables of `main`.
TAKEN = frozenset(
    [
        *("answer", "answers", "array", "asked", "auc", "batches", "compile_time", "constants"),
        *("convert", "count", "data", "energy", "epochs", "facts", "final_loss", "fit"),
        *(
            "fit_truth",
            "after",
            "before",
            "history",
            "joined",
            "joules",
            "latency",
            "memory",
            "metrics",
        ),
        *("on_device", "output", "parameters", "parser", "peak_memory", "questions", "report"),
        *("each", "size_of"),
        *("respond", "result", "rng", "run", "start", "statistics", "step", "steps", "tensor"),
        *("test_time", "timed", "train_time", "truth", "wasserstein", "x", "y"),
    ]
)

# NumPy's names of how real numbers are stored.
PRECISIONS = {"f32": "float32", "f64": "float64", "bf16": "bfloat16"}

FindFile = Callable[[str, str, str], tuple[Location | None, Header | None, Options]]


class Lower(Struct):
    """One scenario's program in the making."""

    world: World
    scenario: Scenario
    find_file: FindFile
    folder: str
    source: str
    backend: str
    imports: list[str] = field(default_factory=list[str])
    helpers: list[str] = field(default_factory=list[str])
    data_files: list[str] = field(default_factory=list[str])

    @property
    def link(self) -> Link:
        return self.scenario.link

    def program(self) -> Program:
        s = self.scenario
        load, sources = self._load()
        question = self._conversions(self.link.question)
        cut = next((i for i, p in enumerate(question) if p.conversion.statistics), len(question))
        points, splits = self._points(question[:cut], sources)
        fitted, convert = self._fitted(question[cut:])
        answer = self._conversions(self.link.answer)
        truth_fit = self._truth_statistics(answer)
        parameters, keys = self._parameters()
        model = self._model(keys)
        loss = self._loss(answer)
        answers, metrics = self._judged(answer)
        return Program(
            s.id,
            f"{s.problem.name}, answered by {s.model.declaration.name}",
            tuple(self._doc()),
            self.source,
            self.folder,
            tuple(self.data_files),
            tuple(dict.fromkeys(self.imports)),
            tuple(dict.fromkeys(self.helpers)),
            tuple(constants(s)),
            load,
            points,
            splits,
            fitted,
            convert,
            truth_fit,
            parameters,
            model,
            loss,
            answers,
            metrics,
            training(s.trainer),
            frozenset(self._structured()),
            self._scaled,
            self._reads(),
            self._questions(sources) if any(m.asks for m in metrics) else None,
            s.cost.train_flops,
            s.split,
            PRECISIONS[s.software.precision],
        )

    def _structured(self) -> Iterator[str]:
        """Which of a point's values are several arrays."""
        model, truth = self.link.model, self.link.fixture.truth
        if len(model.inputs) > 1 or is_structured(model.input.type):
            yield "question"
        if truth is not None and is_structured(truth.type):
            yield "truth"
        if is_structured(model.output.type):
            yield "output"

    def _reads(self) -> frozenset[str]:
        """The measurements that metrics read."""
        found = [reads(m.measure) for m in self.scenario.metrics if m.measure is not None]
        return frozenset[str]().union(*found)

    def _doc(self) -> Iterator[str]:
        s = self.scenario
        for d in (s.problem.entry.declaration, s.model.declaration):
            if d.doc:
                yield f"{d.name}: {d.doc}"
        for name, value in {**s.axes, **s.hyperparameters}.items():
            yield f"{name} = {value}"

    # --- data ------------------------------------------------------------------------------

    def _load(self) -> tuple[Function, list[tuple[DataLine, tuple[str, ...]]]]:
        """What is read and put in order, once for all splits."""
        low = Lowering()
        lines = [line for split in self._splits() for line in self.scenario.problem.of(split)]
        conditions = self.scenario.problem.conditions
        roots = [*(line.source for line in lines), *(c.holds for c in conditions)]
        low.count(*roots)
        low.files = {k: e for root in roots for k, e in self._files(root)}
        results: list[Expr] = []
        sources: list[tuple[DataLine, tuple[str, ...]]] = []
        for line in lines:
            parts = list(_parts(low.lower(line.source), line.variable.type))
            base = line.split
            names = [base] if len(parts) == 1 else [f"{base}_{n}" for n in _labels(line, parts)]
            sources.append((line, tuple(names)))
            results += [packed(part) for _, part in parts]
        span = lines[0].span if lines else NOWHERE
        doc = "Read the data and part them as the problem says."
        checks = tuple(Check(low.leaf(c.holds).expr, _message(c), c.span) for c in conditions)
        load = Function("load", doc, (), tuple(low.body), tuple(results), span, checks)
        return load, sources

    def _splits(self) -> tuple[str, ...]:
        """The splits that the program reads: what is judged on `validate` never sees `test`."""
        return (
            ("train", "validate", "test")
            if self.scenario.split == "test"
            else ("train", "validate")
        )

    def _files(self, root: Term) -> Iterator[tuple[tuple[str, str], Expr]]:
        for t in walk(root):
            if isinstance(t, Apply) and t.operator == "file":
                key = (str(t.attributes["dataset"]), str(t.attributes["file"]))
                yield key, self._file(str(t.attributes["source"]), *key, t.type)

    def _file(self, source: str, dataset: str, name: str, type: Type) -> Expr:
        location, header, options = self.find_file(source, dataset, name)
        assert location is not None
        assert header is not None
        header = header.with_units(is_unit)
        match type:
            case ListType(RecordType(fields)):
                header = header.taking({n: _constants(t) for n, t in fields})
            case _:
                pass
        found = loading(header, options)
        self.imports += [*location.imports, *found.imports]
        self.helpers += list(found.helpers)
        if str(location.path) not in self.data_files:
            self.data_files.append(str(location.path))
        return Text(found.at(location.expression))

    def _points(
        self,
        conversions: list[Placed],
        sources: list[tuple[DataLine, tuple[str, ...]]],
    ) -> tuple[tuple[Function, ...], tuple[Split, ...]]:
        """The question and the truth of many points; one function where lines agree."""
        functions: list[Function] = []
        splits: list[Split] = []
        for line, names in sources:
            made = self._points_of(line, conversions)
            twin = next((f for f in functions if _alike(f, made)), None)
            if twin is None:
                name = "points" if not functions else f"{line.split}_points"
                twin = replace(made, name=name)
                functions.append(twin)
            splits.append(Split(line.split, twin.name, names))
        return tuple(functions), tuple(splits)

    def _points_of(self, line: DataLine, conversions: list[Placed]) -> Function:
        low = Lowering()
        fixture = line.fixtures[0]
        assert fixture.truth is not None
        low.count(fixture.question, fixture.truth)
        vector, parameters = _source_vector(line, low.names)
        low.bind(line.variable, enter(vector, POINTS))
        question = low.lower(fixture.question)
        truth = low.lower(fixture.truth)
        for c in conversions:
            question = convert(low, c, question)
        span = line.span
        some = any_leaf(vector)
        results = (packed(_filled(question, some)), packed(_filled(truth, some)))
        doc = "Questions, as the model takes them, and their true answers."
        return Function("points", doc, tuple(parameters), tuple(low.body), results, span)

    def _questions(self, sources: list[tuple[DataLine, tuple[str, ...]]]) -> Function:
        """The questions as they are asked, for metrics that read them."""
        line, _ = next(s for s in sources if s[0].split == self.scenario.split)
        low = Lowering()
        fixture = line.fixtures[0]
        low.count(fixture.question)
        vector, parameters = _source_vector(line, low.names)
        low.bind(line.variable, enter(vector, POINTS))
        question = _filled(low.lower(fixture.question), any_leaf(vector))
        doc = "The questions, as they are asked."
        body, results = tuple(low.body), (packed(question),)
        return inlined(Function("questions", doc, tuple(parameters), body, results, line.span))

    def _conversions(self, route: tuple[Step, ...]) -> list[Placed]:
        """The converters of a chain at their types, and where in these they apply."""
        return [p for i, s in enumerate(route) for p in self._placed(s, i)]

    def _placed(self, step: Step, i: int) -> Iterator[Placed]:
        whole = step.target if step.inverse else step.source
        for path, type in places(whole, step.lift):
            made = self._conversion(step, type)
            if made is not None:
                yield Placed(made, whole, path, i)

    def _conversion(self, step: Step, type: Type) -> Conversion | None:
        ctx = self.world.context()
        found = apply_converter(ctx, step.converter, type)
        if found is None:
            return None
        ctx.solver.settle()
        ground = Grounding(ctx.solver)
        inverse, answer = (found.inverse, found.answer) if step.inverse else (None, None)
        return Conversion(
            found.converter,
            found.source,
            ctx.solver.resolve(found.target),
            ground.var(found.input),
            ground.var(found.points),
            tuple(
                Statistic(ground.var(s.variable), ground.term(s.value)) for s in found.statistics
            ),
            ground.term(found.output),
            ground.var(answer) if answer is not None else None,
            ground.term(inverse) if inverse is not None else None,
        )

    def _fitted(self, conversions: list[Placed]) -> tuple[Function | None, Function | None]:
        """What is fitted on the training questions, and what is done with it."""
        if not conversions:
            return None, None
        return self._statistics(conversions, "fit", "question"), self._convert(conversions)

    def _statistics(self, conversions: list[Placed], name: str, what: str) -> Function:
        """A function from all training points together to the statistics of a chain."""
        low = Lowering()
        first = conversions[0].conversion
        start = low.names.fresh(what)
        vector = opened(conversions[0].whole, Ref(start), outer=1)
        results: list[Expr] = []
        for placed in conversions:
            c = placed.conversion
            values = [replace(s.value, name=placed.label(s.variable.name)) for s in c.statistics]
            low.count(*values)
            low.bind(c.points, descend(low, placed, vector))
            for s, term in zip(c.statistics, values, strict=True):
                value = low.leaf(term)
                low.bind(s.variable, value)
                results.append(value.expr)
            if placed is not conversions[-1]:
                vector = leave(convert(low, placed, enter(vector, POINTS)), POINTS)
        doc = f"What is known of all training {what}s together."
        span = first.output.span
        return pruned(Function(name, doc, (start,), tuple(low.body), tuple(results), span))

    def _convert(self, conversions: list[Placed]) -> Function:
        low = Lowering()
        first = conversions[0].conversion
        start = low.names.fresh("question")
        vector = opened(conversions[0].whole, Ref(start), (POINTS,))
        parameters = [start]
        for placed in conversions:
            statistics = placed.conversion.statistics
            parameters += [self._bind_statistic(low, placed, s.variable) for s in statistics]
            vector = convert(low, placed, vector)
        doc = "Questions as the model takes them."
        span = first.output.span
        return inlined(
            Function("convert", doc, tuple(parameters), tuple(low.body), (packed(vector),), span)
        )

    def _bind_statistic(self, low: Lowering, placed: Placed, variable: Var) -> str:
        name = low.names.fresh(placed.label(variable.name))
        low.bind(variable, Leaf(Ref(name), (), rank_of(variable.type)))
        return name

    # --- answers ---------------------------------------------------------------------------

    def _truth_statistics(self, answer: list[Placed]) -> Function | None:
        """Statistics of the training truths: those of inverses, then the spread of all,
        if a loss is measured in it."""
        truth = self.link.fixture.truth
        assert truth is not None
        inverse = [p for p in answer if p.conversion.inverse is not None]
        if inverse:
            found = self._statistics(inverse, "fit_truth", "truth")
            return _with_spread(found) if self._scaled else found
        if not self._scaled:
            return None
        doc = "The spread of all training truths, in which the loss is measured."
        return _with_spread(Function("fit_truth", doc, ("truth",), (), (), truth.span))

    @property
    def _scaled(self) -> bool:
        """Whether a loss is measured in the spread of the truths: where it compares arrays of
        numbers. Labels have no spread, and the parts of a record have no common one."""
        loss = self.scenario.training.loss
        assert loss is not None
        return _is_number(loss.answer.type) and _is_number(loss.truth.type)

    def _extra(self, low: Lowering, answer: list[Placed]) -> list[str]:
        """The parameters of a function that reads the statistics of inverses."""
        return [
            self._bind_statistic(low, p, s.variable)
            for p in answer
            if p.conversion.inverse is not None
            for s in p.conversion.statistics
        ]

    def _converted(self, low: Lowering, answer: list[Placed], at: int) -> Vector:
        """What the first `at` steps of the answer chain make of the output."""
        vector = opened(self.link.output, Ref("output"), (POINTS,))
        for placed in answer:
            if placed.step < at:
                vector = convert(low, placed, vector)
        return vector

    def _loss(self, answer: list[Placed]) -> Function:
        """The mean loss of some points, made dimensionless by the spread of the truths."""
        training = self.scenario.training
        loss = training.loss
        assert loss is not None
        low = Lowering()
        low.names.taken |= {"output", "truth"}
        extra = self._extra(low, answer)
        stage = self._converted(low, answer, training.loss_at)
        truth = opened(loss.truth.type, Ref("truth"), (POINTS,))
        if self._scaled:
            extra.append(low.names.fresh("scale"))
            scale = Leaf(Ref(extra[-1]), (), 0)
            stage = _divided(low, stage, scale, "answer", loss.answer)
            truth = _divided(low, truth, scale, "target", loss.truth)
        low.bind(loss.answer, stage)
        low.bind(loss.truth, truth)
        low.count(loss.value)
        value = low.leaf(loss.value)
        result = mean_over_points(value)
        parameters = ("output", "truth", *extra)
        doc = "The mean loss of some points."
        span = loss.value.span
        return Function("loss", doc, parameters, tuple(low.body), (result,), span)

    def _judged(self, answer: list[Placed]) -> tuple[tuple[Function, ...], tuple[MetricCode, ...]]:
        """The functions from outputs to the answers that metrics score, and the metrics."""
        stages: dict[int, Function] = {}
        codes: list[MetricCode] = []
        names = NameTable(set(TAKEN))
        for m in self.scenario.metrics:
            if m.score is None:
                codes.append(measure_code(m, names))
                continue
            if m.at not in stages:
                stages[m.at] = self._answer(answer, m.at, len(stages))
            codes.append(score_code(m, stages[m.at].name, names))
        return tuple(stages.values()), tuple(codes)

    def _answer(self, answer: list[Placed], at: int, n: int) -> Function:
        low = Lowering()
        low.names.taken.add("output")
        extra = self._extra(low, answer)
        answered = packed(self._converted(low, answer, at))
        name = "answer" if n == 0 else f"answer_{n + 1}"
        doc = "Outputs of the model as answers."
        span = self.link.fixture.span
        return inlined(Function(name, doc, ("output", *extra), tuple(low.body), (answered,), span))

    # --- the model -------------------------------------------------------------------------

    def _parameters(self) -> tuple[tuple[ParameterSpec, ...], dict[int, dict[str, str]]]:
        """The learned arrays, named for the parts that they belong to."""
        specs: list[ParameterSpec] = []
        keys: dict[int, dict[str, str]] = {}
        layers = self.link.model.layers
        for layer, name in zip(layers, layer_names(layers), strict=True):
            keys[id(layer)] = {}
            for parameter, type in layer.parameters.items():
                shape = tuple(n for n in sizes(type) if n is not None)
                key = f"{name}.{parameter}"
                keys[id(layer)][parameter] = key
                initial = layer.initial.get(parameter, "zeros")
                specs.append(spec_of(key, shape, initial, (layer.operator, parameter)))
        return tuple(specs), keys

    def _model(self, keys: dict[int, dict[str, str]]) -> Function:
        model = self.link.model
        low = Lowering()
        low.layers = keys
        low.names.taken.add("w")
        single = len(model.inputs) == 1
        start = low.names.fresh(model.input.name if single else "question")
        asked = model.input.type if single else TupleType(tuple(v.type for v in model.inputs))
        question = opened(asked, Ref(start), (POINTS,))
        for i, variable in enumerate(model.inputs):
            part = question.items[i] if not single and isinstance(question, Group) else question
            low.bind(variable, part)
        low.count(model.output)
        output = packed(_filled(low.lower(model.output), any_leaf(question)))
        d = model.entry.declaration
        name = identifier(d.name).lower()
        doc = d.doc or f"The model {d.name}."
        return inlined(Function(name, doc, ("w", start), tuple(low.body), (output,), d.name_span))


def _with_spread(f: Function) -> Function:
    """A function that also returns the spread of its argument, by which one may divide."""
    spread = Op("std", (Ref(f.parameters[0]),), {"axes": None})
    known = next((a.name for a in f.body if a.value == spread), None)
    body = f.body if known else (*f.body, Assign("deviation", spread, f.span))
    scale = Op("or_one", (Ref(known or "deviation"),))
    same = next((r for r in f.results if _value_of(r, f) == scale), scale)
    return replace(f, body=body, results=(*f.results, same))


def _value_of(expr: Expr, f: Function) -> Expr:
    """What a variable of a function stands for."""
    if isinstance(expr, Ref):
        return next((a.value for a in f.body if a.name == expr.name), expr)
    return expr


def _divided(low: Lowering, leaf: Vector, scale: Leaf, name: str, variable: Var) -> Vector:
    assert isinstance(leaf, Leaf)
    scaled = Op("divide", (leaf.expr, scale.expr))
    return low.store(name, Leaf(scaled, leaf.levels, leaf.rank), variable.span)


def _labels(line: DataLine, parts: list[tuple[str, Vector]]) -> list[str]:
    if len(line.names) == len(parts):
        return [identifier(n) for n in line.names]
    return [identifier(path) for path, _ in parts]


def _parts(vector: Vector, type: Type, path: str = "") -> Iterator[tuple[str, Vector]]:
    """What a data line's source is handed over as: the parts of tuples apart."""
    if isinstance(type, TupleType) and isinstance(vector, Group):
        for i, t in enumerate(type.items):
            yield from _parts(vector.items[i], t, f"{path}_{i}" if path else str(i))
    else:
        yield path, vector


def _source_vector(line: DataLine, names: NameTable) -> tuple[Vector, list[str]]:
    """What a data line runs over, as parameters of a function, and their names."""
    taken: list[str] = []

    def parameters(type: Type, given: list[str]) -> Vector:
        match type:
            case TupleType(items):
                apart = len(given) == len(items)
                labels = given if apart else [f"part{i}" for i in range(len(items))]
                pairs = enumerate(zip(items, labels, strict=True))
                return Group({i: parameters(t, [n]) for i, (t, n) in pairs})
            case _:
                taken.append(names.fresh(given[0]))
                return opened(type, Ref(taken[-1]), outer=1)

    return parameters(line.variable.type, list(line.names)), taken


def _filled(vector: Vector, some: Leaf) -> Vector:
    """A result that no point enters is the same for all of them."""
    match vector:
        case Group(items):
            whole = {k: _filled(v, some) for k, v in items.items()}
            return vector if whole == items else Group(whole)
        case Leaf(_, levels) if POINTS in levels:
            return vector
        case Leaf(expr, _, rank):
            rows = Op("repeat_rows", (expr, some.expr), {"rank": rank})
            return Leaf(rows, (POINTS,), rank)


def _alike(a: Function, b: Function) -> bool:
    strip = [(x.name, x.value) for x in a.body] == [(x.name, x.value) for x in b.body]
    return strip and a.results == b.results and a.parameters == b.parameters


def _constants(type: Type) -> tuple[str, ...]:
    """The constants of an enum, which its labels are the places of."""
    match present(type):
        case Tensor(Label(_, constants)):
            return constants
        case _:
            return ()


def _message(condition: Condition) -> str:
    return condition.because or "a `require` of the problem does not hold"


def _is_number(type: Type) -> bool:
    return isinstance(type, Tensor) and isinstance(type.element, Num)
