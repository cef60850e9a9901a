"""Twenty of the two hundred kills (`python -m catena.benchmarks.kills`), and that they would see a loss."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from catena.benchmarks import kills, synthetic
from catena.library.library import Library


def test_twenty_kills_lose_nothing() -> None:
    command = [sys.executable, "-m", "catena.benchmarks.kills", "--kills", "20"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 kills" in done.stdout


@pytest.fixture
def ledger(home: Path) -> kills.Ledger:
    ledger = kills.Ledger()
    kills.work(home, [1, 2], ledger.note)
    assert kills.verify(home, ledger) == []
    return ledger


def test_a_lost_document_would_be_seen(home: Path, ledger: kills.Ledger) -> None:
    with Library(home) as library:
        library.remove(synthetic.file_id(2))
    assert "document 2 is lost" in kills.verify(home, ledger)


def test_a_document_that_came_back_would_be_seen(home: Path, ledger: kills.Ledger, tmp_path: Path) -> None:
    with Library(home) as library:
        synthetic.add(library, tmp_path / "1.pdf", 1)
    assert "document 1 was removed and is there" in kills.verify(home, ledger)


def test_a_trace_of_what_was_removed_would_be_seen(home: Path, ledger: kills.Ledger) -> None:
    (home / "left").write_text(synthetic.token(1))
    assert kills.verify(home, ledger) == ["document 1 left a trace in left"]


def test_half_a_cache_would_be_seen(home: Path, ledger: kills.Ledger) -> None:
    (home / kills.CACHE).write_bytes(b"12" * 999)
    assert kills.verify(home, ledger) == ["half a cache file"]
