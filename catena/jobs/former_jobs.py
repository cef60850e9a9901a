"""Work of an older version becomes jobs: each question had a file (`runs/RUN.jsonl`), `library.db` the queue."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from xxhash import xxh3_64_intdigest

from catena.events import Event
from catena.files.sqlite_files import connect
from catena.health import Problem
from catena.jobs.job_queue import Jobs
from catena.jobs.worker_start import is_held
from catena.library.lost_found import set_aside

_CHECKED = re.compile(rb'(.*), "check": "([0-9a-f]{16})"\}', re.DOTALL)
_SUFFIXES = (".lock", ".cancel", ".jsonl")


def adopt_runs(folder: Path, jobs: Jobs) -> None:
    """Take over what no process works on, and delete its files; a file that cannot be read stays where it is."""
    if not os.access(folder, os.W_OK):
        return
    for path in sorted(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime):
        lines = [] if is_held(path.with_suffix(".lock")) else sound_lines(path.read_bytes())
        if not lines:
            continue
        if not jobs.has(path.stem):
            asked, *told = map(json.loads, lines)
            events = [Event(one["kind"], one["message"], one["data"]) for one in told]
            jobs.begin(path.stem, "question", asked, at=asked["asked_at"], events=events)
        for suffix in _SUFFIXES:
            path.with_suffix(suffix).unlink(missing_ok=True)


def check_runs(home: Path, *, repair: bool) -> list[Problem]:
    """Name the files that could not be taken over; with `repair`, they are set aside."""
    left = sorted((home / "runs").glob("*.jsonl"))
    left = [path for path in left if not is_held(path.with_suffix(".lock"))]
    if not repair:
        return [Problem("run", f"{path} is damaged.", can_repair=True) for path in left]
    for path in left:
        set_aside(home, path)
    return []


def sound_lines(data: bytes) -> list[bytes]:
    """The lines up to the first that is not as it was written, without their checksums; the oldest files have none."""
    lines, sound = data.split(b"\n")[:-1], list[bytes]()
    is_older = not any(map(_CHECKED.fullmatch, lines))
    for line in lines:
        found = _CHECKED.fullmatch(line)
        if found and int(found[2], 16) == xxh3_64_intdigest(found[1] + b"}"):
            sound.append(found[1] + b"}")
        elif is_older:
            sound.append(line)
        else:
            break
    return sound


def adopt_queue(home: Path, jobs: Jobs) -> None:
    """Take over what waits in the library's own table, which goes with that."""
    if not (home / "library.db").exists():
        return
    # Most libraries have no such table, which is one of these errors.
    with suppress(sqlite3.DatabaseError), closing(connect(home / "library.db", seconds=60.0)) as library:
        query = "SELECT kind, payload FROM jobs WHERE state IN ('queued', 'running') ORDER BY id"
        for kind, payload in library.execute(query).fetchall():
            jobs.enqueue(kind, json.loads(payload))
        with library:
            library.execute("DROP TABLE jobs")
