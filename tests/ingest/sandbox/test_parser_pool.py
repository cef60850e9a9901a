"""A document that crashes, hangs or swells is that document's error, and nobody else's."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from catena.errors import DocumentError, Stopped
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.settings import load_settings
from catena.types import Document

HOSTILE = (sys.executable, str(Path(__file__).parents[1] / "hostile_child.py"))


def parse(pool: ParserPool, folder: Path, name: str) -> Document:
    path = folder / name
    path.write_text("Call me Ishmael.")
    return pool.parse(path, document_id="d" * 64, as_kind="text")[0]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("crash", "crashed"),
        ("exit", "crashed"),
        ("mute", "crashed"),
        ("flood", "crashed"),
        ("hungry", "out_of_memory"),
        ("lie-number", "crashed"),
        ("lie-line", "crashed"),
        ("lie-surrogate", "crashed"),
        ("lie-infinite", "crashed"),
        ("lie-kind", "crashed"),
        ("lie-type", "crashed"),
        ("lie-unknown", "crashed"),
    ],
)
def test_misbehaviour_is_the_documents_error(
    hostile_pool: ParserPool, tmp_path: Path, name: str, reason: str
) -> None:
    document = parse(hostile_pool, tmp_path, name)
    assert (document.status, document.reason) == ("failed", reason)
    assert name in document.message
    assert document.remedy


def test_a_hang_ends_in_time(impatient_pool: ParserPool, tmp_path: Path) -> None:
    started = time.monotonic()
    assert parse(impatient_pool, tmp_path, "hang").reason == "timeout"
    assert time.monotonic() - started < 60


def test_the_next_file_starts_at_once_after_a_crash(hostile_pool: ParserPool, tmp_path: Path) -> None:
    parse(hostile_pool, tmp_path, "crash")
    started = time.monotonic()
    assert parse(hostile_pool, tmp_path, "good").status == "ready"
    assert time.monotonic() - started < 30


def test_a_hanging_file_does_not_hold_up_the_other(impatient_pool: ParserPool, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as executor:
        hanging = executor.submit(parse, impatient_pool, tmp_path, "hang")
        assert parse(impatient_pool, tmp_path, "good").status == "ready"
        assert hanging.result().reason == "timeout"


def test_jobs_leave_no_process_behind(impatient_pool: ParserPool, tmp_path: Path) -> None:
    for name in ("hang", "crash", "good"):
        parse(impatient_pool, tmp_path, name)
    assert impatient_pool.process_id is not None
    warm = psutil.Process(impatient_pool.process_id)
    assert wait_until(lambda: not warm.children(recursive=True))


def test_closing_stops_what_runs(tmp_path: Path) -> None:
    pool = ParserPool(load_settings(parser_seconds=60), command=HOSTILE)
    parse(pool, tmp_path, "good")
    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(parse, pool, tmp_path, "hang")
        time.sleep(0.3)
        pool.close()
        with pytest.raises(Stopped):
            running.result(10)
    with pytest.raises(Stopped):
        parse(pool, tmp_path, "good")


def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    (tmp_path / "hang").write_text("x")
    script = f"""
import sys; from pathlib import Path
from catena.ingest.sandbox.parser_pool import ParserPool; from catena.settings import load_settings
pool = ParserPool(load_settings(), command=(sys.executable, {HOSTILE[1]!r}))
def told(done, total): pass
pool.start(); print(pool.process_id, flush=True)
pool.parse(Path({str(tmp_path / "hang")!r}), document_id="d", as_kind="text")
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    warm = psutil.Process(int(parent.stdout.readline()))
    parent.stdout.close()
    assert wait_until(lambda: bool(warm.children()), 20)
    family = [warm, *warm.children(recursive=True)]
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert wait_until(lambda: not any(process.is_running() for process in family))


def test_the_warm_process_is_replaced_when_it_dies(hostile_pool: ParserPool, tmp_path: Path) -> None:
    parse(hostile_pool, tmp_path, "good")
    assert hostile_pool.process_id is not None
    os.kill(hostile_pool.process_id, signal.SIGKILL)
    assert parse(hostile_pool, tmp_path, "good").status == "ready"


def test_a_parser_that_cannot_start_says_why(tmp_path: Path) -> None:
    with ParserPool(
        load_settings(), command=(sys.executable, "-c", "raise SystemExit('no parser here')")
    ) as pool:
        document = parse(pool, tmp_path, "good")
    assert document.reason == "crashed"
    assert "no parser here" in document.message


def test_pages_arrive_one_by_one_and_progress_is_told(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "novel.txt"
    path.write_text("\n\n".join(f"Paragraph {n} says nothing new at all." for n in range(400)))
    seen: list[tuple[int, int]] = []
    document, pages = pool.parse(path, document_id="d" * 64, on_page=lambda *page: seen.append(page))
    assert seen == [(number, document.num_pages) for number in range(1, document.num_pages + 1)]
    assert [page.ref.number for page in pages] == [number for number, _ in seen]


def test_an_error_in_the_callback_reaches_the_caller(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")

    def fail(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.parse(path, document_id="d" * 64, on_page=fail)


def test_a_document_that_takes_too_long_is_kept_as_far_as_it_was_read(tmp_path: Path) -> None:
    """Its own pages would allow it 5,000 s, and recognition 60 s for each of them."""
    path = tmp_path / "endless"
    path.write_text("x")
    with ParserPool(load_settings(document_seconds=2, parser_seconds=1), command=HOSTILE) as pool:
        began = time.monotonic()
        document, pages = pool.parse(path, document_id="d", as_kind="text")
    assert time.monotonic() - began < 60
    assert (document.status, document.reason) == ("partial", "timeout")
    assert 0 < document.num_pages == document.num_pages_with_text == len(pages) < 5000
    assert f"{len(pages)} of 5,000 pages were read in 2 s" in document.message
    assert "CATENA_DOCUMENT_SECONDS" in document.remedy


def test_sizes_are_limited(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("word " * 3000)
    with ParserPool(load_settings(max_pages=2)) as pool:
        document, _ = pool.parse(path, document_id="d" * 64)
    assert (document.reason, "CATENA_MAX_PAGES" in document.remedy) == ("too_big", True)
    with path.open("ab") as file:
        file.truncate(2 << 20)
    with ParserPool(load_settings(max_file_mib=1)) as pool:
        document, _ = pool.parse(path, document_id="d" * 64, as_kind="text")
    assert (document.reason, "CATENA_MAX_FILE_MIB" in document.remedy) == ("too_big", True)


def test_messages_use_the_name_that_people_know(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / ("0123456789abcdef" * 4)
    path.write_bytes(b"%PDF-1.4\nnothing more")
    document, _ = pool.parse(path, document_id="d" * 64, name="report.pdf")
    assert "report.pdf" in document.message
    assert "0123456789abcdef" not in document.message


def test_a_missing_page_is_not_drawn(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    with pytest.raises(DocumentError, match="has no page 9"):
        pool.render(path, 9, kind="text")


def wait_until(condition: object, seconds: float = 30.0) -> bool:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False
