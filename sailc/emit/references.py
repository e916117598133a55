"""References as text: a module that finds them once, and keeps them."""

from __future__ import annotations

from functools import partial
from hashlib import sha256

from msgspec.structs import replace

from sailc import __version__
from sailc.emit.beside import KEEPER
from sailc.emit.equations import called_by, equation_class, in_numpy, written
from sailc.emit.numpy_rows import HELPERS, MODULES
from sailc.emit.text.environment import TEMPLATES, filled, is_standard, tidy
from sailc.emit.text.functions import Write
from sailc.emit.text.layout import fit
from sailc.emit.text.pieces import merged, taken
from sailc.emit.text.rows import operators_in
from sailc.program.equations.programs import LineCode, SolverProgram
from sailc.program.equations.references import References
from sailc.program.tree.names import snake

IMPORTS = (
    "from dataclasses import dataclass",
    "from pathlib import Path",
    "import numpy as np",
    "import runpy",
)


def with_modules(program: SolverProgram) -> tuple[SolverProgram, dict[str, str]]:
    """A program whose lines name the modules that find their references, and these by name."""
    found: dict[str, str] = {}
    lines: list[LineCode] = []
    for line in program.lines:
        if line.references is not None:
            name, found[name] = reference_module(line.references)
            line = replace(line, module=name)
        lines.append(line)
    return replace(program, lines=tuple(lines)), found


def reference_module(references: References) -> tuple[str, str]:
    """The name of the module of some references, which tells what it finds, and its text."""
    line = "lines" in written(references.equations)
    numpy = in_numpy()
    equation = partial(equation_class, line=line)
    template = TEMPLATES / "references.py.jinja"
    text = tidy(filled(template, _facts(references, numpy), numpy=numpy, equation=equation))
    mark = sha256(text.encode()).hexdigest()[:6]
    return f"{snake(references.problem)}_references_{mark}", text


def _facts(r: References, numpy: Write) -> dict[str, object]:
    used = operators_in(r.functions)
    own = [*map(numpy, r.functions)]
    texts, needed = taken(written(r.equations), sorted(called_by(own)))
    bodies = "\n".join([*own, *texts, *r.files])
    math = ["import math"] if "math." in bodies else []
    lines = {
        *r.imports,
        *needed,
        *IMPORTS,
        *math,
        *(MODULES[o] for o in used if o in MODULES),
    }
    imports = sorted(merged(sorted(lines)), key=lambda line: (line.startswith("from"), line))
    each = ", ".join(r.names)
    return {
        "references": r,
        "version": __version__,
        "standard": [i for i in imports if is_standard(i)],
        "others": [i for i in imports if not is_standard(i)],
        "uses_data": "DATA" in bodies,
        "written": texts,
        "keeper": KEEPER,
        "layout": fit,
        "data_helpers": [HELPERS[o] for o in sorted(used) if o in HELPERS],
        "each": each,
        "each_one": each if len(r.names) == 1 else f"({each})",
    }
