"""Python names for an author's names: readable, legal, and each meaning one thing."""

from __future__ import annotations

import keyword
import re
import unicodedata

from msgspec import Struct, field


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RESERVED = _words(
    """
    DATA F Path abs argparse args attention auc batch_norm bce blur bool bz2 column covariance
    csv device dict dropout eigh evaluate find_spec float functools gaussian_field gru gzip h5py
    hide histogram init int itertools jax jnp json layer_norm len list load loss lstm lzma main
    map math max min model np open optax others out pad points print qr range rk4 running
    scan_rk4 scan_verlet seed set sobol spectral_conv stitch str sum svd test tiles time torch
    train training tuple type verlet w wasserstein weights windows zip
    """
)

# Names of a program that metrics must not hide: its functions, and the variables of `main`.
TAKEN = _words(
    """
    EPOCH STEP after alike along answer answers answers_to array asked auc batches before by_point
    called checked checksum compile_time constants convert count data drawn each energy epoch_of
    epochs facts file_hash
    final_loss fingerprint first fit fit_truth folder_of given glorot he history in_order
    initial_running joined joules keep kept known latency lecun lengths locked loss_of made_by
    memory metrics on_device output outside
    parameters parser passed peak_memory places questions read_columns rebuilt recalled report
    respond result rng run seconds size_of spent_flops stages start statistics step steps taken
    tensor test_time timed together train_time truth version wasserstein write_columns x y
    """
)


# Those of them that are there only where energy is measured.
COUNTERS = _words("energy joules before after")


def identifier(name: str) -> str:
    """A legal Python identifier that looks like an author's name."""
    text = unicodedata.normalize("NFKC", name)
    text = "".join(c if c.isalnum() or c == "_" else "_" for c in text) or "value"
    if text[0].isdigit() or not text.isidentifier():
        text = "_" + "".join(c if c.isascii() else "_" for c in text)
    return text + "_" if keyword.iskeyword(text) else text


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
