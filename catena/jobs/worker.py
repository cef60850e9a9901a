"""The worker process: `python -m catena.jobs.worker --home FOLDER` runs the jobs of one library, one at a time.

There is one per library (a file lock); it has low priority, lives on when the program that started it ends, and ends
itself when nothing was to do for a while. What it does for each kind of job comes from a function
`(library, settings) -> {kind: handler}` that is named on the command line, so that this file imports no agents.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from catena.errors import CatenaError
from catena.files.file_lock import FileLock
from catena.jobs.daemon import lower_priority
from catena.render.harmless import start_log
from catena.worker_start import LOCK_NAME, ensure_worker

if TYPE_CHECKING:
    from catena.jobs.job_queue import Job, Jobs
    from catena.library.library import Library
    from catena.settings import Settings

__all__ = ["Handler", "JobRun", "ensure_worker", "main", "run_job", "run_jobs"]

Json = Mapping[str, Any]
OWNER_PREFIX = "worker:"
DEFAULT_HANDLERS = "catena.job_handlers:handlers"
RENEW_SECONDS = 5.0
POLL_SECONDS = 0.2
_log = logging.getLogger(__name__)


class JobRun:
    """Run of a handler: the job, a way to tell its progress, and whether it should stop."""

    def __init__(self, jobs: Jobs, job: Job, owner: str, stop: threading.Event) -> None:
        self.job = job
        self._jobs, self._owner, self._stop = jobs, owner, stop
        self._progress: Json = {}
        self._asked_at = 0.0
        self._is_lost = threading.Event()

    @property
    def payload(self) -> Json:
        return self.job.payload

    def progress(self, done: int, total: int, **more: object) -> None:
        """Note how far the job is; it is written a few times a second at most."""
        self._progress = {"done": done, "total": total, **more}
        if time.monotonic() - self._asked_at > POLL_SECONDS:
            self.renew()

    def should_stop(self) -> bool:
        """Tell whether the job was cancelled, lost to another worker, or the worker is to end."""
        if time.monotonic() - self._asked_at > POLL_SECONDS:
            self.renew()
        return self._is_lost.is_set() or self._stop.is_set()

    def renew(self) -> None:
        self._asked_at = time.monotonic()
        if not self._jobs.renew(self.job.id, self._owner, self._progress or None):
            self._is_lost.set()


Handler = Callable[[JobRun], Json | None]
"""Does a job and returns its result; raises CatenaError. After `should_stop()` it returns soon."""


def run_job(jobs: Jobs, job: Job, handler: Handler | None, owner: str, stop: threading.Event) -> None:
    """Run a claimed job to its end, whatever that is."""
    run = JobRun(jobs, job, owner, stop)
    try:
        if handler is None:
            raise CatenaError(f"This version of Catena has no jobs of the kind {job.kind!r}.")
        with _renewing(run):
            result = handler(run)
    except CatenaError as error:
        jobs.fail(job.id, owner, error.message, error.remedy)
    except Exception as error:  # a process border: a mistake in one job must not end the others
        _log.exception("job %d (%s)", job.id, job.kind)
        jobs.fail(job.id, owner, f"{type(error).__name__}: {error}", "The log of the worker says more.")
    else:
        if run.should_stop():
            jobs.give_back(job.id, owner)
        else:
            run.renew()  # the last progress
            jobs.finish(job.id, owner, result)


@contextmanager
def _renewing(run: JobRun) -> Iterator[None]:
    """Renew the lease in a thread of its own: a handler may be silent for long."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEW_SECONDS):
            with contextlib.suppress(CatenaError):  # a busy library: the lease outlives several tries
                run.renew()

    thread = threading.Thread(target=renew, name="catena-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def run_jobs(
    jobs: Jobs, handlers: Mapping[str, Handler], *, idle_seconds: float, stop: threading.Event
) -> None:
    """Run jobs until there was none for `idle_seconds`."""
    owner = f"{OWNER_PREFIX}{os.getpid()}:{uuid4().hex}"
    idle_since = time.monotonic()
    while not stop.is_set() and time.monotonic() - idle_since < idle_seconds:
        job = jobs.claim(owner)
        if job is None:
            stop.wait(POLL_SECONDS)
            continue
        run_job(jobs, job, handlers.get(job.kind), owner, stop)
        idle_since = time.monotonic()


def main(arguments: Sequence[str] | None = None) -> int:
    """Be the worker, unless there is one."""
    parser = argparse.ArgumentParser(prog="catena.jobs.worker", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the library")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds without a job after which to end")
    parser.add_argument(
        "--handlers", default=DEFAULT_HANDLERS, help="module:function that gives the handlers"
    )
    parser.add_argument("--detach", action="store_true", help="go on in a process of its own")
    options = parser.parse_args(arguments)
    if options.detach and sys.platform != "win32" and os.fork():
        os._exit(0)
    lock = FileLock(options.home / LOCK_NAME)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    while _acquire(lock):
        _work(options.home, options.handlers, options.idle, stop)
        lock.release()
        # Whoever enqueued while we still held the lock started no worker.
        if stop.is_set() or not _has_work(options.home):
            break
    return 0


def _acquire(lock: FileLock) -> bool:
    """Try for a second: others hold the lock for a moment to see whether a worker runs."""
    for _ in range(5):
        if lock.acquire(wait=False):
            return True
        time.sleep(0.2)
    return False


def _work(home: Path, handlers: str, idle_seconds: float, stop: threading.Event) -> None:
    from catena.jobs.job_queue import (
        Jobs,  # SQLAlchemy and all else only in the one process that got the lock
    )
    from catena.library.library import Library
    from catena.settings import load_settings

    start_log()
    lower_priority()
    module, _, name = handlers.partition(":")
    make: Callable[[Library, Settings], Mapping[str, Handler]] = getattr(import_module(module), name)
    with Library(home) as library:
        jobs = Jobs(library.database)
        jobs.take_back(OWNER_PREFIX)  # we hold the lock: other workers of this library are dead
        run_jobs(jobs, make(library, load_settings(home=home)), idle_seconds=idle_seconds, stop=stop)


def _has_work(home: Path) -> bool:
    from catena.jobs.job_queue import Jobs
    from catena.library.database import Database  # as above

    database = Database(home / "library.db")
    try:
        return Jobs(database).has_work()
    finally:
        database.close()


if __name__ == "__main__":
    sys.exit(main())
