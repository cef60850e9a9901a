"""Sets from files: made with a stub model over HTTP, resumed, and made behind whoever asked."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from catena.app.cli import cli
from catena.benchmarks.novels import write_novel
from catena.bookqa.batch_processes import Batches
from catena.bookqa.book_set_runs import GenerateOptions, Progress, estimate_set, generate, journal_path
from catena.bookqa.book_sets import ITEMS, usage
from catena.bookqa.generator import Order
from catena.bookqa.items import read_items
from catena.bookqa.result_store import Journal
from catena.bookqa.rule_questions import KINDS
from catena.client import Catena
from catena.errors import OptionError, Stopped
from catena.files.atomic_files import write_file
from catena.jobs.job_queue import open_jobs
from catena.jobs.worker_start import NICENESS
from catena.settings import load_settings, public_settings
from catena.testing import StubModel

MODEL = "openai/stub"
BY_RULE = Order(6, KINDS)


@pytest.fixture
def books(tmp_path: Path) -> list[Path]:
    """Two small novels, and a file that nobody can read."""
    folder = tmp_path / "books"
    folder.mkdir()
    for seed in (1, 2):
        (folder / f"novel{seed}.md").write_text(write_novel(40, seed))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing follows")
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def stub() -> Iterator[StubModel]:
    with StubModel(rules="catena.benchmarks.bookwriter:reply") as stub:
        yield stub


def test_a_bad_book_stops_no_other_and_a_second_call_asks_nothing(
    books: list[Path], tmp_path: Path, stub: StubModel
) -> None:
    seen: list[Progress] = []
    out, order = tmp_path / "set.jsonl", Order(8, model=MODEL)
    with Catena(model=MODEL, api_base=stub.url) as catena:
        report = generate(catena, books, order, out, on_progress=seen.append)
        num_calls, first = len(stub.requests()), out.read_bytes()
        again = generate(catena, books, order, out)
        assert len(stub.requests()) == num_calls and out.read_bytes() == first
    assert [one.reason for one in report.failures] == ["damaged"] == [one.reason for one in again.failures]
    assert report.num_items == len(list(read_items(out))) >= 12
    assert (seen[-1].num_books, seen[-1].num_books_done, seen[-1].num_failed) == (3, 2, 1)
    assert report.usage.calls >= 2 * report.num_items


def test_a_cap_on_cost_stops_and_more_money_goes_on(
    books: list[Path], tmp_path: Path, stub: StubModel
) -> None:
    out, order = tmp_path / "set.jsonl", Order(8, model=MODEL, seed=2)
    settings = load_settings(model=MODEL, api_base=stub.url, prices={MODEL: (10.0, 10.0)})
    with Catena(settings=settings) as catena:
        with pytest.raises(Stopped):
            generate(catena, books, order, out, GenerateOptions(max_cost_usd=0.3))
        with Journal(journal_path(out)) as journal:
            assert 0 < journal.count(ITEMS) < 16
        report = generate(catena, books, order, out, GenerateOptions(max_cost_usd=9.0))
    assert report.num_items >= 12


def test_calls_for_a_question_that_was_not_finished_are_counted(
    books: list[Path], tmp_path: Path, stub: StubModel
) -> None:
    out, order = tmp_path / "set.jsonl", Order(8, model=MODEL, seed=3)
    settings = load_settings(model=MODEL, api_base=stub.url, prices={MODEL: (10.0, 10.0)})
    num_before = len(stub.requests())
    with Catena(settings=settings) as catena, pytest.raises(Stopped):
        generate(catena, books[1:2], order, out, GenerateOptions(concurrency=1, max_cost_usd=0.05))
    with Journal(journal_path(out)) as journal:
        assert usage(journal).calls == len(stub.requests()) - num_before > 0


def test_what_a_set_takes_is_said_inside_a_running_event_loop(stub: StubModel) -> None:
    async def inside() -> str:
        with Catena(model=MODEL, api_base=stub.url) as catena:
            return estimate_set(catena, Order(8, model=MODEL), 2).line()

    assert "model calls" in asyncio.run(inside())


def test_the_command_writes_a_set_and_says_what_failed(books: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "set.jsonl"
    command = ["generate", *map(str, books), "-n", "6", "--model", "none", "-o", str(out), "--json"]
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 1, done.output
    report = json.loads(done.stdout)
    assert report["num_items"] == len(list(read_items(out))) >= 10
    assert [one["key"] for one in report["failures"]] == [f"book/{books[0]}"]


def niceness(name: str) -> int:
    """Of the process that makes a set; 0 where none does."""
    found = psutil.process_iter(["cmdline", "nice"])
    return max((one.info["nice"] for one in found if name in (one.info["cmdline"] or ())), default=0)


def test_a_set_is_made_behind_whoever_asked_and_gives_way(books: list[Path]) -> None:
    batches = Batches(load_settings())
    batch = batches.start(books, BY_RULE)
    name, nice = batch.name, 0
    ends = time.monotonic() + 60
    while batches.batch(name).state == "running" and time.monotonic() < ends:
        nice = max(nice, niceness(name))
        time.sleep(0.1)
    assert (batches.batch(name).state, nice >= NICENESS) == ("done", True)
    assert batches.progress(name).num_books_done == 2
    assert len(batches.items(name, first=2, limit=3)) == 3
    assert batches.report(name).num_items >= 10
    assert [one.name for one in batches.all()] == [name]


def test_a_set_that_is_being_made_is_not_begun_again_and_can_be_cancelled(books: list[Path]) -> None:
    batches = Batches(load_settings())
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as of a server that a script starts with "&"
    try:
        batch = batches.start(books, Order(500, KINDS))
    finally:
        signal.signal(signal.SIGINT, usual)
    batches.cancel(batch.name)
    with pytest.raises(OptionError, match="Another process"):
        batches.restart(batch.name)
    ends = time.monotonic() + 60
    while batches.batch(batch.name).state == "running" and time.monotonic() < ends:
        time.sleep(0.1)
    assert batches.batch(batch.name).state == "stopped"


def test_a_set_that_ends_while_it_is_looked_at_is_never_interrupted() -> None:
    jobs = open_jobs(load_settings().home)
    batches = Batches(load_settings())
    asked = {"books": [], "order": asdict(BY_RULE), "started_at": 0.0}

    def make(name: str) -> None:
        with jobs.holding(name):
            job = jobs.take(name)
            assert job is not None
            working.set()
            time.sleep(0.001)
            jobs.finish(job.id)

    for n in range(100):
        name, working = f"set{n}", threading.Event()
        jobs.begin(name, "set", asked)
        maker = threading.Thread(target=make, args=(name,))
        maker.start()
        working.wait()
        while (state := batches.batch(name).state) == "running":
            pass
        maker.join()
        assert state == "done"


def test_a_set_of_an_older_version_is_listed_as_it_ended_and_goes_on(
    books: list[Path], tmp_path: Path
) -> None:
    settings = load_settings()
    asked = {"settings": public_settings(settings), "books": [str(books[1])], "order": asdict(BY_RULE)}
    folder = settings.home / "batches" / "old"
    write_file(folder / "job.json", json.dumps({**asked, "options": {}, "started_at": 1.0}).encode())
    write_file(folder / "end.json", b'{"state": "failed", "message": "No key.", "remedy": "Give it."}')
    batches = Batches(settings)
    (batch,) = batches.all()
    assert (batch.state, batch.message, batch.remedy) == ("failed", "No key.", "Give it.")
    batches.restart("old")
    ends = time.monotonic() + 120
    while batches.batch("old").state == "running" and time.monotonic() < ends:
        time.sleep(0.1)
    assert batches.batch("old").state == "done" and batches.report("old").num_items > 0


def test_an_unknown_set_is_named() -> None:
    with pytest.raises(OptionError, match="no set"):
        Batches(load_settings()).batch("nothing")
