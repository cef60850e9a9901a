"""The clock is set back: orders and what counts as new do not hang on the time of day alone."""

from __future__ import annotations

import time
from pathlib import Path

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from catena.agents.checkpointer import Checkpointer
from catena.agents.run_store import Checkpoints
from catena.benchmarks import synthetic
from catena.events import Event
from catena.jobs.job_queue import open_jobs
from catena.library.library import Library
from catena.library.places import add_source
from catena.library.schema import sources
from catena.options import AskOptions
from catena.question_runs import MAX_KEPT, Run, Runs
from catena.settings import load_settings

YEAR = 365 * 86400.0


def keep(runs: Runs, run_id: str, asked_at: float) -> None:
    runs.keep(Run(run_id, "What?", ("a" * 64,), AskOptions(), asked_at))


def test_a_job_of_a_dead_worker_is_taken_over_though_the_clock_was_set_back(home: Path) -> None:
    now = [2 * YEAR]
    jobs = open_jobs(home, clock=lambda: now[0])
    job = jobs.enqueue("fill")
    assert jobs.claim() is not None
    now[0] = YEAR
    taken = jobs.claim()
    assert taken is not None and taken.id == job.id


def test_a_dead_run_is_interrupted_though_it_was_asked_in_a_time_to_come(home: Path) -> None:
    runs = Runs(load_settings(), clock=lambda: YEAR)
    keep(runs, "ab", 2 * YEAR)
    assert runs.run("ab").state == "interrupted"
    keep(runs, "cd", YEAR - 1)
    assert runs.run("cd").state == "running"


def test_runs_of_a_time_to_come_are_forgotten_before_those_of_now(home: Path) -> None:
    runs = Runs(load_settings())
    for number in range(MAX_KEPT + 1):
        keep(runs, f"{number:032x}", time.time() + YEAR)
    keep(runs, "ff", 0.0)
    runs.tell("ff", Event("done", "x"))
    keep(runs, "ee", 0.0)
    assert runs.has("ff") and runs.has("ee") and not runs.has(f"{0:032x}")
    assert [run.run_id for run in runs.all(2)] == ["ee", "ff"]


def test_places_of_a_document_stand_in_the_order_in_which_they_were_found(home: Path, tmp_path: Path) -> None:

    with Library(home) as library:
        document = synthetic.add(library, tmp_path / "1.pdf", 1)
        with library.database.write() as connection:
            add_source(connection, 1, document.id, "/later", "Later")
            connection.execute(
                sources.update().where(sources.c.path == "/later").values(added_at=1.0, checksum=0)
            )
        assert [path for path, _ in library.sources(document.id)][-1] == "/later"


def test_a_run_goes_on_from_the_checkpoint_that_was_kept_last(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints.db")
    checkpointer = Checkpointer(checkpoints)
    config: RunnableConfig = {"configurable": {"thread_id": "ab", "checkpoint_ns": ""}}
    for id in ("1f000000-0000-6000-8000-000000000000", "1e000000-0000-6000-8000-000000000000"):
        checkpointer.put(config, {**empty_checkpoint(), "id": id}, {"step": 0}, {})
    kept = checkpointer.get_tuple({"configurable": {"thread_id": "ab"}})
    assert kept is not None and kept.checkpoint["id"].startswith("1e")
    assert checkpointer.get_tuple({"configurable": {"thread_id": "cd"}}) is None
    checkpoints.close()
