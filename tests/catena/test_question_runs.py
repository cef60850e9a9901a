"""Questions in processes of their own: they outlive whoever asked, can be watched, cancelled and gone on with."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from catena import AskOptions, Catena, OptionError
from catena.agents.event_stream import EventBatcher
from catena.agents.state import options_to_json
from catena.benchmarks.novels import write_novel
from catena.events import Event
from catena.files.file_lock import FileLock
from catena.jobs.job_queue import open_jobs
from catena.question_runs import MAX_AT_ONCE, Run, Runs
from catena.render.answer_json import from_json
from catena.settings import load_settings
from catena.testing import StubModel
from catena.types import Strategy

QUESTION = "How long does the battery of the lantern last?"
KEY = {"OPENAI_API_KEY": "sk-seen-by-nobody"}


@pytest.fixture
def slow() -> Iterator[StubModel]:
    with StubModel(latency=2.5) as stub:
        yield stub


def started(home: Path, manual: Path, url: str, strategy: Strategy = "chain") -> tuple[Catena, Run]:
    catena = Catena(home, model="openai/stub", api_base=url)
    catena.add(manual)
    return catena, catena.questions.start(QUESTION, options=AskOptions(strategy), keys=KEY)


def wait_until(condition: Callable[[], object], seconds: float = 90.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.1)


def processes(run: Run) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "catena.jobs.worker" in command and any(run.run_id in word for word in command):
            found.append(process)
    return found


def test_a_run_that_ends_while_it_is_looked_at_is_never_interrupted() -> None:
    runs = Runs(load_settings())

    def finish(run: Run) -> None:
        with runs.working_on(run.run_id):
            working.set()
            time.sleep(0.001)
            runs.tell(run.run_id, Event("answer", ""))

    for n in range(100):
        run, working = Run(f"run{n}", QUESTION, (), AskOptions(), 0.0), threading.Event()
        runs.keep(run)
        worker = threading.Thread(target=finish, args=(run,))
        worker.start()
        working.wait()
        while (state := runs.run(run.run_id).state) == "running":
            pass
        worker.join()
        assert state == "answered"


def test_a_run_that_is_being_begun_is_listed_whole_or_not_at_all() -> None:
    runs = Runs(load_settings())

    def begin() -> None:
        for n in range(200):
            runs.keep(Run(f"run{n}", QUESTION, (), AskOptions(), time.time()))

    beginning = threading.Thread(target=begin)
    beginning.start()
    while beginning.is_alive():
        runs.all(2)  # raised OptionError: "There is no run"
    assert len(runs.all()) == 200


def test_a_run_outlives_the_client_that_started_it(home: Path, manual: Path) -> None:
    with StubModel() as stub:
        catena, run = started(home, manual, stub.url, "full")
        catena.close()
        with Catena(home) as other:
            events = list(other.runs.follow(run.run_id))
            assert other.runs.run(run.run_id).state == "answered"
            assert "forty hours" in from_json(events[-1].data).text
            assert other.history(1)[0].run_id == run.run_id
    assert {"route", "token", "statement", "answer"} <= {event.kind for event in events}


def test_cancelling_ends_the_process_within_five_seconds(home: Path, manual: Path, slow: StubModel) -> None:
    catena, run = started(home, manual, slow.url)
    with catena:
        wait_until(slow.requests)
        begin, num = time.monotonic(), len(slow.requests())
        catena.runs.cancel(run.run_id)
        wait_until(lambda: catena.runs.run(run.run_id).state == "cancelled", 5.0)
        wait_until(lambda: not processes(run), 5.0 - (time.monotonic() - begin))
    assert len(slow.requests()) == num


def test_a_killed_run_is_interrupted_and_goes_on_without_reading_again(
    home: Path, manual: Path, slow: StubModel
) -> None:
    catena, run = started(home, manual, slow.url)
    with catena:
        wait_until(lambda: any(event.kind == "note" for event in catena.runs.events(run.run_id)))
        for process in processes(run):
            os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: catena.runs.run(run.run_id).state == "interrupted")
        catena.runs.restart(run.run_id, keys=KEY)
        events = list(catena.runs.follow(run.run_id))
    assert events[-1].kind == "answer" and sum(event.kind == "note" for event in events) == 1


def test_the_key_of_a_model_is_on_no_disk(home: Path, manual: Path) -> None:
    with StubModel() as stub:
        catena, run = started(home, manual, stub.url)
        with catena:
            list(catena.runs.follow(run.run_id))
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert KEY["OPENAI_API_KEY"].encode() not in kept


def asked_here(catena: Catena, folder: Path) -> Run:
    """A question of which the embedded reader takes seconds: it reads a novel whole."""
    (folder / "novel.txt").write_text(write_novel(300, 1), "utf-8")
    document = catena.add(folder / "novel.txt")
    options = AskOptions("chain", model="")
    return catena.questions.start(QUESTION, documents=[document], options=options, is_here=True)


def test_what_a_process_reads_itself_is_gone_on_with_by_the_next(home: Path, tmp_path: Path) -> None:
    with Catena(home) as catena:
        run = asked_here(catena, tmp_path)
        assert [one.run_id for one in catena.runs.under_way()] == [run.run_id]
        wait_until(lambda: any(event.kind == "note" for event in catena.runs.events(run.run_id)))
    with Catena(home) as other:
        assert other.runs.run(run.run_id).state == "interrupted"
        other.questions.resume_here(run.run_id)
        told = [event.message for event in other.runs.follow(run.run_id) if event.kind == "note"]
        assert other.history(1)[0].run_id == run.run_id
    assert len(told) == len(set(told)), "no part is read twice"


def test_what_a_process_reads_itself_is_cancelled_as_any_run(home: Path, tmp_path: Path) -> None:
    with Catena(home) as catena:
        run = asked_here(catena, tmp_path)
        catena.runs.cancel(run.run_id)
        assert list(catena.runs.follow(run.run_id))[-1].kind == "cancelled"
        assert not catena.runs.under_way() and not catena.history()


def test_why_a_run_failed_is_said(home: Path, manual: Path) -> None:
    catena, run = started(home, manual, "http://127.0.0.1:9/v1")
    with catena:
        list(catena.runs.follow(run.run_id))
        found = catena.runs.run(run.run_id)
    assert found.state == "failed" and found.message and found.remedy


def test_a_run_is_worked_on_once(home: Path, manual: Path, slow: StubModel) -> None:
    catena, run = started(home, manual, slow.url)
    with catena:
        wait_until(catena.questions.unfinished)
        with pytest.raises(OptionError, match="Another process"):
            catena.resume(run.run_id)
        catena.runs.cancel(run.run_id)
        list(catena.runs.follow(run.run_id))


def test_what_is_kept_of_a_run_goes_with_its_document(home: Path, manual: Path) -> None:
    with Catena(home) as catena:
        document = catena.add(manual)
        run = Run("1" * 32, QUESTION, (document.id,), AskOptions(), time.time())
        catena.runs.keep(run, [Event("route", "retrieve", {"strategy": "retrieve"})])
        assert [event.kind for event in catena.runs.events(run.run_id)] == ["route"]
        catena.remove(document)
        assert catena.runs.all() == []


@pytest.mark.parametrize("run_id", ["nothing", "../../etc/passwd", ""])
def test_an_unknown_run_is_refused_by_name(home: Path, run_id: str) -> None:
    with pytest.raises(OptionError, match="run"):
        Runs(load_settings(home=home)).run(run_id)


def test_a_run_of_an_older_version_is_listed_as_it_stands(home: Path) -> None:
    asked = {
        "question": QUESTION,
        "documents": ["ab"],
        "options": options_to_json(AskOptions()),
        "asked_at": 5.0,
    }
    told = {"kind": "failed", "message": "No key.", "data": {"remedy": "Give it."}}
    (home / "runs").mkdir(parents=True)
    lines = [json.dumps(asked), json.dumps({"kind": "route", "message": "", "data": {}}), json.dumps(told)]
    (home / "runs" / "a1.jsonl").write_text("\n".join(lines) + "\n")
    (home / "runs" / "b2.jsonl").write_text("\n".join(lines[:2]) + "\n")
    (home / "runs" / "c3.jsonl").write_bytes(b"\0" * 99)
    runs = Runs(load_settings(home=home))
    assert {run.run_id: run.state for run in runs.all()} == {"a1": "failed", "b2": "interrupted"}
    assert (runs.run("a1").remedy, runs.run("a1").question) == ("Give it.", QUESTION)
    assert [event.kind for event in runs.events("b2")] == ["route"]
    assert [path.name for path in (home / "runs").iterdir()] == ["c3.jsonl"]


def test_two_watch_one_run_and_see_the_same(home: Path, manual: Path) -> None:
    with StubModel() as stub:
        catena, run = started(home, manual, stub.url)
        with catena, Catena(home) as other, ThreadPoolExecutor() as watchers:
            seen = watchers.map(lambda one: list(one.runs.follow(run.run_id)), (catena, other))
            first, second = seen
    assert first == second and first[-1].kind == "answer"
    assert catena.runs.events(run.run_id, after=len(first) - 1) == first[-1:]


def test_a_run_that_another_command_resumes_is_answered_for_its_watchers(
    home: Path, manual: Path, slow: StubModel
) -> None:
    catena, run = started(home, manual, slow.url)
    with catena:
        wait_until(catena.questions.unfinished)
        catena.runs.cancel(run.run_id)
        wait_until(lambda: catena.runs.run(run.run_id).state == "cancelled")
        catena.resume(run.run_id[:8])
        assert catena.runs.run(run.run_id).state == "answered"


def test_a_run_killed_after_its_answer_was_kept_does_not_read_again(home: Path, manual: Path) -> None:
    with StubModel() as stub:
        catena, run = started(home, manual, stub.url)
        with catena:
            list(catena.runs.follow(run.run_id))
            jobs = open_jobs(home)
            events = jobs.events(run.run_id)[:-1]
            jobs.begin(run.run_id, "question", jobs.named(run.run_id).payload, events=events)
            num = len(stub.requests())
            answer = asyncio.run(catena.questions.work_on(run.run_id))
        assert answer.run_id == run.run_id and len(stub.requests()) == num
        assert catena.runs.run(run.run_id).state == "answered"


class Unspawned(Runs):
    """Runs whose processes are left out: what is counted is what was begun."""

    def _spawn(self, run_id: str, keys: Mapping[str, str]) -> None:
        pass


def test_runs_that_start_at_once_are_no_more_than_may_be(home: Path) -> None:
    settings, barrier = load_settings(home=home), threading.Barrier(8)

    def start(number: int) -> bool:
        barrier.wait()
        try:
            Unspawned(settings).start(Run(f"{number:032x}", QUESTION, (), AskOptions(), time.time()))
        except OptionError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(start, range(8))) == MAX_AT_ONCE


def test_states_of_many_long_runs_are_listed_at_once(home: Path) -> None:
    runs = Runs(load_settings(home=home))
    tokens = [Event("token", "word " * 50, {"text": "word " * 50})] * 200
    for number in range(100):
        run = Run(f"{number:032x}", QUESTION, (), AskOptions(), time.time())
        runs.keep(run, [*tokens, Event("answer", "", {})])
    begin = time.monotonic()
    assert {run.state for run in runs.all()} == {"answered"}
    assert time.monotonic() - begin < 10  # 0.1 s when nothing else runs


def test_pieces_of_an_answer_are_written_together() -> None:
    told: list[Event] = []
    together = EventBatcher(told.append, clock=iter([0.0, 0.1, 0.2, 0.3]).__next__)
    together(Event("token", "", {"text": None}))
    for piece in ("a", "b", "c"):
        together(Event("token", piece, {"text": piece}))
    together(Event("done", "", {}))
    assert [event.data.get("text") for event in told] == [None, "abc", None]


def test_a_lock_whose_file_was_deleted_meanwhile_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    held, late = FileLock(path), FileLock(path)
    held.acquire(wait=True)
    with ThreadPoolExecutor() as thread:
        waiting = thread.submit(late.acquire, wait=True)
        time.sleep(0.2)
        path.unlink()
        held.release()
        assert waiting.result(5) and not FileLock(path).acquire(wait=False)
