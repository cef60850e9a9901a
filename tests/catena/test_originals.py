"""Files are kept whole or not at all, whatever dies or fails on the way."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from catena.benchmarks import synthetic
from catena.errors import DocumentError, LibraryError
from catena.files import failpoints
from catena.files.atomic_files import durable_file, write_file
from catena.files.file_lock import FileLock
from catena.library.library import Library
from catena.library.originals import Originals


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm("")


def files(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "originals").rglob("*") if path.is_file())


def test_a_stored_file_stays_when_it_becomes_a_document(home: Path, tmp_path: Path) -> None:
    with Library(home) as library:
        document = synthetic.add(library, tmp_path / "1.pdf", 1)
        assert library.original(document.id).read_bytes() == synthetic.file_bytes(1)
    assert files(home) == [document.id]
    assert not [path for path in (home / "tmp").iterdir() if path.is_dir()]


def test_a_stored_file_that_becomes_nothing_goes(home: Path, tmp_path: Path) -> None:
    (tmp_path / "1.pdf").write_bytes(b"x")
    with Library(home) as library:
        library.store_original(tmp_path / "1.pdf")
        assert len(files(home)) == 1
        assert library.check() == []  # it is being worked on
    assert files(home) == []


def test_a_changed_original_is_replaced_when_the_file_is_added_again(home: Path, tmp_path: Path) -> None:
    with Library(home) as library:
        document = synthetic.add(library, tmp_path / "1.pdf", 1)
        library.original(document.id).write_bytes(synthetic.file_bytes(2))
        assert library.store_original(tmp_path / "1.pdf") == document.id
        assert library.check() == []


@pytest.mark.parametrize("name", ["missing.pdf", "folder"])
def test_a_file_that_cannot_be_read_is_the_documents_error(home: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with Library(home) as library, pytest.raises(DocumentError, match=name):
        library.store_original(tmp_path / name)


def test_a_living_process_keeps_its_temporary_files(home: Path) -> None:
    originals = Originals(home, set)
    path = originals.temporary_path("copy")
    path.write_bytes(b"x")
    Library(home).close()
    assert path.exists()
    originals.close()
    assert not path.exists()


def test_a_dead_process_leaves_nothing(home: Path, tmp_path: Path) -> None:
    left = home / "tmp" / "dead"
    left.mkdir(parents=True)
    (left / "copy").write_bytes(b"x")
    with Library(home) as library:
        assert not left.exists()
        assert library.check() == []


def test_a_lock_is_free_when_it_is_released(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert one.acquire(wait=False)
    assert not two.acquire(wait=False)
    one.release()
    assert two.acquire(wait=False)
    two.release()


def test_an_error_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    write_file(tmp_path / "f", b"old")
    with pytest.raises(RuntimeError), durable_file(tmp_path / "f") as file:
        file.write(b"new")
        raise RuntimeError
    assert (tmp_path / "f").read_bytes() == b"old"
    assert [path.name for path in tmp_path.glob(".*")] == []


def num_operations(tmp_path: Path) -> int:
    with Library(tmp_path / "dry") as library:
        synthetic.add(library, tmp_path / "2.pdf", 2)
        failpoints.arm("*:0")
        synthetic.add(library, tmp_path / "1.pdf", 1)
        return failpoints.passed()


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_the_nth_operation_fails_and_the_library_is_as_before_or_after(tmp_path: Path, error: str) -> None:
    for n in range(1, num_operations(tmp_path) + 1):
        failpoints.arm("")
        home = tmp_path / f"{error}{n}"
        with Library(home) as library:
            kept = synthetic.add(library, tmp_path / "2.pdf", 2)
            failpoints.arm(f"*:{n}:{error}")
            with pytest.raises(LibraryError):
                synthetic.add(library, tmp_path / "1.pdf", 1)
            failpoints.arm("")
        with Library(home) as library:
            there = {document.id for document in library.documents()}
            assert there in ({kept.id}, {kept.id, synthetic.file_id(1)}), n
            assert library.check() == [], n
            assert files(home) == sorted(there), n
            assert synthetic.add(library, tmp_path / "1.pdf", 1).status == "ready"


@pytest.mark.parametrize("num_bytes", [0, 100, 4000, 4096, 20_000, 60_000, 100_000, 150_000])
def test_no_file_can_grow_beyond_some_bytes(home: Path, tmp_path: Path, num_bytes: int) -> None:
    """The system's own error, at whatever SQLite or we write."""
    with Library(home) as library:
        kept = synthetic.add(library, tmp_path / "2.pdf", 2)
        (tmp_path / "1.pdf").write_bytes(synthetic.file_bytes(1))
        with small_files(num_bytes), pytest.raises(LibraryError):
            library.store_original(tmp_path / "1.pdf")
            with library.writing(synthetic.document(1, 50, tmp_path / "1.pdf")) as writer:
                for page, passages in synthetic.pages(1, 50):
                    writer.add(page, passages, [passage.text for passage in passages])
        assert library.documents() == [kept]
    with Library(home) as library:
        assert library.documents() == [kept]
        assert library.check() == []
        assert files(home) == [kept.id]


@contextmanager
def small_files(num_bytes: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_the_nth_operation_of_a_small_file_fails(tmp_path: Path, error: str) -> None:
    failpoints.arm("*:0")
    write_file(tmp_path / "f", b"old")
    for n in range(1, failpoints.passed() + 1):
        write_file(tmp_path / "f", b"old")
        failpoints.arm(f"*:{n}:{error}")
        with pytest.raises(OSError):
            write_file(tmp_path / "f", b"new")
        failpoints.arm("")
        assert (tmp_path / "f").read_bytes() in (b"old", b"new")
        assert [path.name for path in tmp_path.iterdir()] == ["f"]
