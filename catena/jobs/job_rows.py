"""Rows of jobs as they lie in the file: each with a checksum over all of it but its number."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from catena.library.checksums import digest_of

JobState = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
Json = Mapping[str, Any]
COLUMNS = (
    "id, name, kind, payload, state, is_cancelled, "
    "progress, result, error, num_attempts, created_at, finished_at"
)
SELECT = f"SELECT {COLUMNS}, checksum FROM jobs"


@dataclass(frozen=True, slots=True)
class Job:
    """`error` has `message` and `remedy` once the state is failed; one with a `name` has a process of its own."""

    id: int
    name: str
    kind: str
    payload: Json
    state: JobState
    is_cancelled: bool
    progress: Json
    result: Json
    error: Json
    num_attempts: int
    created_at: float
    finished_at: float

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


def dump(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def row_of(job: Job) -> tuple[Any, ...]:
    """The values of a job without its number, as SQLite gives them back."""
    return (
        *(job.name, job.kind, dump(job.payload), job.state, int(job.is_cancelled)),
        *map(dump, (job.progress, job.result, job.error)),
        *(job.num_attempts, float(job.created_at), float(job.finished_at)),
    )


def is_sound(row: Sequence[Any]) -> bool:
    """Tell whether a row of `SELECT` is as it was written."""
    return bool(row[-1] == digest_of(row[1:-1]))


def job_of(row: Sequence[Any]) -> Job:
    """The job of a row of `SELECT`."""
    number, name, kind, payload, state, is_cancelled, progress, result, error, *rest, _ = row
    told = map(json.loads, (progress, result, error))
    return Job(number, name, kind, json.loads(payload), state, bool(is_cancelled), *told, *rest)


def title_of(row: Sequence[Any]) -> str:
    return str(row[1] or row[0])[:12]
