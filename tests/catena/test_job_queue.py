"""Jobs are done, once, by one worker, whoever dies."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from catena import Catena
from catena.errors import CatenaError, LibraryCorrupt, OptionError
from catena.events import Event
from catena.files.file_lock import FileLock
from catena.jobs.former_jobs import adopt_queue
from catena.jobs.job_queue import MAX_ATTEMPTS, Jobs, open_jobs
from catena.jobs.job_store import Job
from catena.jobs.worker import Handler, JobRun, run_jobs
from catena.jobs.worker_start import LOCK_NAME, ensure_worker, worker_runs
from catena.library.library import Library
from catena.library.vectors import Vectors
from catena.retrieval.embedder import MiniLM


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library(home) as library:
        yield library


@pytest.fixture
def jobs(home: Path, clock: Clock) -> Iterator[Jobs]:
    """Jobs of which this process is the worker."""
    jobs = open_jobs(home, clock=clock)
    home.mkdir()
    with FileLock(home / LOCK_NAME):
        yield jobs
    jobs.store.close()


def work(jobs: Jobs, **handlers: Handler) -> None:
    run_jobs(jobs, handlers, idle_seconds=0.0001, stop=threading.Event())


def test_a_job_is_done_with_progress_and_result(jobs: Jobs) -> None:
    def handler(run: JobRun) -> Mapping[str, object]:
        run.progress(3, 4, page="12")
        return {"n": run.payload["n"] + 1}

    job = jobs.enqueue("count", {"n": 1})
    assert (job.state, jobs.has_work()) == ("queued", True)
    work(jobs, count=handler)
    done = jobs.job(job.id)
    assert (done.state, done.result, done.is_over) == ("done", {"n": 2}, True)
    assert done.progress == {"done": 3, "total": 4, "page": "12"}
    assert not jobs.has_work()


def test_jobs_are_claimed_once_in_their_order(jobs: Jobs) -> None:
    ids = [jobs.enqueue("x", {"n": n}).id for n in range(3)]
    for expected in ids:
        job = jobs.claim()
        assert job is not None and (job.id, jobs.job(job.id).state) == (expected, "running")
        jobs.finish(job.id)
    assert jobs.claim() is None


def test_the_same_job_waits_only_once(jobs: Jobs) -> None:
    first = jobs.enqueue("fill")
    assert jobs.enqueue("fill").id == first.id
    jobs.claim()
    assert jobs.enqueue("fill").id != first.id


def fails(error: Exception) -> Handler:
    def handler(_run: JobRun) -> None:
        raise error

    return handler


@pytest.mark.parametrize(
    ("error", "message"),
    [(CatenaError("No disk.", "Buy one."), "No disk."), (KeyError("x"), "KeyError: 'x'")],
)
def test_a_job_that_fails_says_why_and_stops_no_other(jobs: Jobs, error: Exception, message: str) -> None:
    bad, unknown, good = (jobs.enqueue(kind) for kind in ("bad", "unknown", "good"))
    work(jobs, bad=fails(error), good=lambda run: None)
    assert [jobs.job(job.id).state for job in (bad, unknown, good)] == ["failed", "failed", "done"]
    assert jobs.job(bad.id).error["message"] == message


def test_a_dead_workers_job_is_interrupted_and_taken_over_by_the_next(home: Path) -> None:
    jobs = open_jobs(home)
    job = jobs.enqueue("x")
    with FileLock(home / LOCK_NAME):
        jobs.claim()
        assert jobs.job(job.id).state == "running"
    assert jobs.job(job.id).state == "interrupted" and not jobs.job(job.id).is_over
    taken = jobs.claim()
    assert taken is not None and (taken.id, taken.num_attempts) == (job.id, 2)
    jobs.finish(job.id, {"right": 1})
    jobs.fail(job.id, "It is over already.")
    assert (jobs.job(job.id).state, jobs.job(job.id).result) == ("done", {"right": 1})


def test_a_job_that_kills_its_workers_is_given_up(jobs: Jobs) -> None:
    job = jobs.enqueue("x")
    for _ in range(MAX_ATTEMPTS):
        assert jobs.claim() is not None
    assert jobs.claim() is None
    assert jobs.job(job.id).state == "failed"
    assert "died 3 times" in jobs.job(job.id).error["message"]


def test_a_waiting_job_is_cancelled_at_once(jobs: Jobs) -> None:
    job = jobs.enqueue("x")
    assert jobs.cancel(job.id).state == "cancelled"
    assert jobs.claim() is None


def test_a_running_job_is_cancelled_at_its_next_step(jobs: Jobs) -> None:
    job = jobs.enqueue("long")

    def handler(run: JobRun) -> None:
        jobs.cancel(job.id)
        wait_for(run.should_stop)

    work(jobs, long=handler)
    assert jobs.job(job.id).state == "cancelled"
    assert jobs.cancel(job.id).state == "cancelled"


def test_a_worker_that_is_told_to_end_gives_its_job_back(jobs: Jobs) -> None:
    stop = threading.Event()
    job = jobs.enqueue("long")

    def handler(run: JobRun) -> None:
        stop.set()
        assert run.should_stop()

    run_jobs(jobs, {"long": handler}, idle_seconds=9, stop=stop)
    assert (jobs.job(job.id).state, jobs.job(job.id).num_attempts) == ("queued", 0)


def test_old_jobs_are_forgotten(jobs: Jobs, clock: Clock) -> None:
    jobs.enqueue("old")
    work(jobs, old=lambda run: None)
    clock.now += 40 * 86400
    jobs.enqueue("new")
    assert [job.kind for job in jobs.list()] == ["new"]


def test_an_unknown_job_is_a_key_error(jobs: Jobs) -> None:
    with pytest.raises(KeyError):
        jobs.job(99)


def test_a_damaged_job_is_named_and_no_other_is_touched(jobs: Jobs) -> None:
    bad, good = (jobs.begin(name, "question", {"n": 1}, events=[Event("route", "x")]) for name in "ab")
    jobs.store.change("UPDATE events SET data = '{ }' WHERE job = ?", (bad.id,))
    assert [one.message for one in jobs.check(repair=False)] == ["What is kept of the job a is damaged."]
    jobs.store.change("UPDATE jobs SET state = 'done' WHERE id = ?", (bad.id,))
    with pytest.raises(LibraryCorrupt, match="job a"):
        jobs.named("a")
    assert [job.id for job in jobs.list()] == [good.id]
    assert jobs.check(repair=True) == [] == jobs.check(repair=False)
    assert not jobs.has("a") and len(jobs.events("b")) == 1


def test_a_jobs_events_are_followed_to_its_end(jobs: Jobs) -> None:
    jobs.begin("a", "question", {}, events=[Event("route", "x")])
    with jobs.holding("a"):
        with pytest.raises(OptionError, match="Another process"), jobs.holding("a"):
            pass
        followed = jobs.follow("a")
        assert next(followed).kind == "route" and jobs.named("a").state == "running"
        jobs.tell("a", Event("failed", "No \ud800 key.", {"remedy": "Give it."}))
    assert [event.message for event in followed] == ["No \ud800 key."]
    assert jobs.named("a").error == {"message": "No \ud800 key.", "remedy": "Give it."}


# The worker process

HANDLERS = """
import os, time
def handlers(home):
    def note(run):
        with open(home / "notes", "a") as file:
            file.write(f"{os.getpid()} {run.payload['n']}\\n")
        return {"pid": os.getpid(), "nice": os.nice(0)}
    def wait(run):
        note(run)
        while run.job.num_attempts == 1 and not run.should_stop():
            time.sleep(0.02)
        return {"pid": os.getpid()}
    return {"note": note, "wait": wait}
"""


@pytest.fixture
def arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    (tmp_path / "handlers_of_a_test.py").write_text(HANDLERS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    return ("--idle", "0.5", "--handlers", "handlers_of_a_test:handlers")


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def finished(jobs: Jobs, job: Job) -> Job:
    wait_for(lambda: jobs.job(job.id).is_over)
    return jobs.job(job.id)


def test_a_worker_does_the_jobs_and_ends(library: Library, arguments: tuple[str, ...]) -> None:
    jobs = open_jobs(library.home)
    job = jobs.enqueue("note", {"n": 1})
    assert ensure_worker(library.home, arguments=arguments)
    done = finished(jobs, job)
    assert (done.state, done.result["nice"] >= 10) == ("done", True)
    assert done.result["pid"] != os.getpid()
    wait_for(lambda: not worker_runs(library.home))
    assert (library.home / "worker.log").read_text() == ""


def test_workers_started_at_once_are_one(library: Library, arguments: tuple[str, ...]) -> None:
    jobs = open_jobs(library.home)
    threads = [
        threading.Thread(target=ensure_worker, args=(library.home,), kwargs={"arguments": arguments})
        for _ in range(3)
    ]
    all_jobs = [jobs.enqueue("note", {"n": n}) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pids = {finished(jobs, job).result["pid"] for job in all_jobs}
    wait_for(lambda: not worker_runs(library.home))
    assert len(pids) == 1
    assert len((library.home / "notes").read_text().splitlines()) == 10


def test_a_killed_workers_job_is_done_by_the_next(library: Library, arguments: tuple[str, ...]) -> None:
    jobs, notes = open_jobs(library.home), library.home / "notes"
    job = jobs.enqueue("wait", {"n": 1})
    ensure_worker(library.home, arguments=arguments)
    wait_for(notes.exists)
    wait_for(notes.read_text)
    killed = int(notes.read_text().split()[0])
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: not worker_runs(library.home))
    assert jobs.job(job.id).state == "interrupted"
    ensure_worker(library.home, arguments=arguments)
    done = finished(jobs, job)
    assert (done.state, done.num_attempts) == ("done", 2)
    assert done.result["pid"] != killed


def test_a_running_job_is_cancelled_from_another_process(
    library: Library, arguments: tuple[str, ...]
) -> None:
    jobs = open_jobs(library.home)
    job = jobs.enqueue("wait", {"n": 1})
    ensure_worker(library.home, arguments=arguments)
    wait_for(lambda: jobs.job(job.id).state == "running")
    jobs.cancel(job.id)
    assert finished(jobs, job).state == "cancelled"


def test_a_worker_outlives_the_program_that_started_it(
    library: Library, arguments: tuple[str, ...], home: Path
) -> None:
    jobs = open_jobs(library.home)
    job = jobs.enqueue("note", {"n": 1})
    code = "from pathlib import Path; from catena.jobs.worker_start import ensure_worker; "
    code += f"ensure_worker(Path({str(home)!r}), arguments={arguments!r})"
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0
    assert finished(jobs, job).state == "done"


FORMER_QUEUE = """
CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, payload TEXT, state TEXT, is_cancelled INTEGER,
    progress TEXT, result TEXT, error TEXT, owner TEXT, lease_until REAL, num_attempts INTEGER, created_at REAL,
    finished_at REAL);
PRAGMA user_version = 6; UPDATE counters SET value = 6 WHERE name = 'schema';
"""


@pytest.mark.parametrize("states", [("done",), ("done", "running", "queued"), ()])
def test_a_queue_of_an_older_version_is_taken_over(home: Path, manual: Path, states: tuple[str, ...]) -> None:
    with Catena(home) as catena:
        document = catena.add(manual)
    with closing(sqlite3.connect(home / "library.db")) as raw, raw:
        raw.executescript(FORMER_QUEUE)
        rows = [(state, '{"n": 1}', state) for state in states]
        raw.executemany("INSERT INTO jobs (kind, payload, state) VALUES (?, ?, ?)", rows)
    jobs = open_jobs(home)
    for _ in range(2):
        with Library(home) as library:
            assert library.documents() == [document] and library.check() == []
        adopt_queue(home, jobs)
        kinds = [job.kind for job in jobs.list() if job.payload == {"n": 1}]
        assert kinds == [state for state in reversed(states) if state != "done"]
    with closing(sqlite3.connect(home / "library.db")) as raw:
        assert not raw.execute("SELECT * FROM sqlite_master WHERE name = 'jobs'").fetchall()


def test_the_workers_own_jobs_fill_and_add(library: Library, manual: Path) -> None:
    jobs = open_jobs(library.home)
    added = jobs.enqueue("add", {"files": [{"path": str(manual), "title": "Manual"}]})
    filled = jobs.enqueue("fill")
    ensure_worker(library.home, arguments=("--idle", "0.5"))
    assert finished(jobs, added).state == "done", jobs.job(added.id).error
    assert finished(jobs, filled).state == "done", jobs.job(filled.id).error
    (document,) = library.documents()
    assert (document.title, document.status) == ("Manual", "ready")
    assert Vectors(library.database, MiniLM.name).missing(document.id) == []
    wait_for(lambda: not worker_runs(library.home))
