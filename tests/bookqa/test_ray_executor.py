"""The same set on a Ray of two workers, one of which is killed."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psutil
import pytest

from catena.benchmarks.novels import write_novel
from catena.bookqa.book_set_runs import GenerateOptions, generate, journal_path
from catena.bookqa.book_sets import ITEMS
from catena.bookqa.generator import Order
from catena.bookqa.result_store import Journal
from catena.client import Catena
from catena.testing import StubModel

pytest.importorskip("ray", reason="the extra `ray` is not installed")
MODEL = "openai/stub"
ORDER = Order(8, ("arc", "local"), model=MODEL)


def kill_a_worker(after: Path, killed: list[int]) -> None:
    """Kill one of our Ray workers once some items are kept."""
    ends = time.monotonic() + 240
    while time.monotonic() < ends:
        with Journal(after) as journal:
            is_begun = journal.count(ITEMS) >= 3
        for process in psutil.Process().children(recursive=True) if is_begun else ():
            if any("ray::_on_worker" in part for part in process.cmdline()):
                process.kill()
                killed.append(process.pid)
                return
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_killed_worker_loses_and_doubles_nothing(tmp_path: Path) -> None:
    books = []
    for seed in range(4):
        books.append(tmp_path / f"{seed}.md")
        books[-1].write_text(write_novel(40, seed))
    with StubModel(rules="catena.benchmarks.bookwriter:reply", latency=0.5) as stub:
        with Catena(model=MODEL, api_base=stub.url) as catena:
            out, killed = tmp_path / "ray.jsonl", list[int]()
            Journal(journal_path(out)).close()
            killer = threading.Thread(target=kill_a_worker, args=(journal_path(out), killed))
            killer.start()
            report = generate(catena, books, ORDER, out, GenerateOptions(engine="ray", concurrency=4))
            killer.join()
            num_calls = len(stub.requests())
        with Catena(tmp_path / "other", model=MODEL, api_base=stub.url) as catena:
            generate(catena, books, ORDER, tmp_path / "local.jsonl", GenerateOptions(concurrency=8))
            num_local = len(stub.requests()) - num_calls
    assert killed and not report.failures
    assert out.read_bytes() == (tmp_path / "local.jsonl").read_bytes()
    assert num_local <= num_calls <= num_local + 2
