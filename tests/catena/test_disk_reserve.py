"""A full disk: what reads and removes goes on, what needs room says how much, and nothing is left half."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catena.client import Catena
from catena.errors import LibraryError
from catena.files.disk_reserve import NAME, settle_reserve
from catena.library.database import no_space
from catena.library.library import Library
from catena.options import AddOptions
from catena.settings import load_settings

QUESTION = "How long does the battery of the lantern last?"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MiB, where a test may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(folder)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no disk may be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take what is free on a disk, to the last block."""
    filler = folder / f"filler{len(list(folder.iterdir()))}"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return filler


def test_the_reserve_is_given_up_on_a_full_disk_and_made_again(home: Path) -> None:
    Library(home).close()
    settle_reserve(home, lambda _: 1 << 40)
    size = (home / NAME).stat().st_size
    settle_reserve(home, lambda _: 4 * size)
    assert (home / NAME).exists()  # neither low nor ample
    settle_reserve(home, lambda _: size)
    assert not (home / NAME).exists()
    settle_reserve(home, lambda _: 4 * size)
    assert not (home / NAME).exists()
    settle_reserve(home, lambda _: 1 << 40)
    assert (home / NAME).stat().st_blocks * 512 >= size, "it takes up room"


def test_a_file_that_has_no_room_is_refused_with_what_is_needed_and_free(home: Path, tmp_path: Path) -> None:
    with (tmp_path / "large.txt").open("wb") as file:
        file.write(b"text")
        file.truncate(1 << 42)
    settings = load_settings(max_file_mib=1 << 30)
    with Catena(settings=settings) as client:
        with pytest.raises(LibraryError, match=r"8,796,.* MB are needed, .* MB are free") as caught:
            client.add(tmp_path / "large.txt", options=AddOptions(as_kind="text"))
        assert caught.value.remedy and client.documents() == []
    assert not list((home / "originals").rglob("*")) if (home / "originals").exists() else True


def test_the_error_of_a_full_disk_says_what_is_free(home: Path) -> None:
    assert "MB are free" in no_space(home / "library.db").message


def test_on_a_full_disk_documents_are_listed_asked_examined_and_removed(small: Path, manual: Path) -> None:
    with Catena(small / "home") as client:
        client.add(manual)
    filler = fill(small)
    with Catena(small / "home") as client:
        assert len(client.documents()) == 1
        assert "forty hours" in client.ask(QUESTION).text
        assert not client.health().problems
        with pytest.raises(LibraryError, match="MB are needed"):
            client.add(manual)
        client.remove(client.documents()[0])
        assert client.documents() == []
    filler.unlink()
    Library(small / "home").close()
    assert (small / "home" / NAME).exists()


def test_with_the_reserve_gone_too_what_is_there_is_still_read(small: Path, manual: Path) -> None:
    with Catena(small / "home") as client:
        client.add(manual)
    fill(small)
    (small / "home" / NAME).unlink()
    second = fill(small)
    with Catena(small / "home") as client:
        assert "forty hours" in client.ask(QUESTION).text
        assert not client.health().problems
        with pytest.raises(LibraryError, match="No space is left"):
            client.remove(client.documents()[0])
        second.unlink()
        client.remove(client.documents()[0])
        assert client.documents() == []


@pytest.mark.parametrize("num_bytes", [320 << 10, 400 << 10, 640 << 10])
def test_a_disk_that_fills_up_during_a_question_costs_no_answer(
    small: Path, manual: Path, num_bytes: int
) -> None:
    with Catena(small / "home") as client:
        client.add(manual)
    (small / "home" / NAME).unlink()
    filler = fill(small)
    os.truncate(filler, filler.stat().st_size - num_bytes)
    with Catena(small / "home") as client:
        assert "forty hours" in client.ask(QUESTION).text
        assert len(client.documents()) == 1
