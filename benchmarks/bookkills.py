"""`python -m catena.benchmarks.bookkills sets|runs`: kill a job again and again, and let it go on.

`sets` makes questions about books of which a fifth are broken; `runs` has systems answer a set and a model judge them.
However often it is killed, what it kept is what an undisturbed run keeps, each result there once, and after each kill
no more calls of the model are made a second time than may be under way.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from catena.arena_runs import AnswerOptions, ArenaOptions, answer_set, judge_runs
from catena.benchmarks import bookwriter
from catena.benchmarks.chainkills import ANY_MOMENT, Watch
from catena.benchmarks.novels import write_novel
from catena.bookqa import rule_questions
from catena.bookqa.book_set_runs import GenerateOptions, generate, journal_path
from catena.bookqa.generator import Order
from catena.bookqa.result_store import Journal
from catena.client import Catena
from catena.files import failpoints
from catena.llm import litellm_catalogue
from catena.settings import Settings
from catena.testing import StubModel

MODEL = "openai/stub"
RULES = "catena.benchmarks.bookkills:reply"
ORDER = Order(2, ("facts", "local"), model=MODEL)
SYSTEMS = ("none", "retrieve", "bm25")
NUM_PARAGRAPHS = 30
BROKEN = 5
"""Every so-manieth book cannot be read."""
KILLS_PER_JOB = 25
LATENCY = 0.01
SECONDS = (0.2, 4.0)
"""After which a child is killed that dies at any moment, at least and at most."""
POINTS, MAX_PASSED = ("before-commit", "after-commit", ANY_MOMENT), 60
"""Points at which a child dies, and the most passings before."""
POLL_SECONDS = 0.05
_VOLATILE = ("seconds", "usage")
"""Of a response: a resumed run takes another time, and what the cache serves costs nothing."""
Kept = dict[str, list[tuple[str, ...]]]


def reply(request: Mapping[str, Any]) -> str:
    """Judge by the sum of the letters, or write and read as `bookwriter` does."""
    system, user = (message["content"] for message in request["messages"][-2:])
    if system.startswith("You compare"):
        return f"Better: {('1', '2', 'tie')[sum(map(ord, user)) % 3]}"
    return bookwriter.reply(request)


def write_books(home: Path, num: int) -> None:
    """Small novels, and between them PDFs that are cut off."""
    (home / "books").mkdir(parents=True)
    for number in range(num):
        path = home / "books" / f"{number:03}"
        if number % BROKEN == 0:
            path.with_suffix(".pdf").write_bytes(b"%PDF-1.4 " + bytes([number]))
        else:
            path.with_suffix(".md").write_text(write_novel(NUM_PARAGRAPHS, number), "utf-8")


def write_set(home: Path, num: int) -> None:
    """A library with so many books, and a set about them made by rule."""
    write_books(home, num)
    with Catena(settings=Settings(home=home, background=False)) as catena:
        generate(catena, [home / "books"], Order(6, rule_questions.KINDS), home / "given.jsonl")


def make_set(catena: Catena, home: Path, concurrency: int) -> None:
    generate(catena, [home / "books"], ORDER, home / "out/set.jsonl", GenerateOptions(concurrency))


def answer_and_judge(catena: Catena, home: Path, concurrency: int) -> None:
    answer_set(catena, home / "given.jsonl", SYSTEMS, home / "out", AnswerOptions(MODEL, concurrency))
    judge_runs(catena, home / "out", [MODEL], ArenaOptions(concurrency=concurrency))


@dataclass(frozen=True, slots=True)
class Job:
    """A victim: `prepare` writes into a folder what `work` is given there."""

    prepare: Callable[[Path, int], None]
    work: Callable[[Catena, Path, int], None]


JOBS = {"sets": Job(write_books, make_set), "runs": Job(write_set, answer_and_judge)}


def run_child(
    job: Job, home: Path, url: str, concurrency: int, fault: str = "", seconds: float = 0.0
) -> bool:
    """Work in a child that dies at a failpoint, after so many seconds, or not; return whether it died."""
    child = os.fork()
    if child == 0:
        try:
            failpoints.arm(fault)
            settings = Settings(
                home=home, model=MODEL, api_base=url, background=False, model_concurrency=concurrency
            )
            with Catena(settings=settings) as catena:
                job.work(catena, home, concurrency)
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    if seconds:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("a child failed by itself")
    return os.WIFSIGNALED(status)


def killed_child(job: Job, home: Path, url: str, concurrency: int, drawn: random.Random) -> bool:
    """Around the commit that keeps a reply or a result, or at any moment."""
    point = drawn.choice(POINTS)
    if point == ANY_MOMENT:
        return run_child(job, home, url, concurrency, seconds=drawn.uniform(*SECONDS))
    return run_child(job, home, url, concurrency, f"{point}:{drawn.randint(1, MAX_PASSED)}")


def resume(home: Path, url: str, concurrency: int) -> tuple[float, float] | None:
    """Go on with a set by the command, to its end. From its start to the first new result on disk: seconds, and seconds
    of processor; nothing where no result was left to make."""
    out = home / "out/set.jsonl"
    command = [sys.executable, "-c", "from catena.app.cli import main; main()", "generate"]
    command += [str(home / "books"), "-o", str(out), "-n", str(ORDER.num), "--kinds", ",".join(ORDER.kinds)]
    command += ["--model", MODEL, "--api-base", url, "--home", str(home), "--concurrency", str(concurrency)]
    with Journal(journal_path(out)) as journal:
        before, began = journal.count(), time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as working:
            while journal.count() == before:
                if working.poll() is not None:
                    return None
                time.sleep(POLL_SECONDS)
            return time.monotonic() - began, _processor_seconds(working.pid)


def _processor_seconds(pid: int) -> float:
    """Of a process and those it started."""
    total = 0.0
    for one in (parent := psutil.Process(pid), *parent.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def kept_in(out: Path) -> Kept:
    """Every result and failure of each database, and the lines of each file, without what may differ."""
    found: Kept = {}
    for path in sorted(out.rglob("*.db")):
        database = sqlite3.connect(path)
        for table in ("results", "failures"):
            rows = database.execute(f"SELECT key, value FROM {table} ORDER BY key")
            found[f"{path.name} {table}"] = [(key, _same(value)) for key, value in rows]
        database.close()
    for path in sorted(out.rglob("*.jsonl")):
        found[path.name] = [(_same(line),) for line in path.read_text("utf-8").splitlines()]
    return found


def _same(value: str) -> str:
    told = json.loads(value)
    return json.dumps({name: told[name] for name in told if name not in _VOLATILE})


@dataclass
class Outcome:
    """Calls repeated after each kill, what `resume` says, what was kept in all, and what was wrong."""

    repeated: Counter[int] = field(default_factory=Counter)
    resumes: list[tuple[float, float]] = field(default_factory=list)
    kept: str = ""
    wrong: list[str] = field(default_factory=list)


def run(what: str, num_kills: int, num_books: int, concurrency: int, seed: int) -> Outcome:
    """Kill until it was often enough."""
    job, drawn, found = JOBS[what], random.Random(seed), Outcome()
    importlib.import_module("catena.agents.graph")  # here, so that no child has to: children are forks
    asyncio.run(litellm_catalogue.loaded())
    with tempfile.TemporaryDirectory() as name:
        given, home = Path(name) / "given", Path(name) / "home"
        job.prepare(given, num_books)
        shutil.copytree(given, home)
        with StubModel(rules=RULES, latency=LATENCY) as stub:
            run_child(job, home, stub.url, concurrency)
            num_calls = len(stub.requests())
        expected = kept_in(home / "out")
        found.kept = ", ".join(f"{len(rows)} {name}" for name, rows in expected.items())
        left = num_kills
        while left:
            shutil.rmtree(home)
            shutil.copytree(given, home)
            left -= _killed_job(job, home, concurrency, drawn, num_calls, min(KILLS_PER_JOB, left), found)
            found.wrong += ["what was kept is another"] if kept_in(home / "out") != expected else []
    return found


def _killed_job(
    job: Job, home: Path, concurrency: int, drawn: random.Random, num_calls: int, most: int, found: Outcome
) -> int:
    """One job, killed at most so often, and then finished; return how often it was killed."""
    with StubModel(rules=RULES, latency=LATENCY) as stub:
        watch, num_killed, num_repeated = Watch(), 0, 0

        def look() -> None:  # what one kill lost may be repeated after the next: the sums are compared
            nonlocal num_repeated
            again = watch.count_repeated(stub)
            found.repeated[again] += 1
            num_repeated += again
            if num_repeated > concurrency * num_killed:
                found.wrong.append(f"{num_repeated} calls repeated after {num_killed} kills")

        while num_killed < most and killed_child(job, home, stub.url, concurrency, drawn):
            num_killed += 1
            look()
        look()
        if job.work is make_set and num_killed == most:
            found.resumes += filter(None, [resume(home, stub.url, concurrency)])
        else:
            run_child(job, home, stub.url, concurrency)
        look()
        found.wrong += [f"{len(watch.sent)} calls, not {num_calls}"] if len(watch.sent) != num_calls else []
        return num_killed


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=JOBS)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--books", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    found = run(options.what, options.kills, options.books, options.concurrency, options.seed)
    calls = ", ".join(f"{times} times {count}" for count, times in sorted(found.repeated.items()))
    print(f"kept of {options.books} books: {found.kept}")
    print(f"calls repeated when a job went on, {options.concurrency} at once: {calls}")
    for seconds, processor in found.resumes:
        print(
            f"resumed by the command: first new result after {seconds:.1f} s, {processor:.1f} s of processor"
        )
    print(f"{options.kills} kills in {time.perf_counter() - began:.0f} s, {len(found.wrong)} wrong")
    for one in found.wrong:
        print(one)
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
