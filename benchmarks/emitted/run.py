"""Emitted programs beside programs written by hand for the same model, data, batch and steps.

Where one thread of a CPU computes, a pair of programs trains in turns of a quarter of a second, and
what counts are the seconds that each computed: a machine that slows down slows both alike. With
more threads or on an accelerator they run one after the other, in an order that alternates.

Prints for each, and for all, the throughput of training as emitted over hand-written with the lower
end of its 95 % interval (Student's t over the logarithms of the pairs; for all, over the mean of
each round), the ratio of peak memory, and by how much the mean losses of the epochs differ from the
reference's. On an accelerator (`--device cuda`) memory is that of the processes all the same.

With `--precision f64` both compute in double precision: what losses differ by then is no rounding
that training made larger. `--pairs 1` tells; times and memory are beside the point.

    python benchmarks/emitted/run.py [--pairs 5] [--threads 1] [--device cpu] [NAME…]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import data
import numpy as np
from msgspec import Struct
from running import in_turns, one_by_one

HERE = Path(__file__).parent
GOAL = 0.97


class Case(Struct, frozen=True):
    """A benchmark of `emitted.sail`, and what its reference is told."""

    benchmark: str
    epochs: int
    batch: int
    hole: str = ""


CASES = {
    "mlp": Case("mlp_pairs", 500, 64),
    "lenet": Case("lenet_pairs", 8, 64),
    "sets": Case("sets_pairs", 10, 64),
    "cosmoflow": Case("cosmoflow_pairs", 3, 4),
    "slstr": Case("slstr_pairs", 2, 4),
    "denoise": Case("denoise_pairs", 2, 4),
    "uno": Case("uno_pairs", 3, 32),
    "burgers": Case("burgers_pairs", 50, 64, "Deep"),
}


class Options(argparse.Namespace):
    names: list[str]
    pairs: int
    threads: int
    device: str
    precision: str


# A workspace's own software, which stands for the library's.
DOUBLE = """
software PyTorch {
    backend  torch
    provides autograd, matmul, conv, fft
    suggest  precision in [f64]
}

software JAX {
    backend  jax
    provides autograd, matmul, conv, fft
    suggest  precision in [f64]
}
"""
BACKENDS = {"PyTorch": "torch", "JAX": "jax"}


class Ran(Struct, frozen=True):
    losses: list[float]
    seconds: float
    peak: int


class Pair(Struct, frozen=True):
    emitted: Ran
    reference: Ran

    @property
    def throughput(self) -> float:
        return self.reference.seconds / self.emitted.seconds

    @property
    def memory(self) -> float:
        return self.emitted.peak / self.reference.peak

    @property
    def difference(self) -> float:
        """The largest relative difference of the losses."""
        both = zip(self.emitted.losses, self.reference.losses, strict=True)
        return max(abs(a - b) / abs(b) for a, b in both)


def emitted(lines: list[dict], peak: int) -> Ran:
    epochs = [e for e in lines if e["event"] == "epoch"]
    seconds, n = epochs[-1]["seconds"], len(epochs)
    if not any(e["event"] == "compile" for e in lines):  # what solves compiles in its first epoch
        seconds = (seconds - epochs[0]["seconds"]) * n / (n - 1)
    return Ran([e["loss"] for e in epochs], seconds, peak)


def written(case: Case, folder: Path) -> dict[str, Path]:
    """The emitted program for each backend."""
    program = folder / "emitted.sail"
    sail = [sys.executable, "-m", "sailc"]
    told = subprocess.run(
        [*sail, "plan", str(program), case.benchmark, "--format", "json"],
        capture_output=True,
        check=True,
    )
    found: dict[str, Path] = {}
    for s in json.loads(told.stdout)["scenarios"]:
        if [h["model"] for h in s["holes"]] == [case.hole] * bool(case.hole):
            out = folder / case.benchmark / s["software"]
            one = [case.benchmark, "--scenario", s["id"], "-o", str(out)]
            subprocess.run(
                [*sail, "emit", str(program), *one], check=True, stdout=subprocess.DEVNULL
            )
            (found[BACKENDS[s["software"]]],) = out.glob("*.py")
    return found


def pairs(name: str, backend: str, script: Path, folder: Path, args: Options) -> Iterator[Pair]:
    count = str(args.threads)
    environment = os.environ | {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count}
    environment["JAX_PLATFORMS"] = ",".join(dict.fromkeys([args.device, "cpu"]))
    if args.threads == 1:
        flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        environment["XLA_FLAGS"] = flags
    case = CASES[name]
    one = [str(script), "--device", args.device, "--seed", "0", "--out", str(folder / "out")]
    other = [str(HERE / "references" / f"{name}_{backend}.py"), "--device", args.device]
    other += ["--epochs", str(case.epochs), "--batch", str(case.batch)]
    other += ["--data", str(folder / f"{name}.npz"), "--precision", args.precision]
    both = in_turns if args.threads == 1 and args.device == "cpu" else one_by_one
    for i in range(args.pairs):
        found = both([other, one] if i % 2 else [one, other], environment)
        ours, (((told,), peak)) = found[::-1] if i % 2 else found
        yield Pair(emitted(*ours), Ran(told["losses"], told["seconds"], peak))


def interval(ratios: list[float]) -> tuple[float, float]:
    """The geometric mean, and the lower end of its 95 % interval."""
    from scipy.stats import t

    logs = [math.log(r) for r in ratios]
    mean, n = statistics.mean(logs), len(logs)
    if n < 2:
        return math.exp(mean), math.nan
    reach = t.ppf(0.975, n - 1) * statistics.stdev(logs) / math.sqrt(n)
    return math.exp(mean), math.exp(mean - reach)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(CASES))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=["f32", "f64"], default="f32")
    args = parser.parse_args(namespace=Options())
    print("| program | backend | emitted / hand-written | lower end | memory | losses differ by |")
    print("|---|---|---|---|---|---|")
    rounds: list[list[float]] = [[] for _ in range(args.pairs)]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shutil.copy(HERE / "emitted.sail", folder)
        (folder / "sail.toml").touch()
        if args.precision == "f64":
            (folder / "software.sail").write_text(DOUBLE, "utf-8")
        data.write(folder, np.float64 if args.precision == "f64" else np.float32)
        for name in args.names:
            for backend, script in sorted(written(CASES[name], folder).items()):
                found = list(pairs(name, backend, script, folder, args))
                for ratios, pair in zip(rounds, found, strict=True):
                    ratios.append(pair.throughput)
                mean, low = interval([p.throughput for p in found])
                memory = statistics.median(p.memory for p in found)
                worst = max(p.difference for p in found)
                row = (
                    f"| {name} | {backend} | {mean:.3f} | {low:.3f} | {memory:.2f} | {worst:.1e} |"
                )
                print(row, flush=True)
    mean, low = interval([statistics.geometric_mean(ratios) for ratios in rounds])
    print(f"| all | | {mean:.3f} | {low:.3f} (goal: {GOAL}) | | |")


if __name__ == "__main__":
    main()
