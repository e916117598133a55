"""A device that is not there, numbers that it does not have, a folder that holds something else,
and memory that does not suffice: all of it is said before any work."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support import Json, emitted_by, plan_of, run_here, sail, write_one

PROGRAM = """
    hardware small {
        cores  2
        memory MEMORY
    }

    problem Saddle {
        let points = uniform([-1, -1], [1, 1]) |> sample(100, seed = 0)
        train x in points |> first(64): predict x as x[0] * x[1]
        test  x in points |> last(30):  predict x as x[0] * x[1]
    }

    model Wide {
        input  x: Tensor[real, n]
        output linear(relu(linear(x, 1000)), 1)[0]
    }

    trainer quick {
        optimizer sgd(0.05)
        epochs    1
        batch     16
        loss      (a: real, b: real) => (a - b) ^ 2
    }

    benchmark B {
        problems Saddle
        models   Linear, Wide
        trainers quick
        metrics  mean_error
        hardware small
    }
"""


def written(folder: Path, software: str) -> str:
    """The program of the small model."""
    path = write_one(folder, PROGRAM.replace("MEMORY", "1 GB"))
    return emitted_by(path)[f"Saddle/Linear/{software}"]


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_a_device_that_is_not_there(
    tmp_path: Path, software: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = written(tmp_path, software)
    with pytest.raises(SystemExit, match="2"):
        run_here(text, 0, tmp_path / "out", "--device", "somewhere")
    assert f"error: --device somewhere, --out {tmp_path / 'out'}: " in capsys.readouterr().err


def test_a_run_on_a_device_that_is_not_there_says_so(tmp_path: Path) -> None:
    path = write_one(tmp_path, PROGRAM.replace("MEMORY", "1 GB").replace("Linear, Wide", "Linear"))
    told = sail("run", path, "--seeds", "1", "--device", "somewhere", exit=1).output
    assert told.count("error: --device somewhere, --out ") >= 2  # each backend in its own words
    assert "2 not" in told
    assert "failed" not in sail("rank", path, exit=0).output  # nothing has run on the processor


def test_numbers_that_a_device_does_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **options: object) -> None:
        raise TypeError(f"{options['device']} has no float64")

    text = written(tmp_path, "PyTorch")
    monkeypatch.setattr(torch, "zeros", refused)
    with pytest.raises(SystemExit, match="2"):
        run_here(text, 0, tmp_path / "out", "--device", "mps")
    assert f"--device mps, --out {tmp_path / 'out'}: mps has no float64" in capsys.readouterr().err


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_a_folder_with_something_else_in_it_keeps_that(tmp_path: Path, software: str) -> None:
    text = written(tmp_path, software)
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("of value")
    run_here(text, 0, out)
    assert (out / "mine.txt").read_text() == "of value"
    assert {p.name for p in out.iterdir()} == {"mine.txt", "result.json"}


@pytest.mark.parametrize("software", ["PyTorch", "JAX"])
def test_a_file_in_the_folder_s_place_stops_it_before_training(
    tmp_path: Path, software: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = written(tmp_path, software)
    (tmp_path / "out").write_text("of value")
    with pytest.raises(SystemExit, match="2"):
        run_here(text, 0, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "of value"
    told = capsys.readouterr()
    assert f"--out {tmp_path / 'out'}: [Errno 17] File exists" in told.err
    assert "epoch" not in told.out


def test_what_does_not_fit_the_memory_is_left_out_while_planning(tmp_path: Path) -> None:
    """4,001 weights and their gradient, and 2,003 numbers that each of 16 points keeps."""
    (out,) = too_large(tmp_path, "100 kB")
    assert out["reason"] == ("it holds 160 kB at once, at least, and `small` has 100 kB of memory")
    assert out["modules"] == ["Saddle / Wide"]
    assert not too_large(tmp_path, "1 MB")


def too_large(folder: Path, memory: str) -> list[Json]:
    """What a plan leaves out on a machine with so much memory."""
    plan = plan_of(write_one(folder, PROGRAM.replace("MEMORY", memory)))
    return [e for e in plan["excluded"] if e["code"] == "X0206"]
