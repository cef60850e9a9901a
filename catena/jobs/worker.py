"""A process that works on jobs: `python -m catena.jobs.worker --home FOLDER`, the one worker of a library, or with
`--job NAME` the process of one job.

It goes on when the program that started it ends. The worker has low priority and ends itself when nothing was to do for
a while. What is done for each kind of job comes from a function `home -> {kind: handler}` that is named on the command
line, so that this file imports no agents.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catena.errors import CatenaError
from catena.jobs.worker_start import LOCK_NAME, detach, lower_priority, own_lock
from catena.render.harmless import start_log
from catena.telemetry import start_tracing

if TYPE_CHECKING:
    from catena.jobs.job_queue import Jobs
    from catena.jobs.job_store import Job

Json = Mapping[str, Any]
DEFAULT_HANDLERS = "catena.job_handlers:handlers"
POLL_SECONDS = 0.2
_log = logging.getLogger(__name__)


class JobRun:
    """Run of a handler: the job, a way to tell its progress, and whether it should stop."""

    def __init__(self, jobs: Jobs, job: Job, stop: threading.Event) -> None:
        self.jobs, self.job = jobs, job
        self._stop = stop
        self._progress: Json = {}
        self._asked_at = 0.0
        self._is_lost = False

    @property
    def payload(self) -> Json:
        return self.job.payload

    def progress(self, done: int, total: int, **more: object) -> None:
        """Note how far the job is; it is written a few times a second at most."""
        self._progress = {"done": done, "total": total, **more}
        self._look()

    def should_stop(self) -> bool:
        """Tell whether the job was cancelled or deleted, or the worker is to end."""
        self._look()
        return self._is_lost or self._stop.is_set()

    def flush(self) -> None:
        """Note the last progress, and look whether the job is to go on."""
        self._asked_at = time.monotonic()
        self._is_lost = not self.jobs.note(self.job.id, self._progress or None)

    def _look(self) -> None:
        if not self._is_lost and time.monotonic() - self._asked_at > POLL_SECONDS:
            self.flush()


Handler = Callable[[JobRun], Json | None]
"""Does a job and returns its result; raises CatenaError. After `should_stop()` it returns soon."""


def run_job(jobs: Jobs, job: Job, handler: Handler | None, stop: threading.Event) -> None:
    """Run a job that was begun to its end, whatever that is."""
    run = JobRun(jobs, job, stop)
    try:
        if handler is None:
            raise CatenaError(f"This version of Catena has no jobs of the kind {job.kind!r}.")
        result = handler(run)
    except CatenaError as error:
        jobs.fail(job.id, error.message, error.remedy)
    except Exception as error:  # a process border: a mistake in one job must not end the others
        _log.exception("job %s (%s)", job.name or job.id, job.kind)
        jobs.fail(job.id, f"{type(error).__name__}: {error}", "The log of the worker says more.")
    else:
        run.flush()
        if run.should_stop():
            jobs.give_back(job.id)
        else:
            jobs.finish(job.id, result)


def run_jobs(
    jobs: Jobs, handlers: Mapping[str, Handler], *, idle_seconds: float, stop: threading.Event
) -> None:
    """Run the worker's jobs until there was none for `idle_seconds`."""
    idle_since = time.monotonic()
    while not stop.is_set():
        job = jobs.claim()
        if job is not None:
            run_job(jobs, job, handlers.get(job.kind), stop)
            idle_since = time.monotonic()
        elif time.monotonic() - idle_since >= idle_seconds:
            return
        else:
            stop.wait(POLL_SECONDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Be the worker, or the process of a job, unless there is one."""
    parser = argparse.ArgumentParser(prog="catena.jobs.worker", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the library")
    parser.add_argument("--job", default="", help="name of the one job to work on")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds without a job after which to end")
    parser.add_argument(
        "--handlers", default=DEFAULT_HANDLERS, help="module:function that gives the handlers"
    )
    options = parser.parse_args(arguments)
    home: Path = options.home
    lock = detach(own_lock(home, options.job) if options.job else home / LOCK_NAME)
    # After the fork, for which whoever starts us waits: SQLAlchemy.
    from catena.jobs.former_jobs import adopt_queue
    from catena.jobs.job_queue import open_jobs

    start_log()
    start_tracing()
    module, _, name = options.handlers.partition(":")
    handlers: Mapping[str, Handler] = getattr(import_module(module), name)(home)
    jobs, stop = open_jobs(home), threading.Event()
    if options.job:
        if (job := jobs.take(options.job)) is not None:
            run_job(jobs, job, handlers.get(job.kind), stop)
        own_lock(home, options.job).unlink(missing_ok=True)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    lower_priority()
    adopt_queue(home, jobs)
    is_held = True
    while is_held:
        run_jobs(jobs, handlers, idle_seconds=options.idle, stop=stop)
        lock.release()
        # Whoever enqueued while we still held the lock started no worker.
        is_held = not stop.is_set() and jobs.has_work() and lock.acquire_within()
    return 0


if __name__ == "__main__":
    sys.exit(main())
