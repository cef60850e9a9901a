"""A backup is whole or not there, is held against hashes, and becomes the library again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from catena.benchmarks import synthetic
from catena.errors import LibraryError, OptionError
from catena.library.backup import backup, restore, verify
from catena.library.library import Library


@pytest.fixture
def kept(home: Path, tmp_path: Path) -> Iterator[Path]:
    with Library(home) as library:
        for seed in (1, 2):
            synthetic.add(library, tmp_path / f"{seed}.pdf", seed)
    backup(home, tmp_path / "kept")
    yield tmp_path / "kept"


def ids(home: Path) -> list[str]:
    with Library(home) as library:
        assert library.check() == []
        return [document.id for document in library.documents()]


def test_a_backup_becomes_a_library(kept: Path, tmp_path: Path) -> None:
    assert verify(kept) == []
    restore(kept, tmp_path / "other")
    assert ids(tmp_path / "other") == [synthetic.file_id(1), synthetic.file_id(2)]


@pytest.mark.parametrize("is_copied", [True, False])
def test_originals_are_links_unless_copies_are_asked_for(home: Path, tmp_path: Path, is_copied: bool) -> None:
    with Library(home) as library:
        document = synthetic.add(library, tmp_path / "1.pdf", 1)
        done = backup(home, tmp_path / "kept", is_copied=is_copied)
        same = library.original(document.id).samefile(
            tmp_path / "kept" / library.original(document.id).relative_to(home)
        )
    assert same is not is_copied and done.num_linked == (not is_copied)


def test_every_damaged_file_of_a_backup_is_seen_and_nothing_is_restored(kept: Path, tmp_path: Path) -> None:
    for path in [path for path in kept.rglob("*") if path.is_file()]:
        data = path.read_bytes()
        for damaged in (data[:-1], bytes([data[0] ^ 1]) + data[1:], b""):
            path.unlink()
            path.write_bytes(damaged)
            assert verify(kept), (path, len(damaged))
            with pytest.raises((LibraryError, OptionError)):
                restore(kept, tmp_path / "other")
            assert not (tmp_path / "other" / "library.db").exists()
        path.write_bytes(data)
    assert verify(kept) == []


def test_a_library_is_replaced_only_on_demand_and_goes_to_lost_and_found(
    kept: Path, home: Path, tmp_path: Path
) -> None:
    with Library(home) as library:
        synthetic.add(library, tmp_path / "3.pdf", 3)
    with pytest.raises(OptionError, match="--replace"):
        restore(kept, home)
    restore(kept, home, replace=True)
    assert list((home / "lost+found").rglob("library.db"))
    with Library(home) as library:
        assert len(library.documents()) == 2
        assert library.orphans() == [synthetic.file_id(3)]  # its original stays, and is named


def test_a_folder_that_is_there_is_refused(kept: Path, home: Path) -> None:
    with pytest.raises(OptionError, match="already"):
        backup(home, kept)
    with pytest.raises(OptionError, match="itself"):
        backup(home, home / "kept")


def test_a_backup_is_whole_while_others_write(home: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    with Library(home) as library:

        def write() -> None:
            for seed in range(1, 200):
                if stop.is_set():
                    return
                synthetic.add(library, tmp_path / f"{seed}.pdf", seed)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            for number in range(4):
                done = backup(home, tmp_path / f"kept{number}")
                assert done.missing == () and verify(tmp_path / f"kept{number}") == []
        finally:
            stop.set()
            thread.join()
    restore(tmp_path / "kept3", tmp_path / "other")
    ids(tmp_path / "other")


def test_a_damaged_original_is_left_out_and_said(home: Path, tmp_path: Path) -> None:
    with Library(home) as library:
        document = synthetic.add(library, tmp_path / "1.pdf", 1)
        library.original(document.id).write_bytes(b"another")
    assert backup(home, tmp_path / "kept").missing == (document.id,)
    assert verify(tmp_path / "kept") == []
