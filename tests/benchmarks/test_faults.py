"""A part of `make faults`: an add on a disk that fails, and that a half-done add would be seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from catena.benchmarks.faults import faults

EVERY = 4
JUDGE = """
import sqlite3, sys
from pathlib import Path
from catena.benchmarks.faults import DONE, Bench
bench = Bench(Path(sys.argv[1]).resolve())
home = bench.copy()
with sqlite3.connect(home / "library.db") as raw:
    raw.execute(sys.argv[2])
print(*bench.judge(home, sys.argv[3])[1], sep="\\n")
"""


def run(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def test_an_add_on_a_failing_disk_is_done_or_not_begun(preloaded: dict[str, str]) -> None:
    done = run(["-m", "catena.benchmarks.faults", "--every", str(EVERY)], preloaded)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 wrong" in done.stdout
    assert "failed, as before it" in done.stdout


@pytest.mark.parametrize(
    ("damage", "reported", "seen"),
    [
        ("SELECT 1", "done", "the document is lost"),
        ("DELETE FROM passages WHERE ordinal = 1", "failed", "passages of the document"),
        ("UPDATE documents SET title = 'x' WHERE key = 1", "failed", "entry was damaged"),
    ],
)
def test_what_is_neither_before_nor_after_is_seen(
    preloaded: dict[str, str], tmp_path: Path, damage: str, reported: str, seen: str
) -> None:
    done = run(["-c", JUDGE, str(tmp_path), damage, reported], preloaded)
    assert seen in done.stdout, done.stdout + done.stderr


def test_each_operation_fails_in_each_way() -> None:
    tried = list(faults(3, 1))
    assert {(one.error, one.goes_on) for one in tried} == {
        ("ENOSPC", True), ("ENOSPC", False), ("EIO", False)
    }  # fmt: skip
    assert {one.nth for one in tried} == {1, 2, 3, 4}
    assert len(tried) == 12
