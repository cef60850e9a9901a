"""Rankings are jobs: of a process of their own, the same as in the foreground, and they go on after a kill."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from catena import Catena
from catena.arena_jobs import KIND, ArenaJobs, rankings_of
from catena.arena_runs import judge_runs, responses_path
from catena.bookqa.items import write_items
from catena.bookqa.responses import Response, to_json
from catena.errors import OptionError
from catena.jobs.job_queue import open_jobs
from catena.jobs.job_store import Job
from catena.settings import load_settings, public_settings
from tests.bookqa.sets import item


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two systems' answers to three questions; the second answers one of them as the set does."""
    folder = tmp_path / "runs"
    items = [replace(item(f"q{number}", "Emma"), question=f"Who is number {number}?") for number in range(3)]
    write_items(folder / "set.jsonl", items)
    for system, said in (("first", ("Bob", "Bob", "Bob")), ("second", ("Emma", "Bob", "Bob"))):
        told = [to_json(Response(one.id, system, text, False)) for one, text in zip(items, said, strict=True)]
        responses_path(folder, system).write_text("\n".join(map(json.dumps, told)), "utf-8")
    return folder


def over(arenas: ArenaJobs) -> Job:
    """The last job, once it is over; a minute at most."""
    for _ in range(600):
        job = arenas.last()
        assert job is not None
        if job.state not in ("queued", "running"):
            return job
        time.sleep(0.1)
    raise AssertionError("the job is not over")


def test_a_ranking_behind_is_that_of_the_foreground(home: Path, runs: Path) -> None:
    with Catena(home) as catena:
        arenas = ArenaJobs(catena.settings)
        assert arenas.last() is None
        arenas.start(runs)
        job = over(arenas)
        assert job.state == "done", job.error
        assert rankings_of(job) == judge_runs(catena, runs, ["rules"])
    assert job.progress == {"done": 3, "total": 3}


def test_one_whose_process_died_goes_on(home: Path, runs: Path) -> None:
    arenas, jobs = ArenaJobs(load_settings(home=home)), open_jobs(home)
    Catena(home).close()
    asked = {"settings": public_settings(load_settings(home=home)), "folder": str(runs), "judges": ["rules"]}
    jobs.begin("killed", KIND, asked, at=1.0)  # long ago, and held by nobody
    assert (job := over(arenas)).state == "interrupted"
    arenas.restart(job.name)
    assert over(arenas).state == "done" and len(rankings_of(over(arenas))) == 1


def test_what_cannot_be_ranked_is_told(home: Path, runs: Path) -> None:
    responses_path(runs, "second").unlink()
    arenas = ArenaJobs(load_settings(home=home))
    with pytest.raises(OptionError, match="There is no folder"):
        arenas.start(runs / "none")
    arenas.start(runs)
    job = over(arenas)
    assert job.state == "failed" and "1 systems" in job.error["message"]
    arenas.cancel(job)
    assert over(arenas).state == "failed"


def test_one_that_is_cancelled_at_once_stops_and_goes_on(home: Path, runs: Path) -> None:
    arenas = ArenaJobs(load_settings(home=home))
    arenas.cancel(arenas.start(runs))
    assert over(arenas).state in ("cancelled", "done")  # it may have been quicker
    if over(arenas).state == "cancelled":
        arenas.restart(over(arenas).name)
        assert over(arenas).state == "done"
