"""Python names for an author's names: readable, legal, and each meaning one thing."""

from __future__ import annotations

import keyword
import re
import unicodedata
from functools import cache

from msgspec import Struct, field

from sailc.backends import defined


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What no variable and no function of an author's is called: what Python and its modules are, and
# what functions of programs read on purpose (`w`, `training`).
RESERVED = _words(
    """
    DATA F Path abs argparse args bool bz2 column csv dataclass device dict evaluate find_spec
    float functools gzip h5py init int itertools jax jnp json len list load loss lzma main map
    math max min model np open optax out part partial points print qmc range rng running seed
    self set str sum test time torch train training tuple type w weights zip
    """
)

# Names of a program that its author's functions must not hide: its own functions, and the
# variables of `main`; nor may a function be called as rows call arguments, `a` to `d`.
TAKEN = _words(
    """
    EPOCH STEP Solution a advance after alike along answer answers answers_to array asked auc b
    batches before c called checked compile_time constants convert count d data drawn each
    energy epoch_of epochs facts final_loss first fit fit_truth fitted given glorot he here
    history in_order initial_running joined joules keep keeper known latency layer lecun
    lengths loss_of memory metrics number output outputs outside parameters parser passed
    peak_memory phases pkgutil place places places_of question questions rebuilt references
    refused repeats report respond result rng run runpy seconds size_of slopes sources
    spent_flops stages start started statistics step steps taken target tensor test_time
    together train_time truth version x y
    """
)


# Those of them that are there only where energy is measured, or where nothing is trained.
SELDOM = _words("energy joules before after question fitted")


@cache
def occupied() -> frozenset[str]:
    """`TAKEN`, and the names of the functions that rows of any backend call."""
    return TAKEN | defined()


def identifier(name: str) -> str:
    """A legal Python identifier that looks like an author's name."""
    text = unicodedata.normalize("NFKC", name)
    text = "".join(c if c.isalnum() or c == "_" else "_" for c in text) or "value"
    if text[0].isdigit() or not text.isidentifier():
        text = "_" + "".join(c if c.isascii() else "_" for c in text)
    return text + "_" if keyword.iskeyword(text) else text


def class_name(name: str) -> str:
    """What the class of an equation is called."""
    return NameTable(set(occupied())).fresh(name)


def snake(name: str) -> str:
    """`RandomForest` as Python writes the name of a function."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier(name)).lower()


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
