"""`catena eval kills`: kill a process at named points while it writes a library, and look.

After each kill the library is opened again: what was reported done is there, nothing is there twice or half, what
was removed is in no file any more, and the doctor finds nothing.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from catena.benchmarks import synthetic
from catena.files import failpoints
from catena.files.atomic_files import write_file
from catena.jobs.job_queue import open_jobs
from catena.library.library import Library
from catena.types import PageRef

ANY_MOMENT = "any-moment"
CACHE = "cache"
POINTS = (*failpoints.POINTS, ANY_MOMENT)
KILLS_PER_LIBRARY = 15
NUM_PAGES = 2
NUM_PASSAGES = NUM_PAGES * synthetic.PASSAGES_PER_PAGE
Report = Callable[[str, int], None]


@dataclass
class Ledger:
    """Reports of the children on one library: what they were about to do, and what was done."""

    added: set[int] = field(default_factory=set)
    begun: set[int] = field(default_factory=set)
    filled: set[int] = field(default_factory=set)
    removing: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)
    jobs: Counter[int] = field(default_factory=Counter)
    written: int = 0

    def note(self, what: str, seed: int) -> None:
        if what == "written":
            self.written = seed
        elif what == "jobs":
            self.jobs[seed] += 1
        else:
            getattr(self, what).add(seed)


def work(home: Path, seeds: Sequence[int], report: Report) -> None:
    """The victim: add, add again, fill, write a cache, queue a job, remove."""
    with Library(home) as library:
        jobs = open_jobs(home)
        for seed in seeds:
            path = home.parent / f"{seed}.pdf"
            report("begun", seed)
            document = synthetic.add(library, path, seed, NUM_PAGES)
            report("added", seed)
            library.store_original(path)
            library.add_source(document.id, f"{path}.copy", "The same again")
            library.vectors.put(document.id, range(NUM_PASSAGES), synthetic.vectors(seed, NUM_PASSAGES))
            report("filled", seed)
            write_file(home / CACHE, b"%d" % seed * 1000)
            report("written", seed)
            jobs.enqueue("fill", {"seed": seed})
            report("jobs", seed)
            if seed % 2:
                report("removing", seed)
                library.remove(document.id)
                report("removed", seed)


def verify(home: Path, ledger: Ledger) -> list[str]:
    """Return the faults after a kill."""
    wrong: list[str] = []
    with Library(home) as library:
        wrong += [f"doctor: {problem.message}" for problem in library.check()]
        there = [document.id for document in library.documents()]
        wrong += [
            f"{one[:8]} is there {there.count(one)} times" for one in set(there) if there.count(one) > 1
        ]
        for seed in ledger.begun:
            is_there = synthetic.file_id(seed) in there
            if seed in ledger.added and seed not in ledger.removing and not is_there:
                wrong.append(f"document {seed} is lost")
            if seed in ledger.removed and is_there:
                wrong.append(f"document {seed} was removed and is there")
            wrong += _document(library, seed, seed in ledger.filled) if is_there else _traces(home, seed)
        waiting = Counter(job.payload["seed"] for job in open_jobs(home).list(limit=10_000))
        wrong += [f"job {seed} is there {waiting[seed]} times" for seed in ledger.jobs if waiting[seed] != 1]
    cache = home / CACHE
    if ledger.written and not _is_whole(_bytes(cache)):
        wrong.append("half a cache file")
    return wrong


def _document(library: Library, seed: int, is_filled: bool) -> list[str]:
    """Return the faults of a document that is there."""
    document_id = synthetic.file_id(seed)
    expected = list(synthetic.pages(seed, NUM_PAGES))
    hits = library.search([synthetic.token(seed)])
    num_vectors = library.vectors.counts([document_id])[0]
    facts = {
        "pages": list(library.pages(document_id)) == [page for page, _ in expected],
        "passages": library.passages(document_id) == [one for _, own in expected for one in own],
        "hits": [found for found, _ in hits] == [document_id],
        "index": library.lexical_index(document_id) == synthetic.token(seed).encode(),
        "vectors": num_vectors == NUM_PASSAGES if is_filled else num_vectors in (0, NUM_PASSAGES),
        "original": _bytes(library.original(document_id)) == synthetic.file_bytes(seed),
        "boxes": len(library.page(PageRef(document_id, 1)).words) > 0,
    }
    return [f"document {seed}: wrong {name}" for name, is_right in facts.items() if not is_right]


def _traces(home: Path, seed: int) -> list[str]:
    """Return the places where text or file of a document still is that is not in the library."""
    needles = (synthetic.token(seed).encode(), synthetic.file_bytes(seed)[:64])
    return [
        f"document {seed} left a trace in {path.relative_to(home)}"
        for path in home.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    ]


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _is_whole(data: bytes) -> bool:
    return len(data) >= 1000 and len(data) % 1000 == 0 and data == data[: len(data) // 1000] * 1000


def run_child(
    home: Path, seeds: Sequence[int], fault: str, kill_after: float | None
) -> tuple[list[str], bool]:
    """Do the work in a child that dies on the way; return its reports and whether it was killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        failpoints.arm(fault)
        try:
            work(home, seeds, lambda what, seed: _send(writer, f"{what} {seed}\n"))
            os._exit(0)
        except BaseException as error:
            _send(writer, f"error {type(error).__name__}: {error}\n")
            os._exit(1)
    os.close(writer)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reader) as pipe:
        lines = pipe.read().splitlines()
    _, status = os.waitpid(child, 0)
    return lines, os.WIFSIGNALED(status)


def _send(descriptor: int, line: str) -> None:
    os.write(descriptor, line.encode())


def count_points(seeds: Sequence[int]) -> tuple[dict[str, int], float]:
    """Count the passings of each point in one run, and its seconds."""
    passed = {}
    for name in failpoints.POINTS:
        with tempfile.TemporaryDirectory() as folder:
            failpoints.arm(f"{name}:0")
            began = time.perf_counter()
            work(Path(folder) / "home", seeds, lambda *_: None)
            seconds = time.perf_counter() - began
            passed[name] = failpoints.passed()
    failpoints.arm("")
    return passed, seconds


def run(num_kills: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Kill until there were enough kills; return how many at each point, and all that was wrong."""
    drawn = random.Random(seed)
    passes, seconds = count_points([1, 2, 3])
    killed: Counter[str] = Counter()
    wrong: list[str] = []
    next_seed = 1
    while killed.total() < num_kills:
        with tempfile.TemporaryDirectory() as folder:
            home, ledger = Path(folder) / "home", Ledger()
            for _ in range(min(KILLS_PER_LIBRARY, num_kills - killed.total())):
                name = POINTS[killed.total() % len(POINTS)]
                is_timed = name == ANY_MOMENT
                fault = "" if is_timed else f"{name}:{drawn.randint(1, passes[name])}"
                delay = drawn.uniform(0, seconds) if is_timed else None
                lines, was_killed = run_child(home, range(next_seed, next_seed + 3), fault, delay)
                next_seed += 3
                killed[name] += was_killed
                found = _note(ledger, lines) + verify(home, ledger)
                wrong += [f"killed at {fault or name}: {one}" for one in found]
    return killed, wrong


def _note(ledger: Ledger, lines: list[str]) -> list[str]:
    errors = []
    for line in lines:
        what, _, rest = line.partition(" ")
        if what == "error":
            errors.append(rest)
        else:
            ledger.note(what, int(rest))
    return errors


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    killed, wrong = run(options.kills, options.seed)
    for name in POINTS:
        print(f"{name:22} {killed[name]:4} {'#' * killed[name]}")
    print(f"{killed.total()} kills in {time.perf_counter() - began:.0f} s, {len(wrong)} wrong")
    for one in wrong:
        print(one)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
