"""A library in another folder: taken while others write, held against hashes, and put back.

`backup.json` names every file with its SHA-256. The databases are copied by SQLite's backup, as they were at one
moment; originals never change under their name, and are linked where that is possible, else copied.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from catena.errors import LibraryError, OptionError
from catena.files.atomic_files import FILE_MODE, make_folder, sync_folder, write_file
from catena.files.file_lock import FileLock
from catena.files.sqlite_files import connect, is_only_read
from catena.health import Problem
from catena.jobs.worker_start import LOCK_NAME
from catena.library.database import translated
from catena.library.lost_found import set_aside, set_database_aside
from catena.library.originals import sha256

MANIFEST = "backup.json"
DATABASES = ("library.db", "checkpoints.db")
FOLDERS = ("runs", "batches", "recognised")
"""What else is the library's own; caches are made again, work in progress and locks are nobody's."""
_NOT_KEPT = (".lock", ".cancel", ".log", ".part", "-wal", "-shm", ".new")


@dataclass(frozen=True, slots=True)
class Backup:
    """Backup made: what was kept, and how much as links. `missing`: originals that were damaged or gone."""

    folder: Path
    num_files: int
    num_bytes: int
    num_linked: int
    missing: tuple[str, ...] = ()


def backup(home: Path, destination: Path, *, is_copied: bool = False) -> Backup:
    """Keep a library in a new folder, whoever writes to it meanwhile; killed, it leaves nothing under that name.

    `is_copied`: no file is shared with the library. Raises OptionError for a folder that has something in it, and
    LibraryError.
    """
    destination = destination.absolute()
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise OptionError(f"{destination} is there already.", "Give the name of a new folder.")
    if not (home / "library.db").is_file():
        raise OptionError(f"There is no library in {home}.", "Give another --home.")
    if destination.is_relative_to(home):
        raise OptionError(f"{destination} lies in the library itself.", "Give another folder.")
    part = destination.with_name(f".{destination.name}.{uuid4().hex}.part")
    with translated(home / "library.db"):
        make_folder(part)
        try:
            done = _fill(home, part, is_copied=is_copied)
            with suppress(FileNotFoundError):
                destination.rmdir()
            os.replace(part, destination)
            sync_folder(destination.parent)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return Backup(destination, done.num_files, done.num_bytes, done.num_linked, done.missing)


def verify(folder: Path) -> list[Problem]:
    """Hold a backup against its hashes; names every file that is damaged, missing or strange. Changes nothing."""
    remedy = "Take another backup, or restore an older one."
    try:
        wanted = _manifest(folder)
    except OptionError as error:
        return [Problem("backup", error.message, error.remedy)]
    problems = []
    for name, (size, digest) in wanted.items():
        path = folder / name
        try:
            if path.stat().st_size != size or sha256(path) != digest:
                problems.append(Problem("backup", f"{path} is damaged.", remedy))
        except OSError as error:
            problems.append(Problem("backup", f"{path} cannot be read: {error.strerror}.", remedy))
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    strange = sorted(there - set(wanted) - {MANIFEST})
    return problems + [
        Problem("backup", f"{folder / name} is no part of the backup.", remedy) for name in strange
    ]


def restore(folder: Path, home: Path, *, replace: bool = False) -> Backup:
    """Make a backup the library of `home`; it is verified first, and stays as it is.

    With `replace`, what is there is put into `lost+found`; killed, it can be begun again. Raises OptionError where
    there is a library and `replace` is false, LibraryError for a backup that is damaged or a library in use.
    """
    problems = verify(folder)
    if problems:
        more = f" ({len(problems)} files in all)" if len(problems) > 1 else ""
        raise LibraryError(f"{problems[0].message.removesuffix('.')}{more}.", "Nothing was changed.")
    if (home / "library.db").exists() and not replace:
        raise OptionError(
            f"There is a library in {home}.", "Give --replace: it is put into lost+found first."
        )
    wanted = _manifest(folder)
    num_bytes = 0
    with translated(home / "library.db"):
        make_folder(home)
        lock = FileLock(home / LOCK_NAME)
        if not lock.acquire_within():
            raise LibraryError(f"A worker writes to {home}.", "Wait until it has ended.")
        try:
            for name in DATABASES:
                set_database_aside(home, name)
            for name in (*FOLDERS, "faiss"):
                set_aside(home, home / name)
            # The database last: until it is there, the folder is no library, and this can be begun again.
            for name in sorted(wanted, key=lambda name: (name == DATABASES[0], name)):
                num_bytes += _copy(folder / name, home / name)
                if sha256(home / name) != wanted[name][1]:
                    raise LibraryError(f"{home / name} could not be written as it was.", "Look at the disk.")
        finally:
            lock.release()
    return Backup(home, len(wanted), num_bytes, 0)


def _fill(home: Path, part: Path, *, is_copied: bool) -> Backup:
    files: dict[str, tuple[int, str]] = {}
    for name in DATABASES:
        if (home / name).exists():
            _copy_database(home / name, part / name)
    for folder in FOLDERS:
        for path in _files(home / folder):
            target = part / path.relative_to(home)
            if path.suffix == ".db":
                make_folder(target.parent)
                _copy_database(path, target)
            else:
                with suppress(FileNotFoundError):  # it went meanwhile, as runs do
                    _copy(path, target)
    missing, num_linked = [], 0
    for document_id in _document_ids(part / DATABASES[0]):
        source = home / "originals" / document_id[:2] / document_id
        target = part / source.relative_to(home)
        try:
            num_linked += _link(source, target) if not is_copied else _copy(source, target) * 0
            is_whole = sha256(target) == document_id
        except OSError:
            is_whole = False
        if not is_whole:
            target.unlink(missing_ok=True)
            missing.append(document_id)
    for path in sorted(part.rglob("*")):
        if path.is_file():
            files[path.relative_to(part).as_posix()] = (path.stat().st_size, sha256(path))
    said = {"format": 1, "taken_at": time.time(), "missing": missing, "files": files}
    write_file(part / MANIFEST, json.dumps(said, indent=1).encode())
    num_bytes = sum(size for size, _ in files.values())
    return Backup(part, len(files), num_bytes, num_linked, tuple(missing))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if (
            path.is_file()
            and not path.name.endswith(_NOT_KEPT)
            and path.name not in ("lock", "cancel", "log")
        ):
            yield path


def _copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment: in one step, under one reading lock."""
    target.touch(FILE_MODE)
    is_read_only = is_only_read(source)
    with (
        closing(connect(source, seconds=60, is_read_only=is_read_only)) as old,
        closing(connect(target)) as new,
    ):
        old.backup(new, pages=-1)
        new.execute("PRAGMA journal_mode = DELETE").fetchall()
        (said,) = new.execute("PRAGMA integrity_check(1)").fetchone()
        if said != "ok":
            raise sqlite3.DatabaseError(f"database disk image is malformed: {said}")


def _document_ids(database: Path) -> list[str]:
    with closing(connect(database)) as opened:
        return [one for (one,) in opened.execute("SELECT id FROM documents NOT INDEXED")]


def _link(source: Path, target: Path) -> int:
    """Give a file a second name, or copy it where that cannot be; tells whether it was linked."""
    make_folder(target.parent)
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or a system without links
        _copy(source, target)
        return 0
    return 1


def _copy(source: Path, target: Path) -> int:
    """Copy a file, on the disk when this returns, and return its size."""
    make_folder(target.parent)
    part = target.with_name(f".{target.name}.part")
    with source.open("rb") as old, part.open("wb") as new:
        shutil.copyfileobj(old, new, 1 << 20)
        new.flush()
        os.fsync(new.fileno())
    part.chmod(FILE_MODE)
    os.replace(part, target)
    return target.stat().st_size


def _manifest(folder: Path) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 by name. Raises OptionError for a folder that is no backup."""
    try:
        said = json.loads((folder / MANIFEST).read_bytes())
        files = {str(name): (int(size), str(digest)) for name, (size, digest) in said["files"].items()}
        if not files or any(Path(name).is_absolute() or ".." in Path(name).parts for name in files):
            raise ValueError("names outside of it")
    except FileNotFoundError:
        raise OptionError(
            f"{folder} is no backup of a library.", "Give a folder that `catena backup` made."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OptionError(f"{folder / MANIFEST} is damaged: {error}.", "Take another backup.") from error
    return files
