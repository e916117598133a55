"""What happens to emitted programs: they are run apart, kept, resumed, summed up and ranked."""

from __future__ import annotations

import json
import math
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from scipy import stats

import sailc
from sailc.diagnostics.base import REGISTRY, Diagnostic
from sailc.engines import Event, Finished, Kept, LocalEngine, Noticed, Progress, Started, diagnose
from sailc.engines.fair import interleaved
from sailc.rank import Key, Ranked, Row, order, pareto, prefer, score, summarize, table
from sailc.rank.student import two_sided
from sailc.store import Job, Run, Store, versions
from sailc.store.identity import identity

T = TypeVar("T")

# --- tiny programs that keep the contract of emitted ones ---------------------------------

GOOD = """
import argparse, json, os, sys, time
parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int)
parser.add_argument("--out")
parser.add_argument("--device", default="cpu")
options = parser.parse_args()
def say(**event): print(json.dumps(event), flush=True)
say(event="start", seed=options.seed)
result = {"metrics": {"accuracy": 0.9 + options.seed / 1000}, "model": {"parameters": 4810}}
"""
RESULT = "\nsay(event='result', **result)\n"
HANG = "time.sleep(60)\n"
SAYS_PID = "say(event='pid', pid=os.getpid())\n"
FIRST_LINE = GOOD.count("\n") + 1


def job(body: str = "", seed: int = 0, scenario: str = "a", **changes: Any) -> Job:
    text = GOOD + body + RESULT
    made = Job(scenario, f"Model {scenario}", text, seed, (), {"python": "3"}, "torch", "p.sail")
    return replace(made, **changes)


def seeds(count: int, body: str = "", scenario: str = "a") -> list[Job]:
    return [job(body, seed, scenario) for seed in range(count)]


def statuses(runs: list[Run]) -> list[str]:
    return [run.status for run in runs]


class Heard(list[Event]):
    """A listener that remembers."""

    def __call__(self, event: Event) -> None:
        self.append(event)

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self if isinstance(event, kind)]


@pytest.fixture
def engine(tmp_path: Path) -> LocalEngine:
    return LocalEngine(Store(tmp_path), workers=2, grace=0.5)


# --- a run --------------------------------------------------------------------------------


def test_a_run_yields_its_result_and_leaves_its_folder(engine: LocalEngine) -> None:
    heard = Heard()
    (run,) = engine.run([job("print('plain words')", seed=3)], heard)

    assert run.status == "ran"
    assert run.result == {"metrics": {"accuracy": 0.903}, "model": {"parameters": 4810}}
    assert [type(event) for event in heard] == [Started, Progress, Progress, Finished]

    assert run.log is not None
    files = {path.name for path in run.log.parent.iterdir()}
    assert files == {"script.py", "log.jsonl", "stderr.txt", "result.json", "run.json"}
    lines = [json.loads(line) for line in run.log.read_text().splitlines()]
    assert [line["event"] for line in lines] == ["start", "print", "result"]
    record = json.loads((run.log.parent / "run.json").read_text())
    assert {"started", "seconds", "versions", "machine", "load", "exit", "threads"} <= set(record)


def test_a_program_is_told_its_device(engine: LocalEngine) -> None:
    says = "result['model']['device'] = options.device\n"
    runs = engine.run([job(says), job(says, device="cuda:1")])
    assert [run.result and run.result["model"] for run in runs] == [
        {"parameters": 4810, "device": "cpu"},
        {"parameters": 4810, "device": "cuda:1"},
    ]


def test_kept_results_are_not_run_again(engine: LocalEngine) -> None:
    heard = Heard()
    first = engine.run(seeds(3))
    second = engine.run(seeds(3), heard)

    assert statuses(second) == ["kept"] * 3
    assert [run.result for run in second] == [run.result for run in first]
    assert [type(event) for event in heard] == [Kept] * 3


def test_a_kept_result_costs_less_than_a_millisecond(engine: LocalEngine) -> None:
    made = job()
    engine.run([made])
    store = Store(engine.store.folder)
    best = min(seconds(lambda: store.get(store.key(made))) for _ in range(20))
    assert best < 1e-3


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def test_every_edit_that_can_change_a_number_runs_again(tmp_path: Path) -> None:
    store, data = Store(tmp_path), tmp_path / "points.csv"
    data.write_text("1,2")
    before = job(data=(data,))
    key = store.key(before)
    edits = [
        replace(before, text=before.text.replace("0.9", "0.8")),
        replace(before, seed=1),
        replace(before, versions={"python": "3", "torch": "2.14"}),
        replace(before, data=()),
        replace(before, device="cuda"),
    ]
    assert len({key, *map(store.key, edits)}) == 1 + len(edits)

    times = data.stat()
    data.write_text("1,3")
    os.utime(data, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a copy that keeps times does
    assert store.key(before) != key
    data.unlink()
    assert store.key(before) != key


def test_edits_that_cannot_change_a_number_do_not() -> None:
    program = "def step(rate):\n    total = rate * 2\n    return total\n"
    same = [
        "# Doc.\n\ndef step(rate):\n    'Twice.'\n    total = (rate * 2)\n    return total\n",
        program.replace("total", "twice"),
    ]
    others = [program.replace("2", "2.0"), program.replace("rate", "pace"), program + "step(1)\n"]
    assert {identity(text) for text in same} == {identity(program)}
    assert len({identity(text) for text in [program, *others]}) == 4
    # A swap of two parameters changes a call by name, though not one instruction of the body.
    assert identity("def f(a, b): return a - b") != identity("def f(b, a): return b - a")
    # A program that can look at its names, or that is none, counts by its characters.
    assert identity("x = locals()  # 1") != identity("x = locals()  # 2")
    assert identity("def") != identity("def ")


def test_a_large_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "points.bin"
    data.write_bytes(b"0" * 1000)
    monkeypatch.setattr("sailc.store.memo.RACY_NS", 0)  # or it is too new to be remembered
    time.sleep(0.01)
    store = Store(tmp_path)
    store.prepare()
    key = store.key(job(data=(data,)))
    store.flush()
    monkeypatch.setattr("sailc.store.memo.file_digest", None)
    assert Store(tmp_path).key(job(data=(data,))) == key


def test_versions_come_from_metadata_without_an_import() -> None:
    code = (
        "import sys; from sailc.store import versions; v = versions(['torch', 'nothing-here']);"
        "print(v['numpy'], v['nothing-here'], {'torch', 'numpy'} & set(sys.modules))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], env=env(), capture_output=True, text=True, check=True
    )
    assert out.stdout.split() == [versions([])["numpy"], "absent", "set()"]


# --- runs that go wrong --------------------------------------------------------------------


def outcome(engine: LocalEngine, body: str) -> tuple[Run, Diagnostic]:
    made = job(body)
    (run,) = engine.run([made])
    found = diagnose(made, run)
    assert found is not None
    return run, found


def test_a_crash_names_its_exception_and_its_line(engine: LocalEngine) -> None:
    run, found = outcome(engine, "raise ValueError('no points\\nnot one')")
    assert (run.status, run.exit, run.reason) == ("failed", 1, "ValueError: no points")
    assert run.line == FIRST_LINE
    assert run.error is not None
    assert 'File "script.py"' in run.error
    assert found.code == "E0801"
    assert "ValueError: no points" in found.message
    assert run.log is not None
    assert run.log.with_name("stderr.txt").exists()


def test_a_crash_in_compiled_code_names_its_line(engine: LocalEngine) -> None:
    run, found = outcome(engine, "import ctypes; ctypes.string_at(0)")
    assert (found.code, run.reason) == ("E0802", "killed by SIGSEGV")
    assert run.line == FIRST_LINE


def test_kill_9_of_a_child(engine: LocalEngine) -> None:
    run, found = outcome(engine, "os.kill(os.getpid(), 9)")
    assert (run.exit, run.reason) == (-9, "killed by SIGKILL")
    assert "memory" in found.help


def test_kill_9_of_a_childs_keeper(engine: LocalEngine) -> None:
    run, found = outcome(engine, "os.kill(os.getppid(), 9)\n" + HANG)
    assert run.status == "failed"
    assert run.seconds < 10
    assert found.code == "E0802"


def test_out_of_memory(engine: LocalEngine) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))\n"
    run, _ = outcome(engine, limit + "x = bytearray(1 << 30)")
    assert run.reason == "MemoryError"


def test_a_hang_ends_with_all_that_it_started(engine: LocalEngine) -> None:
    body = (
        "import subprocess, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "say(event='pid', pid=child.pid)\n"
    )
    heard, made = Heard(), job(body + HANG)
    (run,) = replace(engine, timeout=2.0).run([made], heard)
    assert run.status == "timed out"
    assert 2 < run.seconds < 20
    (pid,) = (e.message["pid"] for e in heard.of(Progress) if e.message["event"] == "pid")
    assert isinstance(pid, int)
    assert gone(pid)
    found = diagnose(made, run)
    assert found is not None
    assert found.code == "E0803"


def test_what_a_script_leaves_running_is_ended_with_it(engine: LocalEngine) -> None:
    body = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "result['metrics'] = {'pid': child.pid}"
    )
    (run,) = engine.run([job(body)])
    assert run.status == "ran"
    assert run.seconds < 10
    assert gone(metrics(run)["pid"])


def test_garbage_is_kept_apart_from_events(engine: LocalEngine) -> None:
    body = (
        "out = sys.stdout.buffer\n"
        "out.write(b'\\xff\\x00 {not json}\\n' + b'[' * 100000 + b'\\n{\"event\": 3}\\n')\n"
        "out.write(b'{\"event\":' + b'[' * 100000 + b'\\n' + b'x' * 5000000 + b'\\n')\n"
        "out.flush()\n"
        "sys.stderr.write('y' * 5000000)"
    )
    heard = Heard()
    (run,) = engine.run([job(body)], heard)
    assert run.status == "ran"
    assert [e.message["event"] for e in heard.of(Progress)] == ["start", "result"]
    assert run.log is not None
    assert all(json.loads(line)["event"] for line in run.log.read_text().splitlines())
    assert run.log.stat().st_size < 2_000_000


def test_no_result(engine: LocalEngine) -> None:
    assert outcome(engine, "sys.exit(0)")[1].code == "E0804"
    assert outcome(engine, "result = {'metrics': 3}")[1].code == "E0804"


def test_a_result_before_a_crash_does_not_count(engine: LocalEngine) -> None:
    (run,) = engine.run([job(text=job().text + "raise SystemExit(3)\n")])
    assert (run.status, run.reason) == ("failed", "exit code 3")


def test_a_failed_run_is_kept_as_a_row_and_tried_again(engine: LocalEngine, tmp_path: Path) -> None:
    made = job(f"if not os.path.exists({str(tmp_path / 'now')!r}): sys.exit('not yet')")
    (first,) = engine.run([made])
    kept = engine.store.get(first.key)
    assert isinstance(kept, Run)
    assert (kept.status, kept.reason) == ("failed", "not yet")
    (tmp_path / "now").touch()
    assert statuses(engine.run([made])) == ["ran"]
    assert statuses(engine.run([made])) == ["kept"]


def test_one_failure_does_not_touch_the_others(engine: LocalEngine) -> None:
    jobs = [*seeds(2), job("sys.exit(1)", scenario="b"), *seeds(2, scenario="c")]
    assert statuses(engine.run(jobs))[:3] == ["ran", "ran", "failed"]


def test_scripts_see_packages_and_no_surprises(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "surprise.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    body = (
        "import importlib.util as u\n"
        "result['metrics'] = {\n"
        "    'numpy': u.find_spec('numpy') is not None,\n"
        "    'surprise': u.find_spec('surprise') is not None,\n"
        "    'hash': hash('a'),\n"
        "    'threads': os.environ['OMP_NUM_THREADS'],\n"
        "}"
    )
    first, second = replace(engine, threads=2).run(seeds(2, body))
    assert metrics(first) == metrics(second)
    found = metrics(first)
    assert (found["numpy"], found["surprise"], found["threads"]) == (True, False, "2")


def metrics(run: Run) -> dict[str, Any]:
    assert run.result is not None
    found = run.result["metrics"]
    assert isinstance(found, dict)
    return found


# --- the store ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text"),
    [("result.json", '{"metrics": {"accuracy": 1.0}}'), ("run.json", '{"form'), ("run.json", "[]")],
)
def test_a_damaged_entry_is_run_again_and_said_so(
    engine: LocalEngine, file: str, text: str
) -> None:
    (first,) = engine.run([job()])
    assert first.log is not None
    first.log.with_name(file).write_text(text)
    heard = Heard()
    (again,) = engine.run([job()], heard)
    assert (again.status, again.result) == ("ran", first.result)
    assert [notice.diagnostic.code for notice in heard.of(Noticed)] == ["W0801"]
    assert statuses(engine.run([job()])) == ["kept"]


def test_a_missing_file_is_damage_too(engine: LocalEngine) -> None:
    (first,) = engine.run([job()])
    assert first.log is not None
    first.log.with_name("result.json").unlink()
    assert statuses(engine.run([job()])) == ["ran"]


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / ".sail").write_text("in the way")
    heard = Heard()
    runs = LocalEngine(Store(tmp_path)).run(seeds(3), heard)
    assert statuses(runs) == ["failed"] * 3
    assert [notice.diagnostic.code for notice in heard.of(Noticed)] == ["E0805"]


def test_a_disk_that_fills_up_costs_the_entry_and_not_the_result(
    engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sailc.store.store.write_through", full)
    heard = Heard()
    runs = engine.run(seeds(2), heard)
    assert statuses(runs) == ["ran", "ran"]
    assert [notice.diagnostic.code for notice in heard.of(Noticed)] == ["E0805"]


def test_scenarios_with_one_program_share_a_run(engine: LocalEngine) -> None:
    runs = engine.run([job(scenario="a"), job(scenario="b")])
    assert sorted(statuses(runs)) == ["kept", "ran"]
    assert [run.scenario for run in runs] == ["a", "b"]


# --- the queue ------------------------------------------------------------------------------


def test_every_scenario_has_a_result_early() -> None:
    jobs = [*seeds(3), *seeds(2, scenario="b"), *seeds(1, scenario="c")]
    begun = [(jobs[i].scenario, jobs[i].seed) for i in interleaved(jobs)]
    assert begun == [("a", 0), ("b", 0), ("c", 0), ("a", 1), ("b", 1), ("a", 2)]


def test_what_the_budget_does_not_hold_is_not_begun(engine: LocalEngine) -> None:
    jobs = seeds(4, "time.sleep(0.5)")
    runs = replace(engine, budget=0.7, workers=1).run(jobs)
    assert (runs[0].status, runs[3].status) == ("ran", "not run: budget")
    again = replace(engine, budget=0.0).run(jobs)
    assert (again[0].status, again[3].status) == ("kept", "not run: budget")  # kept costs nothing


def test_what_would_not_end_within_the_budget_is_not_begun(engine: LocalEngine) -> None:
    long, short = (f"time.sleep({s})" for s in (0.6, 0.0))
    jobs = [*seeds(2, long, "a"), *seeds(2, short, "b")]
    ran = engine.run([jobs[0], jobs[2]])  # what each scenario takes is known from here on
    left = ran[0].seconds * 0.9
    runs = replace(engine, budget=left, workers=1).run(jobs)
    assert statuses(runs) == ["kept", "not run: budget", "kept", "ran"]


def test_a_listener_that_raises_leaves_nothing_running(engine: LocalEngine) -> None:
    pids: list[Any] = []

    def listen(event: Event) -> None:
        if isinstance(event, Progress) and event.message["event"] == "pid":
            pids.append(event.message["pid"])
            raise RuntimeError("no screen")

    with pytest.raises(RuntimeError, match="no screen"):
        engine.run([job(SAYS_PID + HANG)], listen)
    assert gone(pids[0])
    assert list(engine.store.running.iterdir()) == []


RUNNER = """
import sys
from pathlib import Path
from sailc.engines import Finished, Kept, LocalEngine, Progress
from sailc.store import Job, Store
text = Path(sys.argv[2]).read_text()
jobs = [Job("a", "A", text, s, (), {}, "torch", "p.sail") for s in range(int(sys.argv[3]))]
def listen(event):
    match event:
        case Progress(message={"event": "pid", "pid": pid}): print("pid", pid, flush=True)
        case Finished(run=run) | Kept(run=run): print(run.status, flush=True)
runs = LocalEngine(Store(Path(sys.argv[1])), workers=1, grace=20.0).run(jobs, listen)
print("end", *[run.status for run in runs], sep=",", flush=True)
"""


def env() -> Mapping[str, str]:
    return dict(os.environ) | {"PYTHONPATH": str(Path(sailc.__file__).parents[1])}


def runner(folder: Path, body: str, count: int) -> subprocess.Popen[str]:
    """A process of its own that runs `count` seeds, one after the other."""
    program = folder / "program.py"
    program.write_text(GOOD + body + RESULT)
    command = [sys.executable, "-c", RUNNER, str(folder), str(program), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env())


def pids_said(process: subprocess.Popen[str], count: int) -> list[int]:
    assert process.stdout is not None
    pids: list[int] = []
    while len(pids) < count:
        line = process.stdout.readline()
        assert line
        if line.startswith("pid"):
            pids.append(int(line.split()[1]))
    return pids


def gone(pid: int) -> bool:
    """Whether a process ends within five seconds; a zombie has ended."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


TWO_AND_THEN_SLOW = SAYS_PID + "if options.seed >= 2: " + HANG


def test_kill_9_of_the_runner_ends_its_scripts_and_loses_nothing(tmp_path: Path) -> None:
    first = runner(tmp_path, TWO_AND_THEN_SLOW, 4)
    running = pids_said(first, 3)[-1]
    first.kill()
    first.communicate()
    assert gone(running)

    text = (tmp_path / "program.py").read_text()
    jobs = [job(seed=seed, text=text, versions={}) for seed in range(4)]
    engine = LocalEngine(Store(tmp_path), timeout=0.3, grace=0.2)
    assert statuses(engine.run(jobs)) == ["kept", "kept", "timed out", "timed out"]
    assert list(engine.store.running.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_returns_what_finished(tmp_path: Path, number: signal.Signals) -> None:
    process = runner(tmp_path, TWO_AND_THEN_SLOW, 4)
    running = pids_said(process, 3)[-1]
    process.send_signal(number)
    assert "end,ran,ran,cancelled,cancelled" in process.communicate(timeout=10)[0]
    assert process.returncode == 0
    assert gone(running)


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    stubborn = "import signal; signal.signal(15, signal.SIG_IGN)\n"
    process = runner(tmp_path, stubborn + SAYS_PID + HANG, 1)
    pids_said(process, 1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert "end,cancelled" in process.communicate(timeout=10)[0]
    assert time.monotonic() - began < 10  # the grace is 20


def test_two_runners_share_the_work(tmp_path: Path) -> None:
    both = [runner(tmp_path, "time.sleep(0.2)", 6) for _ in range(2)]
    ends = [process.communicate(timeout=30)[0].splitlines()[-1].split(",")[1:] for process in both]
    assert all(set(end) <= {"ran", "kept"} for end in ends)
    assert sum(end.count("ran") for end in ends) == 6  # each cell once, by one of the two


# --- statistics ------------------------------------------------------------------------------

numbers = st.floats(-1e9, 1e9)


@given(st.lists(numbers, min_size=2, max_size=30), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_interval_is_scipys(values: list[float], level: float) -> None:
    ours, scale = summarize(values, level), max(1.0, *map(abs, values))
    assert ours.mean == pytest.approx(stats.tmean(values), abs=1e-9 * scale)
    assert ours.std == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-7 * scale)
    if ours.std > 1e-6 * scale:
        theirs = stats.t.interval(level, len(values) - 1, ours.mean, stats.sem(values))
        assert ours.bounds == pytest.approx(theirs, rel=1e-6, abs=1e-6 * scale)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 10, 31, 100, 999])
@pytest.mark.parametrize("level", [0.1, 0.5, 0.9, 0.95, 0.999])
def test_the_quantile_is_scipys(freedom: int, level: float) -> None:
    theirs = stats.t.ppf((1 + level) / 2, freedom)
    assert two_sided(level, freedom) == pytest.approx(theirs, rel=1e-9)


def test_summaries_at_the_edges() -> None:
    one = summarize([0.5])
    assert (one.n, one.mean, one.std, one.low, one.method) == (1, 0.5, 0.0, None, "none: one seed")
    same = summarize([0.1] * 3)
    assert (same.mean, same.std, same.low, same.high) == (0.1, 0.0, 0.1, 0.1)
    bad = summarize([0.5, math.nan, math.inf])
    assert (bad.n, bad.undefined, bad.low) == (3, 2, None)
    assert math.isnan(bad.mean)
    assert summarize([1e308, 1e308]).mean == 1e308
    assert summarize([1.0, 2.0, 4.0]).method == "Student t over 3 seeds, 95%"


# --- rankings --------------------------------------------------------------------------------


def row(name: str, **metrics: list[float]) -> Row:
    return Row(name, name.upper(), {m: summarize(values) for m, values in metrics.items()})


def places(ranked: list[Ranked]) -> list[tuple[str, int | None]]:
    return [(r.row.scenario, r.rank) for r in ranked]


ACCURACY, TIME = Key("accuracy", True), Key("time", False)


def test_overlaps_on_the_first_key_are_decided_by_the_next() -> None:
    ranked = order(
        [
            row("slow", accuracy=[0.90, 0.92, 0.94], time=[9.0, 9.1, 9.2]),
            row("fast", accuracy=[0.89, 0.91, 0.93], time=[1.0, 1.1, 1.2]),
            row("poor", accuracy=[0.10, 0.11, 0.12], time=[0.1, 0.1, 0.1]),
            row("diverged", accuracy=[0.9, math.nan], time=[1.0, 1.0]),
            replace(row("broken"), failed="ValueError: no points"),
        ],
        [ACCURACY, TIME],
    )
    assert places(ranked) == [
        ("fast", 1),
        ("slow", 2),
        ("poor", 3),
        ("broken", None),
        ("diverged", None),
    ]
    assert [r.reason for r in ranked[3:]] == [
        "ValueError: no points",
        "accuracy is not a number in 1 of 2 runs",
    ]


def test_what_no_key_tells_apart_has_equal_ranks() -> None:
    rows = [row(name, accuracy=[0.9, 0.91 + k / 1000]) for k, name in enumerate("abc")]
    ranked = order([*rows, row("d", accuracy=[0.1, 0.1])], [ACCURACY])
    assert places(ranked) == [("c", 1), ("b", 1), ("a", 1), ("d", 4)]
    assert [r.tied for r in ranked] == [True, True, True, False]
    assert ranked[0].reason == "tied with B and A: the intervals overlap"


def test_overlap_is_not_transitive_and_the_order_is() -> None:
    middles = {"a": 30, "b": 15, "c": 0}
    a, b, c = (row(name, accuracy=[x - 1, x + 1]) for name, x in middles.items())
    assert b.metrics["accuracy"].bounds == pytest.approx((2.3, 27.7), abs=0.1)
    assert places(order([b, c, a], [ACCURACY])) == [("a", 1), ("b", 1), ("c", 3)]


def test_a_score_is_computed_seed_by_seed() -> None:
    rows = [row("a", rate=[100.0, 1000.0]), row("b", rate=[1.0, 1.0]), row("c", rate=[0.0, 1.0])]

    def decades(r: Row) -> Any:
        return r.each(lambda at: math.log10(at["rate"]))

    ranked = score(rows, decades, higher=True)
    assert decades(rows[0]).values == (2.0, 3.0)
    assert places(ranked) == [("a", 1), ("b", 1), ("c", None)]
    assert ranked[0].row is rows[0]


def test_preferences_that_go_in_a_circle_are_said() -> None:
    rows = [row(name) for name in "abcde"]
    wins = {("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "a")}
    ranked = prefer(rows, lambda x, y: (x.scenario, y.scenario) in wins)
    assert places(ranked) == [("e", 1), ("a", 2), ("b", 2), ("c", 2), ("d", 5)]
    assert ranked[1].tied
    assert ranked[1].reason == "preferred in a circle: A, B and C"


KEYS = [ACCURACY, TIME]
samples = st.lists(st.integers(-100, 100).map(lambda x: x / 10), min_size=1, max_size=4)
tables = st.lists(st.tuples(samples, samples), min_size=1, max_size=8).map(
    lambda pairs: [row(f"s{k}", accuracy=a, time=t) for k, (a, t) in enumerate(pairs)]
)


def beats(a: Row, b: Row, key: Key) -> bool:
    (low, high), (low_b, high_b) = a.metrics[key.metric].bounds, b.metrics[key.metric].bounds
    return low > high_b if key.higher else high < low_b


Ranking = Callable[[list[Row]], list[Ranked]]
RANKINGS: dict[str, Ranking] = {
    "order": lambda rows: order(rows, KEYS),
    "pareto": lambda rows: pareto(rows, KEYS),
    "prefer": lambda rows: prefer(rows, lambda a, b: beats(a, b, ACCURACY), ["accuracy"]),
    "score": lambda rows: score(rows, lambda r: r.metrics["accuracy"], higher=True),
}
each_ranking = pytest.mark.parametrize("ranking", RANKINGS.values(), ids=RANKINGS)


@each_ranking
@given(rows=tables, random=st.randoms())
def test_every_ranking_shows_all_rows_whatever_their_order(
    ranking: Ranking, rows: list[Row], random: Random
) -> None:
    ranked, shuffled = ranking(rows), rows[:]
    random.shuffle(shuffled)
    assert places(ranking(shuffled)) == places(ranked)
    assert sorted(r.row.scenario for r in ranked) == sorted(r.scenario for r in rows)
    ranks = [r.rank or 0 for r in ranked]
    assert ranks[0] == 1
    assert all(rank in (ranks[k - 1], k + 1) for k, rank in enumerate(ranks) if k)
    assert [r.tied for r in ranked] == [ranks.count(rank) > 1 for rank in ranks]


@each_ranking
@given(rows=tables)
def test_the_dominated_never_stand_above(ranking: Ranking, rows: list[Row]) -> None:
    ranked = ranking(rows)
    for k, below in enumerate(ranked):
        for above in ranked[:k]:
            assert not all(beats(below.row, above.row, key) for key in KEYS)


@given(tables)
def test_the_better_are_above_and_ties_overlap(rows: list[Row]) -> None:
    ranked = order(rows, [ACCURACY])
    for a in ranked:
        for b in ranked:
            assert a.rank is not None
            assert b.rank is not None
            assert a.rank < b.rank or not beats(a.row, b.row, ACCURACY)


@given(tables)
def test_the_front_is_what_nothing_dominates(rows: list[Row]) -> None:
    front = {r.row.scenario for r in pareto(rows, KEYS) if r.rank == 1}
    assert front
    assert front == {
        b.scenario for b in rows if not any(all(beats(a, b, k) for k in KEYS) for a in rows)
    }


# --- tables ----------------------------------------------------------------------------------


def test_every_planned_cell_is_in_the_table() -> None:
    good = {"metrics": {"accuracy": 0.9, "curve": [1, 2]}}
    runs = [
        Run("k", "a", 0, "kept", result=good),
        Run("k", "a", 1, "failed", exit=1, error="ValueError: bad"),
        Run("k", "b", 0, "timed out"),
        Run("k", "b", 1, "not run: budget"),
    ]
    rows = table(runs, {"a": "A", "b": "B", "c": "C"}, seeds=[0, 1])
    assert [(r.label, r.failed) for r in rows] == [("A", ""), ("B", "timed out"), ("C", "not run")]
    assert [(c.seed, c.status, c.reason) for c in rows[0].cells] == [
        (0, "kept", ""),
        (1, "failed", "ValueError: bad"),
    ]
    assert rows[0].metrics["accuracy"].n == 1
    assert rows[0].metrics["curve"].values == (2.0,)  # a curve counts by its last value
    assert rows[0].curves == {"curve": ((1.0, 2.0),)}


def test_every_diagnostic_of_runs_has_a_page_with_its_message() -> None:
    mine = [cls for cls in REGISTRY.values() if cls.__module__ == "sailc.diagnostics.runs"]
    assert len(mine) == 8
    assert all("```text" in (cls.__doc__ or "") and cls.title for cls in mine)
