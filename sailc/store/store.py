"""The store: `<folder>/.sail/results/<key>/`, one folder for each cell that was run.

    script.py  log.jsonl  stderr.txt  result.json  run.json

A cell is run in `.sail/running/<key>` and becomes visible by one rename of that folder, with
`run.json`, which holds the checksum of `result.json`, inside. So an entry is whole or not there,
whenever its writer died; one that was damaged later is found out by the checksum.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sailc.store.atomic import sync_folder, write_through
from sailc.store.claim import Claim, claim
from sailc.store.memo import Memo
from sailc.store.run import Job, Run

FORMAT = "sail run 1"


class Damaged(Struct, frozen=True):
    """An entry that is there and cannot be trusted, and why."""

    key: str
    reason: str


class Store:
    """Results of the workspace `folder`, in its folder `.sail`. Reading never writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        kept = self.folder / ".sail"
        self.results, self.running = kept / "results", kept / "running"
        self._memo = Memo(kept / "memo.json")

    def key(self, job: Job) -> str:
        """The hash of all that can change a number of this run."""
        data = [self._memo.file(self.folder / path) for path in job.data]
        packages = sorted(job.versions.items())
        facts: list[object] = [FORMAT, self._memo.program(job.text), data, job.seed, packages]
        facts += [job.device] if job.device != "cpu" else []
        facts += [job.watch.after, job.watch.text] if job.watch is not None else []
        return sha256(json.dumps(facts).encode()).hexdigest()

    def get(self, key: str) -> Run | Damaged | None:
        """What is kept under a key: a run (`kept`, or `failed` as it was), if there is any."""
        folder = self.results / key
        try:
            record = (folder / "run.json").read_bytes()
            result = (folder / "result.json").read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            missing = Path(error.filename).name
            return Damaged(key, f"{missing} is missing") if folder.is_dir() else None
        except OSError as error:
            return Damaged(key, error.strerror or str(error))
        return _read(key, record, result, folder / "log.jsonl")

    def taken(self) -> dict[str, list[float]]:
        """Seconds that the runs took whose results are kept, by scenario."""
        found: dict[str, list[float]] = {}
        for path in sorted(self.results.glob("*/run.json")):
            try:
                record: Any = json.loads(path.read_bytes())
                if record["format"] == FORMAT and record["status"] == "ran":
                    found.setdefault(record["scenario"], []).append(float(record["seconds"]))
            except (OSError, ValueError, KeyError, TypeError, RecursionError):
                continue  # a damaged entry is said where it is wanted
        return found

    def prepare(self) -> None:
        """Make the folders, and drop what dead runners left. Raises `OSError`."""
        for folder in (self.results, self.running):
            folder.mkdir(parents=True, exist_ok=True)
        ignore = self.folder / ".sail" / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        for key in {entry.name.partition(".")[0] for entry in self.running.iterdir()}:
            if left := self.claim(key):
                left.release()

    def claim(self, key: str) -> Claim | None:
        """The right to run a cell; `None` while another runner has it. Raises `OSError`."""
        held = claim(self.running, key)
        if held:
            shutil.rmtree(self._old(key), ignore_errors=True)
        return held

    def put(self, held: Claim, run: Run, facts: Mapping[str, object]) -> Run:
        """Keep a run, with its folder and further facts about it. Raises `OSError`."""
        result = json.dumps(run.result).encode()
        record = dict(facts) | _record(run, result)
        write_through(held.folder / "result.json", result)
        write_through(held.folder / "run.json", json.dumps(record, indent=1).encode())
        sync_folder(held.folder)
        self._replace(held)
        return replace(run, log=self.results / run.key / "log.jsonl")

    def flush(self) -> None:
        """Remember the checksums that were computed."""
        self._memo.flush()

    def _replace(self, held: Claim) -> None:
        entry, old = self.results / held.key, self._old(held.key)
        if entry.exists():
            entry.rename(old)
        held.folder.rename(entry)
        sync_folder(self.results)
        shutil.rmtree(old, ignore_errors=True)

    def _old(self, key: str) -> Path:
        return self.running / f"{key}.old"


def _record(run: Run, result: bytes) -> dict[str, object]:
    return {
        "format": FORMAT,
        "key": run.key,
        "scenario": run.scenario,
        "seed": run.seed,
        "status": run.status,
        "exit": run.exit,
        "line": run.line,
        "error": run.error,
        "seconds": run.seconds,
        "sha256": sha256(result).hexdigest(),
    }


def _read(key: str, text: bytes, result: bytes, log: Path) -> Run | Damaged:
    try:
        record: Any = json.loads(text)
        if record["format"] != FORMAT or record["key"] != key:
            return Damaged(key, "run.json is of another run or another version of sailc")
        if record["sha256"] != sha256(result).hexdigest():
            return Damaged(key, "result.json has changed")
        return _run(record, json.loads(result), log)
    except (ValueError, KeyError, TypeError, RecursionError):
        return Damaged(key, "run.json cannot be read")


def _run(record: Mapping[str, Any], result: Any, log: Path) -> Run:
    return Run(
        key=record["key"],
        scenario=record["scenario"],
        seed=record["seed"],
        status="kept" if record["status"] == "ran" else record["status"],
        result=result,
        error=record["error"],
        seconds=record["seconds"],
        log=log,
        exit=record["exit"],
        line=record["line"],
    )
