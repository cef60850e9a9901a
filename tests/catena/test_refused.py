"""What is refused leaves nothing, and what cannot be read is named while the rest goes on."""

from __future__ import annotations

import os
import socket
import sys
from io import BufferedReader
from pathlib import Path

import pytest

from catena.add_document import Added
from catena.client import Catena
from catena.errors import DocumentError
from catena.files.regular_files import TRIES, read_steadily
from catena.ingest.formats.folders import walk_folder
from catena.library.originals import sha256
from catena.options import AddOptions
from catena.settings import load_settings
from tests.catena.commands import catena

STORY = "The lantern of the harbour burns for forty hours. " * 20
unix = pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of Unix")


def kept(home: Path) -> list[Path]:
    """Every file of documents in a library, whole or in part."""
    folders = ("originals", "tmp", "uploads")
    return [path for name in folders for path in (home / name).rglob("*") if path.stat().st_size]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.bin", bytes(range(256)) * 4, "not_a_document"),
        ("a.txt", b"%PDF-1.4\n1 0 obj", "wrong_type"),
        ("a.ps", b"%!PS-Adobe-3.0", "unsupported"),
        ("a.md", b"", "not_a_document"),
        ("large.txt", b"a word " * (1 << 18), "too_big"),
    ],
)
def test_a_refused_file_leaves_nothing(
    home: Path, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with Catena(settings=load_settings(max_file_mib=1)) as client:
        with pytest.raises(DocumentError) as caught:
            client.add(tmp_path / name)
        assert (caught.value.reason, bool(caught.value.remedy)) == (reason, True)
        assert client.documents() == [] and kept(home) == []


def test_of_a_refused_file_no_byte_is_copied(home: Path, tmp_path: Path) -> None:
    with (tmp_path / "sparse.txt").open("wb") as file:
        file.truncate(1 << 40)  # a terabyte, which no test could copy
    with Catena() as client, pytest.raises(DocumentError):
        client.add(tmp_path / "sparse.txt", options=AddOptions(as_kind="text"))
    assert kept(home) == []


def odd_files(folder: Path) -> dict[str, str]:
    """Names of things that are no files to read, with what is said of each."""
    os.mkfifo(folder / "pipe.txt")
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "gone.txt").symlink_to("nowhere.txt")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(folder / "socket.txt"))
    said = {
        "pipe.txt": "a named pipe",
        "loop.txt": "levels of",
        "gone.txt": "no file",
        "socket.txt": "a socket",
    }
    return said if os.geteuid() else said | odd_devices(folder)


def odd_devices(folder: Path) -> dict[str, str]:
    try:
        os.mknod(folder / "zero.txt", 0o020666, os.makedev(1, 5))
    except OSError:  # a container
        return {}
    return {"zero.txt": "a device"}


@unix
def test_what_is_no_file_is_named_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # addresses of sockets are short
    folder = Path("mixed")
    folder.mkdir()
    said = odd_files(folder)
    for name in ("first.txt", "second.txt"):
        (folder / name).write_text(name + STORY)
    with Catena() as client:
        found = {one.path.name: one.document for one in client.add_all(walk_folder(folder).paths)}
        assert len(client.documents()) == 2
    assert {name for name, document in found.items() if document.status == "ready"} == {
        "first.txt",
        "second.txt",
    }
    assert all(said[name] in one.message for name, one in found.items() if name in said)
    assert set(said) < set(found)


def test_a_file_that_vanishes_is_named(tmp_path: Path) -> None:
    (tmp_path / "here.txt").write_text(STORY)
    with Catena() as client:
        outcomes: list[Added] = list(client.add_all([tmp_path / "here.txt", tmp_path / "gone.txt"]))
    assert sorted(one.document.status for one in outcomes) == ["failed", "ready"]


def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    (folder / "closed").mkdir(parents=True)
    for name in ("open.txt", "secret.txt"):
        (folder / name).write_text(name + STORY)
    (folder / "secret.txt").chmod(0)
    (folder / "closed").chmod(0)
    if os.access(folder / "secret.txt", os.R_OK):
        pytest.skip("root may read everything")
    with Catena() as client:
        found = {one.path.name: one.document for one in client.add_all(walk_folder(folder).paths)}
    (folder / "closed").chmod(0o700)
    assert found["open.txt"].status == "ready"
    assert all("Permission denied" in found[name].message for name in ("secret.txt", "closed"))


@unix
def test_the_command_names_what_failed_and_counts_it(tmp_path: Path) -> None:
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "good.txt").write_text(STORY)
    os.mkfifo(tmp_path / "mixed" / "pipe.txt")
    done = catena("add", tmp_path / "mixed")
    assert done.returncode == 1
    assert "pipe.txt is a named pipe" in done.stderr and "1 of 2 files could not be added" in done.stderr


@unix
def test_links_out_of_a_folder_are_counted_and_those_inside_are_followed_once(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "part" / "deep").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text(STORY)
    (folder / "part" / "a.txt").write_text(STORY)
    (folder / ".hidden.txt").write_text(STORY)
    for link, target in {
        "out.txt": tmp_path / "outside.txt", "out": tmp_path, "again.txt": Path("part/a.txt"), "up": Path("."),
        "twice": Path("part"), "part/deep/top": Path("../.."), "seen.txt": Path(".hidden.txt"),
    }.items():  # fmt: skip
        (folder / link).symlink_to(target)
    walked = walk_folder(folder)
    assert walked.paths == [folder / "part" / "a.txt", folder / "seen.txt"]
    assert walked.messages() == ["skipped 2 links that lead out of the folder"]


@unix
def test_a_manual_takes_no_page_from_outside(tmp_path: Path) -> None:
    folder = tmp_path / "manual"
    folder.mkdir()
    (tmp_path / "secret.html").write_text("<p>secret</p>")
    (folder / "secret.html").symlink_to(tmp_path / "secret.html")
    for name in ("index", "a", "b"):
        (folder / f"{name}.html").write_text(
            '<a href="a.html">a</a><a href="b.html">b</a><a href="secret.html">'
        )
    with Catena() as client:
        (added,) = client.add_all(walk_folder(folder).paths)
        text = " ".join(page.text for page in client.library.pages(added.document.id))
    assert "secret" not in text and walk_folder(folder).num_outside == 1


def test_a_file_that_changes_once_is_read_again(tmp_path: Path) -> None:
    path, reads = tmp_path / "a.txt", []
    path.write_bytes(b"one")

    def read(file: BufferedReader) -> str:
        reads.append(file.read())
        if len(reads) == 1:
            path.write_bytes(b"two")
        return sha256(path)

    assert read_steadily(path, read, pause=0.0) == sha256(path)
    assert reads == [b"one", b"two"]


def test_a_file_that_is_replaced_by_another_of_the_same_bytes_is_read_again(tmp_path: Path) -> None:
    path, num_reads = tmp_path / "a.txt", 0
    path.write_bytes(b"one")

    def read(file: BufferedReader) -> str:
        nonlocal num_reads
        num_reads += 1
        if num_reads == 1:
            (tmp_path / "b.txt").write_bytes(b"one")
            os.replace(tmp_path / "b.txt", path)
        return sha256(path)

    read_steadily(path, read, pause=0.0)
    assert num_reads == 2


def test_a_file_that_never_rests_is_named(tmp_path: Path) -> None:
    path, num_reads = tmp_path / "log.txt", 0
    path.write_bytes(b"line")

    def read(file: BufferedReader) -> str:
        nonlocal num_reads
        num_reads += 1
        digest = sha256(path)
        path.write_bytes(b"line" * num_reads * 2)
        return digest

    with pytest.raises(DocumentError, match=r"log\.txt changed while it was read") as caught:
        read_steadily(path, read, pause=0.0)
    assert (caught.value.reason, num_reads) == ("changing", TRIES)
