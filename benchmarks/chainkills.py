"""`catena eval chainkills`: kill a process again and again while a chain reads a book, and resume it.

However often it is killed, the answer is the one that an undisturbed run gives, it is kept once, and after each kill
at most one call of the model is made a second time.
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
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from catena import AskOptions, Catena
from catena.benchmarks.planted_books import make
from catena.events import Event
from catena.files import failpoints
from catena.llm import litellm_catalogue
from catena.settings import Settings
from catena.testing import StubModel

ANY_MOMENT, AFTER_NOTE = "any-moment", "after-note"
POINTS = ("before-commit", "after-commit", AFTER_NOTE, ANY_MOMENT)
"""The first two are around the transaction that keeps a reply of the model."""
KILLS_PER_RUN = 8
NUM_WORDS = 4000
WINDOW = 2048
LATENCY = 0.02
RULES = "catena.benchmarks.bookreader:reply"
Json = dict[str, Any]


@dataclass
class Watch:
    """Prompts sent to the model during one run, child by child."""

    sent: set[str] = field(default_factory=set)
    num_sent: int = 0

    def count_repeated(self, stub: StubModel) -> int:
        """Count the calls since the last look that had been made before."""
        bodies = [json.dumps(request["messages"]) for request in stub.requests()[self.num_sent :]]
        repeated = sum(count - (body not in self.sent) for body, count in Counter(bodies).items())
        self.sent.update(bodies)
        self.num_sent += len(bodies)
        return repeated


def ask(home: Path, url: str, question: str, kill_at_note: int = 0) -> None:
    """The victim: ask, or resume what was asked."""
    settings = Settings(home=home, model="openai/stub", api_base=url, context_window=WINDOW, background=False)
    notes = 0

    def on_event(event: Event) -> None:
        nonlocal notes
        notes += event.kind == "note"
        if event.kind == "note" and notes == kill_at_note:
            os.kill(os.getpid(), signal.SIGKILL)

    with Catena(settings=settings) as catena:
        begun = catena.questions.unfinished()
        if begun:
            catena.resume(begun[0].run_id, on_event=on_event)
        elif not catena.history():
            catena.ask(question, options=AskOptions(strategy="chain"), on_event=on_event)


def run_child(home: Path, url: str, question: str, point: str, drawn: random.Random, seconds: float) -> bool:
    """Ask in a child that dies on the way, or not; return whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            is_named = point in failpoints.POINTS
            failpoints.arm(f"{point}:{drawn.randint(1, 6)}" if is_named else "")
            ask(home, url, question, drawn.randint(1, 4) if point == AFTER_NOTE else 0)
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    if point == ANY_MOMENT:
        time.sleep(drawn.uniform(0, seconds))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("a child failed by itself")
    return os.WIFSIGNALED(status)


def answer_of(home: Path) -> tuple[Json, list[str]]:
    """The part of the answer that no run may change, and what is wrong with how it is kept."""
    with Catena(settings=Settings(home=home, background=False)) as catena:
        answers, unfinished = catena.library.history.answers(), catena.questions.unfinished()
    wrong = [f"{len(answers)} answers are kept"] if len(answers) != 1 else []
    wrong += [f"{len(unfinished)} runs are left unfinished"] if unfinished else []
    kept = answers[0].data if answers else {}
    same = ("text", "status", "statements", "citations", "coverage", "warnings", "stopped")
    return {key: kept.get(key) for key in same}, wrong


def prepare(folder: Path) -> tuple[Path, str]:
    """A library with one book, and the question."""
    book = make(NUM_WORDS)
    path = folder / "book.md"
    path.write_text(book.text, encoding="utf-8")
    with Catena(settings=Settings(home=folder / "library", background=False)) as catena:
        catena.add(path)
    return folder / "library", book.tasks[0].question


def _load() -> None:
    """Import here what takes seconds, so that no child has to: children are forks."""
    for name in ("catena.agents.graph", "catena.agents.generative.chain"):
        importlib.import_module(name)
    asyncio.run(litellm_catalogue.loaded())


def run(num_kills: int, seed: int) -> tuple[Counter[str], Counter[int], list[str]]:
    """Kill until there were enough kills; return how many at each point, calls repeated, and all that was wrong."""
    drawn = random.Random(seed)
    killed: Counter[str] = Counter()
    repeated: Counter[int] = Counter()
    wrong: list[str] = []
    points = cycle(POINTS)
    _load()
    with tempfile.TemporaryDirectory() as name:
        library, question = prepare(Path(name))
        expected, num_calls, seconds = _undisturbed(Path(name) / "calm", library, question, drawn)
        while killed.total() < num_kills:
            home = Path(name) / f"home{killed.total()}"
            shutil.copytree(library, home)
            with StubModel(rules=RULES, options={"forget": 0.1}, latency=LATENCY) as stub:
                watch = Watch()
                for _ in range(min(KILLS_PER_RUN, num_kills - killed.total())):
                    point = next(points)
                    is_killed = run_child(home, stub.url, question, point, drawn, seconds)
                    again = watch.count_repeated(stub)
                    repeated[again] += 1
                    wrong += [f"{again} calls repeated after a kill"] if again > 1 else []
                    if not is_killed:
                        break
                    killed[point] += 1
                run_child(home, stub.url, question, "", drawn, seconds)
                repeated[watch.count_repeated(stub)] += 1
            answer, faulty = answer_of(home)
            wrong += faulty + (["the answer is another"] if answer != expected else [])
            wrong += [f"{len(watch.sent)} calls, not {num_calls}"] if len(watch.sent) != num_calls else []
            shutil.rmtree(home)
    return killed, repeated, wrong


def _undisturbed(home: Path, library: Path, question: str, drawn: random.Random) -> tuple[Json, int, float]:
    """The answer of a run that nobody kills, how many calls it takes, and how many seconds."""
    shutil.copytree(library, home)
    with StubModel(rules=RULES, options={"forget": 0.1}, latency=LATENCY) as stub:
        began = time.perf_counter()
        run_child(home, stub.url, question, "", drawn, 0.0)
        seconds = time.perf_counter() - began
        return answer_of(home)[0], len(stub.requests()), seconds


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    killed, repeated, wrong = run(options.kills, options.seed)
    for name in POINTS:
        print(f"{name:20} {killed[name]:4} {'#' * killed[name]}")
    calls = ", ".join(f"{times} times {count}" for count, times in sorted(repeated.items()))
    print(f"calls repeated when a run went on: {calls}")
    print(f"{killed.total()} kills in {time.perf_counter() - began:.0f} s, {len(wrong)} wrong")
    for one in wrong:
        print(one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
