"""Python names for an author's names: readable, legal, and each meaning one thing."""

from __future__ import annotations

import keyword
import unicodedata

from msgspec import Struct, field

RESERVED = frozenset(
    [
        "np",
        "torch",
        "F",
        "jax",
        "jnp",
        "optax",
        "json",
        "time",
        "gzip",
        "argparse",
        "math",
        "Path",
        "DATA",
        "main",
        "load",
        "points",
        "train",
        "test",
        "evaluate",
        "init",
        "loss",
        "model",
        "weights",
        "w",
        "seed",
        "out",
        "device",
        "args",
        "find_spec",
        "h5py",
        "csv",
        "bz2",
        "lzma",
        "column",
        "print",
        "functools",
        "itertools",
        "len",
        "sum",
        "min",
        "max",
        "abs",
        "range",
        "list",
        "tuple",
        "dict",
        "set",
        "str",
        "int",
        "float",
        "bool",
        "open",
        "zip",
        "map",
        "type",
    ]
)

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


def identifier(name: str) -> str:
    """A legal Python identifier that looks like an author's name."""
    text = unicodedata.normalize("NFKC", name)
    text = "".join(c if c.isalnum() or c == "_" else "_" for c in text) or "value"
    if text[0].isdigit() or not text.isidentifier():
        text = "_" + "".join(c if c.isascii() else "_" for c in text)
    return text + "_" if keyword.iskeyword(text) else text


class NameTable(Struct):
    """Names taken in one scope; a second use of one gets a number."""

    taken: set[str] = field(default_factory=set[str])

    def fresh(self, name: str) -> str:
        base = identifier(name)
        candidate, n = base, 2
        while candidate in self.taken or candidate in RESERVED:
            candidate = f"{base}_{n}"
            n += 1
        self.taken.add(candidate)
        return candidate
