"""Each case runs in a process of its own, because it ends in the way that is tested."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from catena.ingest.confinement.confinement import OUT_OF_MEMORY_EXIT
from catena.ingest.pdf.pdf_reader import MIN_AHEAD
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.settings import load_settings
from tests.ingest.printing import Draw, column, read, save_pdf

PROGRAM = """
import os, signal
from catena.ingest.read_ahead import made_ahead
def results():
    yield 1, 2.5, ["a"], None, b"c"
    {then}
for result in made_ahead(results()):
    print(result, flush=True)
print("done")
"""


def run(then: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(then=then)], capture_output=True, text=True, timeout=60
    )


def test_results_come_in_order_and_end() -> None:
    assert run("yield 'x' * 300_000").stdout.split()[-1] == "done"
    assert run("yield 2").stdout == "(1, 2.5, ['a'], None, b'c')\n2\ndone\n"


@pytest.mark.parametrize(
    ("then", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
        ("raise MemoryError", OUT_OF_MEMORY_EXIT),
        ("raise RuntimeError", 1),
    ],
)
def test_both_end_alike(then: str, code: int) -> None:
    ended = run(then)
    assert (ended.returncode, ended.stdout) == (code, "(1, 2.5, ['a'], None, b'c')\n")


def test_nothing_is_left_when_nobody_wants_more() -> None:
    program = PROGRAM.format(then="signal.pause()").replace("flush=True)", "flush=True); break")
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.stdout.endswith("done\n")


def page_of(number: int) -> Draw:
    lines = [f"On page {number} the {word} line of a report." for word in ("first", "second", "last")]
    return lambda page: column(page, 50, 80, [*lines, f"{number}"])


def test_a_long_pdf_reads_the_same(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "long.pdf", *(page_of(number) for number in range(1, 3 * MIN_AHEAD)))
    with ParserPool(load_settings(home=tmp_path)) as pool:
        document, pages = pool.parse(path, document_id="d")
    assert document.status == "ready"
    assert [replace(page, words=list(page.words)) for page in pages] == [
        replace(page, words=list(page.words)) for page in read(path)
    ]
