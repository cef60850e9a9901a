"""Work that outlives the command that asked for it: one table of jobs, taken by one worker process.

A job is claimed with a lease that its worker renews; the job of a worker that died is taken over when the lease
has run out. So a job may be begun more than once, and every kind of job must bear that.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, Row, or_, select

from catena.library.database import Database, insert
from catena.library.schema import jobs
from catena.worker_start import ensure_worker

if TYPE_CHECKING:
    from catena.library.library import Library
    from catena.settings import Settings

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
Json = Mapping[str, Any]

LEASE_SECONDS = 30.0
MAX_ATTEMPTS = 3
KEPT_SECONDS = 30 * 86400  # ended jobs older than this are forgotten


@dataclass(frozen=True, slots=True)
class Job:
    """`error` has `message` and `remedy` once the state is failed."""

    id: int
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


class Jobs:
    """The table; safe for several threads and processes. An unknown id raises KeyError."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def enqueue(self, kind: str, payload: Json | None = None) -> Job:
        """Put a job in the queue; one of the same kind and payload that still waits is not put twice."""
        given = _dump(payload or {})
        with self._database.write() as connection:
            same = (jobs.c.kind == kind) & (jobs.c.payload == given) & (jobs.c.state == "queued")
            there = connection.execute(select(jobs).where(same)).first()
            if there is not None:
                return _job_of(there)
            old = jobs.c.finished_at.between(1.0, self._clock() - KEPT_SECONDS)
            connection.execute(jobs.delete().where(old))
            key = insert(connection, jobs, _new(kind, given, self._clock()))
            return _job_of(_row(connection, key))

    def claim(self, owner: str) -> Job | None:
        """Take the oldest job that waits or whose worker died; give up one that killed its workers.

        A lease that ends further on than any lease lasts was given before the clock was set back.
        """
        now = self._clock()
        is_past = (jobs.c.lease_until < now) | (jobs.c.lease_until > now + 2 * LEASE_SECONDS)
        lost = (jobs.c.state == "running") & is_past
        query = select(jobs).where(or_(jobs.c.state == "queued", lost)).order_by(jobs.c.id).limit(1)
        with self._database.write() as connection:
            while (row := connection.execute(query).first()) is not None:
                if row.is_cancelled:
                    _end(connection, row.id, now, state="cancelled")
                elif row.num_attempts >= MAX_ATTEMPTS:
                    message = f"The worker died {row.num_attempts} times at this job."
                    _end(connection, row.id, now, state="failed", error=_dump({"message": message}))
                else:
                    values = {
                        "state": "running",
                        "owner": owner,
                        "lease_until": now + LEASE_SECONDS,
                        "num_attempts": row.num_attempts + 1,
                    }
                    connection.execute(jobs.update().where(jobs.c.id == row.id), values)
                    return _job_of(_row(connection, row.id))
        return None

    def renew(self, job_id: int, owner: str, progress: Json | None = None) -> bool:
        """Renew the lease and note the progress; False when the job was cancelled or taken by another."""
        values: dict[str, Any] = {"lease_until": self._clock() + LEASE_SECONDS}
        if progress is not None:
            values["progress"] = _dump(progress)
        with self._database.write() as connection:
            mine = _mine(job_id, owner) & (jobs.c.is_cancelled == 0)
            return connection.execute(jobs.update().where(mine), values).rowcount == 1

    def finish(self, job_id: int, owner: str, result: Json | None = None) -> bool:
        """End a job with a result; False when it was not this owner's any more."""
        return self._end_mine(job_id, owner, state="done", result=_dump(result or {}))

    def fail(self, job_id: int, owner: str, message: str, remedy: str = "") -> bool:
        return self._end_mine(
            job_id, owner, state="failed", error=_dump({"message": message, "remedy": remedy})
        )

    def give_back(self, job_id: int, owner: str) -> bool:
        """Leave a job: cancelled if that was asked for, else to the next worker."""
        with self._database.write() as connection:
            row = connection.execute(select(jobs).where(_mine(job_id, owner))).first()
            if row is None:
                return False
            if row.is_cancelled:
                _end(connection, job_id, self._clock(), state="cancelled")
            else:
                values = {"state": "queued", "num_attempts": row.num_attempts - 1}
                connection.execute(jobs.update().where(jobs.c.id == job_id), values)
            return True

    def take_back(self, owners: str) -> int:
        """Put running jobs of owners with this prefix, who are known to be dead, back into the queue."""
        with self._database.write() as connection:
            dead = (jobs.c.state == "running") & jobs.c.owner.startswith(owners, autoescape=True)
            return int(connection.execute(jobs.update().where(dead), {"state": "queued"}).rowcount)

    def cancel(self, job_id: int) -> Job:
        """Cancel a job: at once while it waits, at its next step while it runs; one that is over stays so."""
        with self._database.write() as connection:
            job = _job_of(_row(connection, job_id))
            if job.state == "queued":
                _end(connection, job_id, self._clock(), state="cancelled", is_cancelled=1)
            elif job.state == "running":
                connection.execute(jobs.update().where(jobs.c.id == job_id), {"is_cancelled": 1})
            return _job_of(_row(connection, job_id))

    def job(self, job_id: int) -> Job:
        with self._database.read() as connection:
            return _job_of(_row(connection, job_id))

    def list(self, *, kind: str | None = None, limit: int = 100) -> list[Job]:
        """List the last jobs, newest first."""
        query = select(jobs).order_by(jobs.c.id.desc()).limit(limit)
        if kind is not None:
            query = query.where(jobs.c.kind == kind)
        with self._database.read() as connection:
            return [_job_of(row) for row in connection.execute(query)]

    def has_work(self) -> bool:
        """Tell whether a job waits."""
        query = select(jobs.c.id).where(jobs.c.state == "queued").limit(1)
        with self._database.read() as connection:
            return connection.execute(query).first() is not None

    def _end_mine(self, job_id: int, owner: str, **values: Any) -> bool:
        with self._database.write() as connection:
            if connection.execute(select(jobs.c.id).where(_mine(job_id, owner))).first() is None:
                return False
            _end(connection, job_id, self._clock(), **values)
            return True


def enqueue_fill(library: Library, settings: Settings) -> Job:
    """Have the vectors that are missing made behind everybody's back."""
    job = Jobs(library.database).enqueue("fill")
    ensure_worker(settings.home)
    return job


def _mine(job_id: int, owner: str) -> Any:
    return (jobs.c.id == job_id) & (jobs.c.owner == owner) & (jobs.c.state == "running")


def _end(connection: Connection, job_id: int, now: float, **values: Any) -> None:
    connection.execute(jobs.update().where(jobs.c.id == job_id), values | {"finished_at": now})


def _new(kind: str, payload: str, now: float) -> dict[str, Any]:
    return {
        "kind": kind,
        "payload": payload,
        "state": "queued",
        "is_cancelled": 0,
        "progress": "{}",
        "result": "{}",
        "error": "{}",
        "owner": "",
        "lease_until": 0.0,
        "num_attempts": 0,
        "created_at": now,
        "finished_at": 0.0,
    }


def _row(connection: Connection, job_id: int) -> Row[Any]:
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    if row is None:
        raise KeyError(job_id)
    return row


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _job_of(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        payload=json.loads(row.payload),
        state=row.state,
        is_cancelled=bool(row.is_cancelled),
        progress=json.loads(row.progress),
        result=json.loads(row.result),
        error=json.loads(row.error),
        num_attempts=row.num_attempts,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
