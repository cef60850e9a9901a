"""The file of what is under way: jobs and their events, and beside them the checkpoints of LangGraph.

It is apart from the library, which waits for the disk and for whoever adds a book, and has nothing that lasts: an
answer is kept in the library, the items of a set in a file of their own. A row of a job has a checksum over all of it
but its number.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

from catena.files.disk_reserve import is_full
from catena.library.checksums import digest_of
from catena.library.lost_found import set_database_aside
from catena.library.sqlite_store import SqliteStore

STORE = "checkpoints.db"
"""Its name in the library's folder; the first version kept checkpoints alone."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, kind TEXT, payload TEXT, "
    "state TEXT, is_cancelled INTEGER, progress TEXT, result TEXT, error TEXT, num_attempts INTEGER, "
    "created_at REAL, finished_at REAL, checksum INTEGER)",
    "CREATE UNIQUE INDEX IF NOT EXISTS jobs_by_name ON jobs (name) WHERE name != ''",
    "CREATE TABLE IF NOT EXISTS events (job INTEGER, number INTEGER, kind TEXT, message TEXT, data TEXT, "
    "checksum INTEGER, PRIMARY KEY (job, number)) WITHOUT ROWID",
)
_log = logging.getLogger(__name__)


class JobStore(SqliteStore):
    """The file; one that cannot be opened is set aside, and what was under way begins anew."""

    tables: ClassVar[Sequence[str]] = _TABLES
    synchronous = "NORMAL"

    @cached_property
    def connection(self) -> sqlite3.Connection:
        try:
            return self._opened()
        except sqlite3.DatabaseError as error:
            if self.path is None or not _is_damage(error) or is_full(self.path.parent):
                raise
            self.set_aside(error)
            return self._opened()

    def set_aside(self, reason: object) -> None:
        """To be called with `lock` held."""
        assert self.path is not None, "there is a file"
        self._drop()
        set_database_aside(self.path.parent, self.path.name)
        _log.warning(
            "%s was damaged (%s) and put into lost+found; unfinished runs begin anew.", self.path, reason
        )


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return not isinstance(error, sqlite3.OperationalError) or "malformed" in str(error) or "i/o" in str(error)


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
