"""`python -m catena.evaluation.bookkills`: kill a job over 200 books again and again, a fifth of them broken.

However often it is killed, its results and failures are those of an undisturbed run, each there once, and after each
kill no more calls of the model are made a second time than were under way.
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
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from catena.agents.bookqa.generating import Order
from catena.bookqa import GenerateOptions, Progress, generate, journal_path
from catena.client import Catena
from catena.evaluation.chainkills import Watch
from catena.evaluation.novels import write_novel
from catena.models import catalogue
from catena.settings import Settings
from catena.testing import StubModel

MODEL = "openai/stub"
RULES = "catena.evaluation.bookwriter:reply"
ORDER = Order(2, ("facts", "local"), model=MODEL)
NUM_PARAGRAPHS = 30
BROKEN = 5
"""Every so-manieth book cannot be read."""
KILLS_PER_JOB = 25
LATENCY = 0.01
SECONDS = (0.2, 4.0)
"""After which a child is killed, at least and at most."""
Rows = list[tuple[str, str, str]]


def write_books(folder: Path, num: int) -> list[Path]:
    """Small novels, and between them PDFs that are cut off."""
    folder.mkdir()
    for number in range(num):
        if number % BROKEN == 0:
            (folder / f"{number:03}.pdf").write_bytes(b"%PDF-1.4 " + bytes([number]))
        else:
            (folder / f"{number:03}.md").write_text(write_novel(NUM_PARAGRAPHS, number), "utf-8")
    return sorted(folder.iterdir())


def work(home: Path, url: str, books: Sequence[Path], concurrency: int) -> None:
    """What is killed. Notes how long it took from its start to the first new result."""
    began = time.monotonic()
    first = home / "first.txt"

    def on_progress(now: Progress) -> None:
        if now.usage.calls and not first.exists():
            first.write_text(str(time.monotonic() - began))

    settings = Settings(home=home, model=MODEL, api_base=url, background=False)
    with Catena(settings=settings) as catena:
        generate(catena, books, ORDER, home / "set.jsonl", GenerateOptions(concurrency), on_progress)


def run_child(home: Path, url: str, books: Sequence[Path], concurrency: int, seconds: float | None) -> bool:
    """Work in a child, killed after so long; return whether it was."""
    child = os.fork()
    if child == 0:
        try:
            work(home, url, books, concurrency)
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("a child failed by itself")
    return os.WIFSIGNALED(status)


def rows_of(home: Path) -> tuple[Rows, list[str]]:
    """Every result and failure as it stands in the database, and the lines of the set."""
    database = sqlite3.connect(journal_path(home / "set.jsonl"))
    found = [
        (table, key, value)
        for table in ("results", "failures")
        for key, value in database.execute(f"SELECT key, value FROM {table} ORDER BY key")
    ]
    database.close()
    return found, (home / "set.jsonl").read_text("utf-8").splitlines()


def run(num_kills: int, num_books: int, concurrency: int, seed: int) -> tuple[Counter[int], float, list[str]]:
    """Kill until it was often enough; return calls repeated after each kill, the slowest resume, and what was wrong."""
    drawn = random.Random(seed)
    repeated: Counter[int] = Counter()
    wrong: list[str] = []
    slowest = 0.0
    importlib.import_module("catena.agents.graph")
    asyncio.run(catalogue.loaded())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        books = write_books(folder / "books", num_books)
        with StubModel(rules=RULES, latency=LATENCY) as stub:
            run_child(folder / "calm", stub.url, books, concurrency, None)
            num_calls = len(stub.requests())
        expected = rows_of(folder / "calm")
        num_killed = 0
        while num_killed < num_kills:
            home = folder / f"home{num_killed}"
            with StubModel(rules=RULES, latency=LATENCY) as stub:
                watch = Watch()
                for _ in range(min(KILLS_PER_JOB, num_kills - num_killed)):
                    (home / "first.txt").unlink(missing_ok=True)
                    is_killed = run_child(home, stub.url, books, concurrency, drawn.uniform(*SECONDS))
                    again = watch.count_repeated(stub)
                    repeated[again] += 1
                    wrong += [f"{again} calls repeated after a kill"] if again > concurrency else []
                    if not is_killed:
                        break
                    num_killed += 1
                (home / "first.txt").unlink(missing_ok=True)
                run_child(home, stub.url, books, concurrency, None)
                repeated[watch.count_repeated(stub)] += 1
                if (home / "first.txt").exists():
                    slowest = max(slowest, float((home / "first.txt").read_text()))
                wrong += [f"{len(watch.sent)} calls, not {num_calls}"] if len(watch.sent) != num_calls else []
            wrong += ["the database is another"] if rows_of(home) != expected else []
            shutil.rmtree(home)
        kinds = Counter(table for table, _, _ in expected[0])
        print(f"{num_books} books: {json.dumps(kinds)}, {len(expected[1])} items, {num_calls} calls")
    return repeated, slowest, wrong


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--books", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    repeated, slowest, wrong = run(options.kills, options.books, options.concurrency, options.seed)
    calls = ", ".join(f"{times} times {count}" for count, times in sorted(repeated.items()))
    print(f"calls repeated when a job went on, {options.concurrency} at once: {calls}")
    print(f"slowest resume, from its start to the first new item: {slowest:.1f} s")
    print(f"{options.kills} kills in {time.perf_counter() - began:.0f} s, {len(wrong)} wrong")
    for one in wrong:
        print(one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
