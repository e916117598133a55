"""CosmoFlow's share of an accelerator's peak as its cubes and its precision grow.

The SAIH paper finds 5.2 % to 59.6 % of the peak on its machines. Here each program is what sailc
emits; its operations are those of the plan (three times the forward pass, SAIH's convention), its
time is that of the last epoch, and the peak is what a `hardware` module declares.

    python benchmarks/accelerator.py [--device cuda] [--hardware FILE NAME] [--peak bf16=989e12 …]
        [--sizes 32 64 128] [--precisions f32 bf16] [--backends PyTorch JAX]
        [--points 64] [--batch 8]

Says so and ends where there is no accelerator; `--device cpu --peak f32=1e11 --sizes 8` tries it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from sailc.infer.modules.hardware import machine_facts
from sailc.infer.values import Fields, Quantity
from sailc.queries import world
from sailc.workspace import Workspace

PAPER = Path(__file__).parent.parent / "examples" / "paper" / "software.sail"
EPOCHS = 3
PROGRAM = """
problem Cubes {{
    let xs = uniform(0, 1, shape = [{size}, {size}, {size}, 4]) |> sample({count}, seed = 0)
    train x in xs |> first({points}): predict x as x[0, 0, 0]
    test  x in xs |> last({batch}):   predict x as x[0, 0, 0]
}}

/// CosmoFlow as in MLPerf HPC, without dropout; of cubes below 32, without its last cells.
model CosmoFlow {{
    let    cell(c) = conv(c, 3) >> leaky_relu(0.3) >> pool(2)
    input  cube: Tensor[real, n, n, n, c]
    let    features = cube |> repeat(i in 0..{last}, cell(32 * 2 ^ i)) |> flat
    let    hidden   = features |> linear(128) |> leaky_relu(0.3) |> linear(64) |> leaky_relu(0.3)
    output y: Tensor[real, m] = 1.2 * tanh(hidden |> linear(m))
}}

software Stack {{
    backend  {backend}
    provides autograd, matmul, conv
    suggest  precision in [{precision}]
}}

trainer few {{
    optimizer adam(1e-4)
    epochs    {epochs}
    batch     {batch}
    loss      (answer: Tensor[real, ...s], truth: Tensor[real, ...s]) => mean((answer - truth) ^ 2)
}}

benchmark peak {{
    problems Cubes
    models   CosmoFlow
    trainers few
    software Stack
    metrics  training_time
}}
"""
BACKENDS = {"PyTorch": "torch", "JAX": "jax"}


class Measured(Struct, frozen=True):
    """A program's operations for each point that it learns from, and what an epoch took."""

    train_flops: int
    points: int
    seconds: float

    def share(self, peak: float) -> float:
        """Of what a machine of so many operations a second can do at best."""
        return self.train_flops * self.points / (self.seconds * peak)


def program(size: int, precision: str, backend: str, points: int, batch: int) -> str:
    """CosmoFlow on cubes of a size."""
    return PROGRAM.format(
        size=size,
        last=min(5, size.bit_length() - 1) - 1,
        precision=precision,
        backend=BACKENDS[backend],
        points=points,
        batch=batch,
        count=points + batch,
        epochs=EPOCHS,
    )


def last_epoch(lines: Sequence[dict[str, object]]) -> float:
    """Seconds of the last epoch of a run: the first pays for what the libraries choose."""
    ends = [float(str(e["seconds"])) for e in lines if e["event"] == "epoch"]
    return ends[-1] - ends[-2]


def measured(text: str, points: int, device: str) -> Measured | str:
    """What a program's run took, or what was said instead."""
    sail = [sys.executable, "-m", "sailc"]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "sail.toml").touch()
        path = folder / "peak.sail"
        path.write_text(text)
        told = _said([*sail, "plan", str(path), "peak", "--format", "json"])
        scenarios = json.loads(told)["scenarios"] if isinstance(told, bytes) else []
        if not scenarios:
            return told if isinstance(told, str) else "no scenario"
        out = folder / "out"
        written = _said([*sail, "emit", str(path), "peak", "-o", str(out)])
        if isinstance(written, str):
            return written
        (script,) = out.glob("*.py")
        run = [sys.executable, str(script), "--device", device, "--out", str(folder / "results")]
        found = _said(run)
        if isinstance(found, str):
            return found
        lines = [json.loads(line) for line in found.splitlines()]
        return Measured(scenarios[0]["cost"]["train_flops"], points, last_epoch(lines))


def _said(command: list[str]) -> bytes | str:
    """What a command prints; where it fails, the last line of its complaint."""
    done = subprocess.run(command, capture_output=True, check=False)
    complaint = done.stderr.decode(errors="replace").strip() or f"it ended with {done.returncode}"
    return complaint.splitlines()[-1] if done.returncode else done.stdout


def declared(path: Path, name: str) -> dict[str, float]:
    """The operations a second that a hardware module declares, by precision."""
    known = world(Workspace.open([path]).db)
    entry = known.names.module("hardware", name)
    if entry is None:
        raise SystemExit(f"{path} declares no hardware `{name}`")
    peaks = machine_facts(known.context(), entry, {}).get("peak")
    items = peaks.items if isinstance(peaks, Fields) else {}
    return {k: q.value * q.unit.scale for k, q in items.items() if isinstance(q, Quantity)}


def accelerator(device: str) -> str | None:
    """What a device is called; None where it is not there."""
    import torch

    if device == "cpu":
        return "the processor"
    try:
        return torch.cuda.get_device_name(device)
    except (AssertionError, RuntimeError, ValueError):
        return None


def pair(text: str) -> tuple[str, float]:
    """`bf16=989e12`."""
    name, _, value = text.partition("=")
    return name, float(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--hardware", nargs=2, default=(str(PAPER), "gpu_node"))
    parser.add_argument("--peak", nargs="+", type=pair, default=[], help="precision=FLOP/s")
    parser.add_argument("--sizes", nargs="+", type=int, default=[32, 64, 128])
    parser.add_argument("--precisions", nargs="+", default=["f32", "bf16"])
    parser.add_argument("--backends", nargs="+", default=list(BACKENDS), choices=list(BACKENDS))
    parser.add_argument("--points", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    args = parser.parse_args()
    title = accelerator(args.device)
    if title is None:
        print(f"There is no accelerator `{args.device}` here: nothing is measured.")
        return
    peaks = dict(args.peak) or declared(Path(args.hardware[0]), args.hardware[1])
    print(f"CosmoFlow on {title}; the peaks: {', '.join(f'{k} {p:.3g}' for k, p in peaks.items())}")
    print("| size | precision | backend | TFLOP a point | points/s | TFLOP/s | share of peak |")
    print("|---|---|---|---|---|---|---|")
    for size in args.sizes:
        for precision in (p for p in args.precisions if p in peaks):
            for backend in args.backends:
                text = program(size, precision, backend, args.points, args.batch)
                found = measured(text, args.points, args.device)
                row = f"| {size}³ | {precision} | {backend} |"
                if isinstance(found, str):
                    print(f"{row} {found} | | | |", flush=True)
                    continue
                rate = found.train_flops * found.points / found.seconds
                print(
                    f"{row} {found.train_flops / 1e12:.3g} | {found.points / found.seconds:.3g} "
                    f"| {rate / 1e12:.3g} | {found.share(peaks[precision]):.2%} |",
                    flush=True,
                )
    print("SAIH: 5.2 % to 59.6 %")


if __name__ == "__main__":
    main()
