"""Homes of every kind: without a name, open to all, with odd letters, only to be read, on a share."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from catena.agents.run_store import Checkpoints
from catena.client import Catena
from catena.errors import LibraryError, OptionError
from catena.files.sqlite_files import connect, filesystem_of, is_shared, journal_mode, set_journal
from catena.library.backup import backup
from catena.library.database import translated
from catena.library.library import Library
from catena.questions import NOT_KEPT
from catena.settings import load_settings
from tests.catena.commands import catena

ODD = ("a?b", "a#b", "50%20", " a b ", 'it\'s "so"', "é中ا", "line\nend", "a;b&c=d", "file:x", ":memory:")
unix = pytest.mark.skipif(sys.platform == "win32", reason="rights and names of Unix")


@contextmanager
def only_read(folder: Path) -> Iterator[None]:
    """Nothing can be written to a folder: by its rights, or for root by a mount; skipped where neither is allowed."""
    folder.chmod(0o500)
    mount = ["mount", "--bind", str(folder), str(folder)]
    is_mounted = os.access(folder, os.W_OK) and not subprocess.run(mount, capture_output=True).returncode
    if is_mounted:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("root may write anywhere, and may not mount")
        yield
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.chmod(0o700)


@pytest.mark.parametrize("name", ["", "  ", "a\0b"])
def test_a_home_without_a_name_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if "\0" not in name:
        monkeypatch.setenv("CATENA_HOME", name)
        with pytest.raises(OptionError, match="names no folder") as caught:
            load_settings()
        assert "CATENA_HOME" in caught.value.remedy
    with pytest.raises(OptionError, match="names no folder"):
        load_settings(home=name)


def test_the_command_refuses_a_home_without_a_name(tmp_path: Path) -> None:
    done = catena("ls", CATENA_HOME="")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "names no folder" in done.stderr and "CATENA_HOME" in done.stderr


@unix
def test_a_home_that_is_open_to_all_is_closed_with_a_word(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.mkdir(mode=0o755)
    Library(home).close()
    assert home.stat().st_mode & 0o777 == 0o700
    assert "open to other users" in caplog.text
    caplog.clear()
    Library(home).close()
    assert not caplog.text


@unix
def test_a_folder_where_all_may_leave_files_is_not_closed(home: Path) -> None:
    home.mkdir()
    home.chmod(0o1777)
    Library(home).close()
    assert home.stat().st_mode & 0o7777 == 0o1777


@unix
@pytest.mark.parametrize("name", ODD)
def test_every_file_of_sqlite_lies_in_a_home_with_odd_letters(tmp_path: Path, name: str) -> None:
    home = tmp_path / name / "home"
    Library(home).close()
    checkpoints = Checkpoints(home / "checkpoints.db")
    assert checkpoints.rows("SELECT count(*) FROM notes") == [(0,)]
    checkpoints.close()
    with closing(connect(home / "library.db", is_read_only=True)) as opened:
        assert opened.execute("SELECT count(*) FROM documents").fetchone() == (0,)
    backup(home, tmp_path / name / "backup")
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    assert {"library.db", "checkpoints.db"} <= {path.name for path in home.iterdir()}


@unix
def test_a_home_with_odd_letters_is_asked(tmp_path: Path, manual: Path) -> None:
    with Catena(tmp_path / "".join(ODD)) as client:
        client.add(manual)
        assert "forty hours" in client.ask("How long does the battery of the lantern last?").text
        assert len(client.history()) == 1


@unix
def test_a_home_whose_name_is_no_utf8_opens(tmp_path: Path) -> None:
    home = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    if sys.platform == "darwin":
        pytest.skip("its disks take UTF-8 alone")
    Library(home).close()
    assert (home / "library.db").is_file()


@unix
def test_a_home_that_can_only_be_read_is_listed_asked_and_examined(home: Path, manual: Path) -> None:
    with Catena() as client:
        client.add(manual)
    with only_read(home), Catena() as client:
        assert len(client.documents()) == 1
        answer = client.ask("How long does the battery of the lantern last?")
        assert "forty hours" in answer.text and NOT_KEPT in answer.warnings
        health = client.health()
        assert not health.problems and "only be read" in dict(health.facts)["disk"]
        with pytest.raises(LibraryError, match="can only be read") as caught:
            client.add(manual)
        assert caught.value.remedy
        with pytest.raises(LibraryError, match="can only be read"):
            client.remove(client.documents()[0])


@unix
def test_a_log_that_cannot_be_read_in_is_named(home: Path) -> None:
    Library(home).close()
    (home / "library.db-wal").write_bytes(b"unfinished")
    with only_read(home), pytest.raises(LibraryError, match="has a log beside it") as caught:
        Library(home)
    assert "catena ls" in caught.value.remedy


MOUNTS = r"""22 1 0:21 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:30 / /mnt/share rw - nfs4 server:/x rw
31 22 0:31 / /mnt/my\040disk rw - cifs //server/x rw
32 30 0:32 / /mnt/share/local rw - xfs /dev/sdb rw
33 22 0:33 / /mnt/c rw - 9p C: rw
34 22 0:34 / /mnt/ssh rw - fuse.sshfs me@x: rw
35 22 0:35 / /mnt/usb rw - fuseblk /dev/sdc rw
36 22 0:36 / /mnt/over rw - ext4 /dev/sdd rw
37 22 0:37 / /mnt/over rw - nfs server:/y rw
a broken line
"""


@unix
@pytest.mark.parametrize(
    ("path", "kind", "mode"),
    [
        ("/home/me", "ext4", "WAL"),
        ("/mnt/share/me", "nfs4", "DELETE"),
        ("/mnt/shared", "ext4", "WAL"),
        ("/mnt/my disk/x", "cifs", "DELETE"),
        ("/mnt/share/local/x", "xfs", "WAL"),
        ("/mnt/c/Users", "9p", "DELETE"),
        ("/mnt/ssh", "fuse.sshfs", "DELETE"),
        ("/mnt/usb", "fuseblk", "WAL"),
        ("/mnt/over/x", "nfs", "DELETE"),
    ],
)
def test_the_journal_is_chosen_by_the_file_system(tmp_path: Path, path: str, kind: str, mode: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert filesystem_of(Path(path), mounts) == kind
    assert (journal_mode(kind), is_shared(kind)) == (mode, mode == "DELETE")


@unix
def test_a_log_becomes_a_journal_where_a_library_comes_to_lie_on_a_share(home: Path, tmp_path: Path) -> None:
    Library(home).close()
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / {os.path.realpath(tmp_path)} rw - nfs4 server:/x rw\n")
    with closing(sqlite3.connect(home / "library.db")) as opened:
        set_journal(opened, home / "library.db", mounts)
        assert opened.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    with Library(home) as library:
        assert library.documents() == []


def test_a_system_that_does_not_tell_keeps_the_log(tmp_path: Path) -> None:
    assert filesystem_of(tmp_path, tmp_path / "nothing") == ""
    assert journal_mode("") == "WAL"


@pytest.mark.parametrize("is_left_empty", [True, False], ids=["gone", "another in its place"])
def test_a_home_that_is_lost_while_it_is_used_is_no_damage(
    tmp_path: Path, manual: Path, is_left_empty: bool
) -> None:
    settings = load_settings(home=tmp_path / "home", background=False)
    with Catena(settings=settings) as catena:
        catena.add(manual)
        (tmp_path / "home").rename(tmp_path / "away")  # as a share whose server is gone leaves its place
        if not is_left_empty:
            (tmp_path / "home").mkdir()
        catena.library.database.close()  # connections that are open go on with the files they have
        with pytest.raises(LibraryError, match="cannot be reached any more") as raised:
            catena.ask("How long does the battery of the lantern last?")
        assert type(raised.value) is LibraryError and "Mount" in raised.value.remedy
        shutil.rmtree(tmp_path / "home", ignore_errors=True)
        (tmp_path / "away").rename(tmp_path / "home")
        assert "forty hours" in catena.ask("How long does the battery of the lantern last?").text


@pytest.mark.parametrize("code", [errno.ENOTCONN, errno.ESTALE, errno.EHOSTDOWN])
def test_what_a_share_says_that_was_lost_is_no_damage(tmp_path: Path, code: int) -> None:
    with pytest.raises(LibraryError, match="cannot be reached any more"), translated(tmp_path / "library.db"):
        raise OSError(code, os.strerror(code))
