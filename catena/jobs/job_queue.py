"""Jobs: work that outlives whoever asked for it, of kinds that have a name (`catena.job_handlers`).

A job with a name has a process of its own, which holds `jobs/NAME.lock`; the others wait for the one worker of their
library, which holds `worker.lock`. The kernel frees the lock of a process that dies, whatever the clock says: a job
that is under way and held by nobody was interrupted. So it may be begun more than once, which every kind must bear.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from catena.errors import LibraryCorrupt, LibraryError, RunBusy
from catena.events import Event
from catena.files.atomic_files import make_folder
from catena.files.file_lock import FileLock
from catena.health import Problem
from catena.jobs.job_store import (
    COLUMNS,
    SELECT,
    STORE,
    Job,
    JobState,
    JobStore,
    Json,
    dump,
    is_sound,
    job_of,
    row_of,
    title_of,
)
from catena.jobs.worker_start import LOCK_NAME, ensure_worker, is_held, own_lock, start_process
from catena.library.checksums import digest_of

MAX_ATTEMPTS = 3
KEPT_SECONDS = 30 * 86400  # ended jobs of the worker that are older than this are forgotten
START_SECONDS = 10.0
"""A job that was put so short a time ago may not have its process yet."""
POLL_SECONDS = 0.2
_TURNS: Mapping[str, JobState] = {
    "answer": "done",
    "failed": "failed",
    "cancelled": "cancelled",
    "resumed": "queued",
}
"""The events that change a job's state."""
_CANCELLED = Event("cancelled", "Cancelled")
_UNDER_WAY = "state IN ('queued', 'running')"


class Jobs:
    """The jobs of one library; safe for several threads and processes. An unknown id raises KeyError."""

    def __init__(self, store: JobStore, *, clock: Callable[[], float] = time.time) -> None:
        assert store.path is not None, "what outlives its process is in a file"
        self.home = store.path.parent
        self.store = store
        self._clock = clock

    # Beginning

    def enqueue(self, kind: str, payload: Json | None = None) -> Job:
        """Put a job in the worker's queue; one of the same kind and payload that still waits is not put twice."""
        same = "name = '' AND kind = ? AND payload = ? AND state = 'queued'"
        with self.store.writing(is_durable=True) as connection:
            waiting = self._select(same, kind, dump(payload or {}))
            if waiting:
                return waiting[0]
            old = "SELECT id FROM jobs WHERE name = '' AND finished_at BETWEEN 1 AND ?"
            self._delete(connection, self._rows(old, self._clock() - KEPT_SECONDS))
            return self._put(connection, "", kind, payload or {}, self._clock())

    def begin(
        self, name: str, kind: str, payload: Json, *, at: float | None = None, events: Iterable[Event] = ()
    ) -> Job:
        """Put a job of a process of its own, which is to come, with the events so far."""
        with self.store.writing() as connection:
            self._delete(connection, self._rows("SELECT id FROM jobs WHERE name = ?", name))
            job = self._put(connection, name, kind, payload, self._clock() if at is None else at)
            for event in events:
                job = self._told(connection, job, event)
            return job

    def start(self, name: str, keys: Mapping[str, str]) -> None:
        """Start the process of a job; `keys` are variables for its environment alone. Raises what `holding` does."""
        if not start_process(self.home, name, keys):
            raise taken(name)

    @contextmanager
    def holding(self, name: str) -> Iterator[None]:
        """Hold the lock of a name while its job is worked on here. Raises OptionError when another process does."""
        path = own_lock(self.home, name)
        make_folder(path.parent)
        lock = FileLock(path)
        if not lock.acquire_within():
            raise taken(name)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            lock.release()

    # Working

    def claim(self) -> Job | None:
        """Begin the worker's oldest job that waits or was left by a dead one; give up one that killed its workers.

        Only the worker may: whatever runs and is not its own was left by another.
        """
        with self.store.writing() as connection:
            ids = self._rows(f"SELECT id FROM jobs WHERE name = '' AND {_UNDER_WAY} ORDER BY id")
            for job in (job for (job_id,) in ids for job in self._select("id = ?", job_id)):
                if job.is_cancelled:
                    self._told(connection, job, _CANCELLED)
                elif job.num_attempts >= MAX_ATTEMPTS:
                    self._told(
                        connection, job, _failed(f"The worker died {job.num_attempts} times at this job.")
                    )
                else:
                    return self._save(connection, job, state="running", num_attempts=job.num_attempts + 1)
        return None

    def take(self, name: str) -> Job | None:
        """Begin the job of a name, whose lock the caller holds; None where it is over or was deleted."""
        with self.store.writing() as connection:
            for job in self._select(f"name = ? AND {_UNDER_WAY}", name):
                return self._save(connection, job, state="running", num_attempts=job.num_attempts + 1)
        return None

    def note(self, job_id: int, progress: Json | None = None) -> bool:
        """Note the progress; False when the job is over, was cancelled or deleted."""
        if progress is not None:
            with self.store.writing() as connection:
                for job in self._live(job_id):
                    self._save(connection, job, progress=progress)
        return any(not job.is_cancelled for job in self._live(job_id))

    def finish(self, job_id: int, result: Json | None = None) -> None:
        """End a job with a result, unless it is over."""
        with self.store.writing() as connection:
            for job in self._live(job_id):
                self._save(connection, job, state="done", result=result or {}, finished_at=self._clock())

    def fail(self, job_id: int, message: str, remedy: str = "") -> None:
        """End a job with an error, unless it is over."""
        with self.store.writing() as connection:
            for job in self._live(job_id):
                self._told(connection, job, _failed(message, remedy))

    def give_back(self, job_id: int) -> None:
        """Leave a job: cancelled if that was asked for, else to the next process."""
        with self.store.writing() as connection:
            for job in self._live(job_id):
                if job.is_cancelled:
                    self._told(connection, job, _CANCELLED)
                else:
                    self._save(connection, job, state="queued", num_attempts=job.num_attempts - 1)

    def cancel(self, job_id: int) -> Job:
        """Cancel a job: at once while it waits for the worker, at its next step while it runs; one that is over
        stays so."""
        with self.store.writing() as connection:
            for job in self._live(job_id):
                job = self._save(connection, job, is_cancelled=True)
                if job.state == "queued" and not job.name:
                    self._told(connection, job, _CANCELLED)
        return self.job(job_id)

    # Watching

    def job(self, job_id: int) -> Job:
        """Return a job as it stands. Raises LibraryCorrupt for one that is damaged."""
        return self._standing(self._raw("id = ?", job_id))

    def named(self, name: str) -> Job:
        """Return the job of a name as it stands. Raises LibraryCorrupt for one that is damaged."""
        return self._standing(self._raw("name = ?", name))

    def list(self, *, kind: str | None = None, limit: int = 100) -> list[Job]:
        """List the last jobs, newest first; those that are damaged the doctor names."""
        query = "? IN (kind, '') ORDER BY id DESC LIMIT ?"
        return [self._standing(job) for job in self._select(query, kind or "", limit)]

    def under_way(self, kind: str) -> Sequence[Job]:
        """The jobs of a kind that somebody works on, newest first."""
        found = map(self._standing, self._select(f"kind = ? AND {_UNDER_WAY} ORDER BY id DESC", kind))
        return [job for job in found if not job.is_over and job.state != "interrupted"]

    def has(self, name: str) -> bool:
        """Tell whether there is a job of this name."""
        return bool(self._rows("SELECT 1 FROM jobs WHERE name = ?", name))

    def is_cancelled(self, name: str) -> bool:
        """Tell whether the job of a name is to stop."""
        return any(
            is_cancelled
            for (is_cancelled,) in self._rows("SELECT is_cancelled FROM jobs WHERE name = ?", name)
        )

    def is_held(self, name: str) -> bool:
        """Tell whether somebody works on the job of a name."""
        return is_held(own_lock(self.home, name))

    def has_work(self) -> bool:
        """Tell whether a job waits for the worker."""
        return bool(self._select("name = '' AND state = 'queued' LIMIT 1"))

    def tell(self, name: str, event: Event) -> None:
        """Add an event to those of a job; of one that was deleted nothing is kept any more."""
        with suppress(KeyError), self.store.writing() as connection:
            self._told(connection, self._raw("name = ?", name), event)

    def events(self, name: str, after: int = 0) -> Sequence[Event]:
        """The events of a job so far, without the first `after`, up to one that is damaged."""
        found: list[Event] = []
        for place, (job_id, number, kind, message, data, checksum) in enumerate(
            self._event_rows(name, after)
        ):
            if number != after + place + 1 or checksum != digest_of((job_id, number, kind, message, data)):
                break
            found.append(Event(kind, json.loads(message), json.loads(data)))
        return found

    def follow(self, name: str, after: int = 0) -> Iterator[Event]:
        """Yield the events so far, without the first `after`, and those to come, until the job stands still."""
        while True:
            job = self.named(name)  # asked first: no event is missed between the two
            for event in self.events(name, after):
                after += 1
                yield event
            if job.is_over or job.state == "interrupted":
                return
            time.sleep(POLL_SECONDS)

    # Upkeep

    def begin_anew(self, name: str, payload: Json, event: Event) -> None:
        """Change what is asked, and put an event in place of each so far and of one more: watchers have counted."""
        with self.store.writing() as connection:
            job = self._save(connection, self._raw("name = ?", name), payload=payload)
            num = len(self.events(name))
            connection.execute("DELETE FROM events WHERE job = ?", (job.id,))
            for _ in range(num + 1):
                job = self._told(connection, job, event)

    def prune(self, kind: str, num_kept: int) -> None:
        """Delete the oldest jobs of a kind that nobody works on, all but so many."""
        old = self._select("kind = ? ORDER BY id DESC LIMIT -1 OFFSET ?", kind, num_kept)
        self.delete(job.name for job in map(self._standing, old) if job.is_over or job.state == "interrupted")

    def delete(self, names: Iterable[str]) -> None:
        """Delete what is kept of some jobs, from the log of the file too."""
        names = tuple(names)
        self._wipe([row for name in names for row in self._rows("SELECT id FROM jobs WHERE name = ?", name)])
        for name in names:
            own_lock(self.home, name).unlink(missing_ok=True)

    def forget(self, document_id: str) -> None:
        """Delete the worker's jobs that name a document, but one that runs."""
        named = "name = '' AND state != 'running' AND instr(payload || result, ?)"
        self._wipe(self._rows(f"SELECT id FROM jobs WHERE {named}", document_id))

    def check(self, *, repair: bool) -> Sequence[Problem]:
        """Check the rows for `catena doctor`; with `repair`, those of damaged jobs are deleted."""
        try:
            damaged = [row for row in self._rows(SELECT) if not is_sound(row) or self._is_cut(row[0])]
        except LibraryError:  # of the whole file, which is named by whoever looks at its checkpoints
            return []
        if repair:
            self._wipe(damaged)
            return []
        return [
            Problem("job", f"What is kept of the job {title_of(row)} is damaged.", can_repair=True)
            for row in damaged
        ]

    def _is_cut(self, job_id: int) -> bool:
        rows = self._event_rows(job_id)
        return any(row[1] != place or row[-1] != digest_of(row[:-1]) for place, row in enumerate(rows, 1))

    def _wipe(self, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            with self.store.writing() as connection:
                self._delete(connection, rows)
            self.store.wipe()

    # Rows

    def _rows(self, query: str, *values: object) -> Sequence[tuple[Any, ...]]:
        return self.store.rows(query, values) if self.store.has("jobs") else []

    def _event_rows(self, of: int | str, after: int = 0) -> Sequence[tuple[Any, ...]]:
        """The events of a job by its number or name, beyond the first `after`."""
        job = "?" if isinstance(of, int) else "(SELECT id FROM jobs WHERE name = ?)"
        query = "SELECT job, number, kind, message, data, checksum FROM events"
        return self._rows(f"{query} WHERE job = {job} AND number > ? ORDER BY number", of, after)

    def _select(self, where: str, *values: object) -> Sequence[Job]:
        """The jobs that are as they were written."""
        return [job_of(row) for row in self._rows(f"{SELECT} WHERE {where}", *values) if is_sound(row)]

    def _raw(self, where: str, value: object) -> Job:
        for row in self._rows(f"{SELECT} WHERE {where}", value):
            if not is_sound(row):
                raise LibraryCorrupt(
                    f"What is kept of the job {title_of(row)} is damaged.", "Run: catena doctor --repair"
                )
            return job_of(row)
        raise KeyError(value)

    def _standing(self, job: Job) -> Job:
        """How a job stands: one that is under way and held by nobody was interrupted."""
        is_waiting = job.state == "queued" and not job.name
        if job.is_over or is_waiting or is_held(self._lock(job)):
            return job
        again = self._select("id = ?", job.id)  # after the lock: whoever works tells the end, then lets go
        if not again or again[0].is_over:
            return again[0] if again else job
        is_new = again[0].state == "queued" and 0 <= self._clock() - job.created_at < START_SECONDS
        return again[0] if is_new else replace(again[0], state="interrupted")

    def _lock(self, job: Job) -> Path:
        return own_lock(self.home, job.name) if job.name else self.home / LOCK_NAME

    def _live(self, job_id: int) -> Sequence[Job]:
        """The job of this number, if it is under way."""
        return self._select(f"id = ? AND {_UNDER_WAY}", job_id)

    def _put(self, connection: sqlite3.Connection, name: str, kind: str, payload: Json, at: float) -> Job:
        return self._save(connection, Job(0, name, kind, payload, "queued", False, {}, {}, {}, 0, at, 0.0))

    def _save(self, connection: sqlite3.Connection, job: Job, **changes: Any) -> Job:
        """Write a row with its checksum; a job that is new is given its number."""
        row = row_of(replace(job, **changes))
        marks = ", ".join("?" * (len(row) + 2))
        values = (job.id or None, *row, digest_of(row))
        written = connection.execute(
            f"INSERT OR REPLACE INTO jobs ({COLUMNS}, checksum) VALUES ({marks})", values
        )
        return replace(job, id=int(written.lastrowid or 0), **changes)

    def _told(self, connection: sqlite3.Connection, job: Job, event: Event) -> Job:
        """Add an event, and change the job's state where that means one."""
        last = connection.execute("SELECT coalesce(max(number), 0) FROM events WHERE job = ?", (job.id,))
        said = map(json.dumps, (event.message, dict(event.data)))
        row = (job.id, last.fetchone()[0] + 1, event.kind, *said)
        connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", (*row, digest_of(row)))
        state = _TURNS.get(event.kind)
        if state == "queued":
            return self._save(connection, job, state=state, is_cancelled=False, error={}, finished_at=0.0)
        if state is not None:
            told = {"message": event.message, "remedy": event.data.get("remedy", "")}
            error = told if state == "failed" else {}
            return self._save(connection, job, state=state, error=error, finished_at=self._clock())
        is_begun = job.state == "queued" and job.name != ""
        return self._save(connection, job, state="running") if is_begun else job

    def _delete(self, connection: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Delete the jobs of rows that begin with their numbers."""
        for job_id, *_ in rows:
            connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
            connection.execute("DELETE FROM events WHERE job = ?", (job_id,))


def open_jobs(home: Path, *, clock: Callable[[], float] = time.time) -> Jobs:
    """The jobs of the library in a folder."""
    return Jobs(JobStore(home / STORE), clock=clock)


def enqueue_fill(jobs: Jobs) -> Job:
    """Have the vectors that are missing made behind everybody's back."""
    job = jobs.enqueue("fill")
    ensure_worker(jobs.home)
    return job


def taken(name: str) -> RunBusy:
    return RunBusy(f"Another process works on {name[:12]}.", "Wait for it, or cancel it first.")


def _failed(message: str, remedy: str = "") -> Event:
    return Event("failed", message, {"remedy": remedy})
