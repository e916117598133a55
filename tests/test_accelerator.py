"""`benchmarks/accelerator.py`: CosmoFlow's share of a machine's peak."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest
from support import ROOT

SCRIPT = ROOT / "benchmarks" / "accelerator.py"


@pytest.fixture(scope="module")
def accelerator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("accelerator", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def printed(*options: str) -> str:
    command = [sys.executable, str(SCRIPT), *options]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_the_share_is_operations_over_what_the_peak_would_do(accelerator: ModuleType) -> None:
    epoch = accelerator.Measured(train_flops=3_000_000, points=100, seconds=2.0)
    assert epoch.share(peak=1e9) == pytest.approx(0.15)


def test_an_epoch_takes_what_is_between_its_end_and_the_one_before(
    accelerator: ModuleType,
) -> None:
    ends = [{"event": "epoch", "seconds": s} for s in (4.0, 5.0, 5.5)]
    assert accelerator.last_epoch([{"event": "start"}, *ends, {"event": "result"}]) == 0.5


def test_peaks_are_those_that_a_machine_declares(accelerator: ModuleType) -> None:
    found = accelerator.declared(accelerator.PAPER, "gpu_node")
    assert found == {"bf16": pytest.approx(989e12), "f32": pytest.approx(67e12)}


def test_a_tiny_cube_on_the_processor() -> None:
    told = printed(
        *("--device", "cpu", "--peak", "f32=1e9", "--sizes", "4", "--backends", "PyTorch"),
        *("--points", "8", "--batch", "4"),
    )
    (row,) = (line for line in told.splitlines() if line.startswith("| 4³"))
    *_, rate, share, _ = (cell.strip() for cell in row.split("|"))
    assert float(share.rstrip("%")) / 100 == pytest.approx(float(rate) * 1e12 / 1e9, rel=0.02)


def test_without_an_accelerator_it_says_so() -> None:
    told = printed("--device", "cuda:99")
    assert told == "There is no accelerator `cuda:99` here: nothing is measured.\n"
