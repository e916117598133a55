"""Large workspaces to measure with: varied, valid, and the same for the same seed.

`write(FOLDER)` makes 100 files of ten modules and about a hundred lines each, with the
functions, types and data files that they use. No two modules are alike: shapes, units,
layers, formulas and what uses what are drawn.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

NAMES = (
    "amber basalt cedar delta ember fjord garnet harbor iris jasper kelp lagoon maple nectar "
    "onyx pollen quartz river sierra tundra umber violet willow xenon yarrow zephyr"
)
WORDS = NAMES.split()
UNITS = ("m", "kg", "s", "eV", "angstrom", "K", "J", "W", "Pa", "mol")
COLUMNS = ("mass [kg]", "length [m]", "energy [eV]", "period [s]", "heat [K]", "pressure [Pa]")
UNARY = ("sin({})", "cos({})", "tanh({})", "exp(-({}) ^ 2)", "sqrt(1 + ({}) ^ 2)", "log1p(abs({}))")
BINARY = ("{} + {}", "{} - {}", "({}) * ({})", "max({}, {})", "if {} < {} then 0.5 else -0.5")
ACTIVATIONS = ("relu", "tanh", "gelu", "silu", "sigmoid")
SCORES = (
    "mean(abs(answer - truth))",
    "max(abs(answer - truth))",
    "mean(({w} * (answer - truth)) ^ 2)",
    "mean(abs(answer - truth) / (abs(truth) + {w}))",
    "norm(answer - truth) / (norm(truth) + {w})",
)


@dataclass(frozen=True, slots=True)
class Table:
    """A data file that is written beside the programs."""

    name: str
    kind: str  # rows (numbers alone), columns (a header with units), images
    width: int
    points: int
    classes: int


class Author:
    """Writes the modules of one file; `shared` are the functions that it may use."""

    def __init__(self, random: Random, number: int, table: Table, shared: list[str]) -> None:
        self.random, self.number, self.table = random, number, table
        self.shared = random.sample(shared, k=min(2, len(shared)))
        self.functions: list[str] = []
        self.models: list[str] = []
        self.trainers: list[str] = []
        self.problems: list[str] = []
        self.metrics: list[str] = []
        self.named = 0

    # --- names and formulas --------------------------------------------------------------

    def name(self, suffix: str) -> str:
        self.named += 1
        return f"{self.random.choice(WORDS)}_{self.number}_{self.named}_{suffix}"

    def formula(self, names: list[str], depth: int) -> str:
        """A scalar of scalars without units."""
        draw = self.random
        if depth == 0:
            return draw.choice([*names, f"{draw.uniform(0.1, 3):.3g}"])
        if self.functions + self.shared and draw.random() < 0.15:
            function = draw.choice(self.functions + self.shared)
            return f"{function}({self.formula(names, 0)}, {self.formula(names, 0)})"
        if draw.random() < 0.5:
            return draw.choice(UNARY).format(self.formula(names, depth - 1))
        form = draw.choice(BINARY)
        return f"({form.format(self.formula(names, depth - 1), self.formula(names, depth - 1))})"

    # --- declarations --------------------------------------------------------------------

    def file(self) -> str:
        """The whole text; ten modules, and what they use."""
        parts = [self.uses(), self.kinds(), self.dataset()]
        parts += [self.function() for _ in range(self.random.randint(1, 2))]
        parts += [self.problem(), self.drawn(), self.trainer(), self.converter()]
        parts += [self.model() for _ in range(3)]
        parts += [self.metric(), self.benchmark()]
        return "\n\n".join(part for part in parts if part) + "\n"

    def uses(self) -> str:
        head = f"// File {self.number}: {', '.join(self.random.sample(WORDS, 5))}."
        lines = [f"use {f.split('.')[0]} {{ {f.split('.')[1]} }}" for f in self.shared]
        self.shared = [f.split(".")[1] for f in self.shared]
        return "\n".join([head, *lines])

    def kinds(self) -> str:
        """An enum with a constant for each label, and a record."""
        self.enum = self.name("Kind").title().replace("_", "")
        self.record = self.name("Sample").title().replace("_", "")
        self.units = self.random.sample(UNITS, 2)
        constants = ", ".join(f"{w}_{self.number}" for w in WORDS[: self.table.classes])
        fields = ", ".join(f"{f}: real<{u}>" for f, u in zip("ab", self.units, strict=True))
        return f"enum {self.enum} {{ {constants} }}\n\ntype {self.record} = {{ {fields}, c: real }}"

    def dataset(self) -> str:
        self.data = self.name("data")
        if self.table.kind == "images":
            files = [f'    file    {n}, "{self.table.name}_{n}.npy"' for n in ("images", "labels")]
        else:
            files = [f'    file    table, "{self.table.name}.csv"']
        lines = [f'    title   "{self.data.replace("_", " ")}"', '    license "CC-BY-4.0"', *files]
        return "\n".join(["/// Measured, once.", f"dataset {self.data} {{", *lines, "}"])

    def function(self) -> str:
        name, lets, names = self.name("f"), [], ["x", "y"]
        for i in range(self.random.randint(1, 3)):
            lets.append(f"    let t{i} = {self.formula(names, 2)}")
            names.append(f"t{i}")
        give = f"    give {self.formula(names, 2)}"
        text = "\n".join([f"/// Of {names[-1]}.", f"fn {name}(x, y = 1) {{", *lets, give, "}"])
        self.functions.append(name)
        return text

    def problem(self) -> str:
        """One over the file of data."""
        name, t = self.name("Problem").title().replace("_", ""), self.table
        self.problems.append(name)
        cut = self.random.randint(t.points // 2, t.points - 8)
        rows, lets = f"{self.data}.table", list[str]()
        match t.kind:
            case "images":
                rows, pattern = f"zip({self.data}.images, {self.data}.labels)", "(x, label)"
                asked = f"classify unsqueeze(x) / {self.random.randint(2, 255)}"
                asked += f" as {self.enum}(label)"
            case "rows":
                k, pattern = t.width - 1, "r"
                lets = [f"    let scaled(r) = r[0:{k}] * {self.formula(['r[0]', 'r[1]'], 2)}"]
                asked = f"classify scaled(r) as {self.enum}(r[{k}])"
            case _:
                a, b = self.random.sample(COLUMNS[: t.width], 2)
                pattern = "r"
                lets = [f'    let {name}(r) = r["{c}"]' for name, c in (("a", a), ("b", b))]
                asked = "predict { a: a(r), b: b(r) } as "
                asked += self.random.choice(["a(r) * b(r)", "a(r) / b(r)", "sqrt(a(r) * b(r))"])
        seed = self.random.randint(0, 99)
        lines = [
            "    field physics.measurement",
            f"    by    {self.random.choice(['cases', 'setting'])}",
            f"    let points = {rows} |> shuffle(seed = {seed})",
            *lets,
            f"    train {pattern} in points |> first({cut}): {asked}",
            f"    test  {pattern} in points |> last({t.points - cut}): {asked}",
        ]
        return "\n".join(["/// Read from a file.", f"problem {name} {{", *lines, "}"])

    def drawn(self) -> str:
        """One whose points the program draws, asked as a record with units."""
        name = self.name("Law").title().replace("_", "")
        self.problems.append(name)
        low, high = f"{self.random.random():.2f}", f"{1 + self.random.random():.2f}"
        u, v = self.units
        n = self.random.randint(50, 2_000)
        lines = [
            f"    let draws = uniform([{low}, 0.1], [{high}, 2]) |> sample({n}, seed = 1)",
            f"    let drawn(p) = {{ a: p[0] * 1 {u}, b: p[1] * {self.random.randint(1, 9)} {v},"
            " c: p[0] }",
            f"    let factor(p) = {self.formula(['p[0]', 'p[1]'], 3)}",
            f"    let law(p) = p[0] * 1 {u} * factor(p) / (p[1] * 1 {v})",
            f"    train p in draws |> first({n - 20}): predict drawn(p) as law(p)",
            "    test  p in draws |> last(20): predict drawn(p) as law(p)",
        ]
        return "\n".join([f"/// {remark(self.random)}", f"problem {name} {{", *lines, "}"])

    def model(self) -> str:
        name = self.name("Net").title().replace("_", "")
        self.models.append(name)
        draw = self.random
        act, other = draw.choices(ACTIVATIONS, k=2)
        widths = ", ".join(str(draw.randint(4, 64)) for _ in range(draw.randint(2, 3)))
        lines = [
            f"    suggest width in [{widths}]",
            f"    suggest depth in 1..{draw.randint(2, 4)}",
        ]
        if draw.random() < 0.5:
            lines += [
                f"    let block(k) = linear(k) >> {act} >> linear(width) >> {other}",
                "    input x: Tensor[real, n]",
                f"    let hidden = repeat(i in 1..depth, block(width * i + {draw.randint(1, 9)}))",
                f"    let z = x |> linear({draw.randint(8, 99)}) |> hidden",
                f"    output y: Tensor[real, m] = {draw.choice(['z', 'z * 2', 'skip(z, tanh)'])}"
                " |> linear(m)",
            ]
        else:
            k = draw.choice([1, 3, 5])
            lines += [
                f"    let stem = conv({draw.randint(2, 9)}, {k}) >> {act} >> pool(2)",
                "    input image: Tensor[real, h, w, c]",
                f'    require c <= {draw.randint(2, 8)} because "it is meant for fewer channels"',
                f"    let features = image |> stem |> repeat(depth, conv(width, {k}) >> {act})",
                f"    output y: Tensor[real, m] = features |> flat |> linear(width) |> {act}"
                " |> linear(m)",
            ]
        return "\n".join([f"/// {remark(draw)}", f"model {name} {{", *lines, "}"])

    def trainer(self) -> str:
        name, draw = self.name("trainer"), self.random
        self.trainers.append(name)
        rates = ", ".join(f"{draw.uniform(1e-4, 1e-2):.2g}" for _ in range(2))
        optimizer = draw.choice(["adam(rate)", "sgd(rate, momentum = 0.9)", "adamw(rate)"])
        lines = [
            f"    suggest   rate in [{rates}]",
            f"    optimizer {optimizer}",
            f"    epochs    {draw.randint(5, 80)}",
            f"    batch     {draw.choice([16, 32, 64])}",
            "    loss      (answer: Tensor[real, ...s, n], truth: Tensor[Class[n], ...s])"
            " => cross_entropy(answer, truth)",
            "    loss      (answer: Tensor[real<'u>, ...s], truth: Tensor[real<'u>, ...s])"
            f" => mean({draw.uniform(0.1, 2):.2f} * (answer - truth) ^ 2)",
        ]
        return "\n".join([f"/// {remark(draw)}", f"trainer {name} {{", *lines, "}"])

    def metric(self) -> str:
        name, draw = self.name("error"), self.random
        self.metrics.append(name)
        score = draw.choice(SCORES).format(w=f"{draw.uniform(0.1, 2):.2f}")
        unit = "" if "+" in score else "<'u>"
        lines = [
            "    for    predict",
            "    better lower",
            f"    score  (answer: Tensor[real{unit}, ...s], truth: Tensor[real{unit}, ...s])"
            f" => {score}",
            f"    reduce {draw.choice(['mean', 'quantile(0.9)', 'max', 'median'])}",
        ]
        return "\n".join([f"/// {remark(draw)}", f"metric {name} {{", *lines, "}"])

    def converter(self) -> str:
        u, v = self.units
        lines = [
            "    path question",
            f"    cost {self.random.uniform(0.5, 3):.2f}",
            f"    let f(x, y) = {self.formula(['x', 'y'], 2)}",
            f"    give [s.a / 1 {u}, s.b / {self.random.randint(1, 9)} {v},"
            f" s.c * f(s.a / 1 {u}, s.c)]",
        ]
        head = f"converter {self.name('numbers')}(s: {self.record}) -> Tensor[real, 3] {{"
        return "\n".join(["/// The numbers of a sample.", head, *lines, "}"])

    def benchmark(self) -> str:
        lines = [
            f"    problems {', '.join(self.problems)}",
            f"    models   {', '.join(self.random.sample(self.models, 2))}, MLP",
            f"    trainers {self.trainers[0]}",
            f"    metrics  {self.metrics[0]}, accuracy, training_time",
            f"    sweep    {self.models[0]}.width",
            f"    set      {self.models[1]}.depth = 2",
            f"    seeds    {self.random.randint(1, 5)}",
        ]
        return "\n".join([f"benchmark {self.name('run')} {{", *lines, "}"])


def remark(random: Random) -> str:
    """A line of documentation."""
    return " ".join(random.sample(WORDS, 6)).capitalize() + "."


def tables(folder: Path, random: Random, count: int) -> list[Table]:
    """Small data files of three formats."""
    found: list[Table] = []
    for i in range(count):
        kind = ("rows", "columns", "images")[i % 3]
        table = Table(f"data_{i}", kind, random.randint(4, 6), random.randint(20, 60), 3)
        WRITERS[kind](folder, table, random)
        found.append(table)
    return found


def _rows(folder: Path, table: Table, random: Random) -> None:
    values = [f"{random.random():.3f}" for _ in range((table.width - 1) * table.points)]
    step = table.width - 1
    lines = [
        ",".join([*values[i * step : (i + 1) * step], str(i % table.classes)])
        for i in range(table.points)
    ]
    (folder / f"{table.name}.csv").write_text("\n".join(lines) + "\n")


def _columns(folder: Path, table: Table, random: Random) -> None:
    lines = [",".join(COLUMNS[: table.width])]
    for _ in range(table.points):
        lines.append(",".join(f"{random.random():.3f}" for _ in range(table.width)))
    (folder / f"{table.name}.csv").write_text("\n".join(lines) + "\n")


def _images(folder: Path, table: Table, random: Random) -> None:
    side = random.choice([8, 12, 16])
    np.save(folder / f"{table.name}_images.npy", np.zeros((table.points, side, side), np.uint8))
    np.save(folder / f"{table.name}_labels.npy", np.arange(table.points) % table.classes)


WRITERS: dict[str, Callable[[Path, Table, Random], None]] = {
    "rows": _rows,
    "columns": _columns,
    "images": _images,
}


def texts(folder: Path, files: int, seed: int) -> Iterator[tuple[str, str]]:
    """The name and text of each file; a later one may use functions of earlier ones."""
    random = Random(seed)
    data = tables(folder, random, 12)
    shared: list[str] = []
    for number in range(files):
        author = Author(random, number, data[number % len(data)], shared[-12:])
        yield f"part_{number}", author.file()
        shared += [f"part_{number}.{f}" for f in author.functions]


def write(folder: Path, files: int = 100, seed: int = 0) -> list[Path]:
    """A workspace of ten modules a file; its programs."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sail.toml").write_text("")
    programs: list[Path] = []
    for name, text in texts(folder, files, seed):
        programs.append(folder / f"{name}.sail")
        programs[-1].write_text(text)
    return programs
