"""`lost+found/DATE` in the library's folder: where a repair puts what it cannot use, and what it knows of it.

Nothing is deleted from there but by a person. `names.jsonl` holds what documents were called whose row was lost.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from catena.files.atomic_files import FILE_MODE, make_folder, sync_folder

FOLDER, NAMES, SALVAGED = "lost+found", "names.jsonl", ".salvaged"

Json = Mapping[str, Any]


def set_aside(home: Path, path: Path) -> Path | None:
    """Move a file there under a name that is free; None where there is no such file."""
    if not path.exists():
        return None
    folder = _today(home)
    target = folder / path.name
    number = 1
    while target.exists():
        target = folder / f"{path.name}.{number}"
        number += 1
    os.replace(path, target)
    sync_folder(folder)
    return target


def set_database_aside(home: Path, name: str) -> Path | None:
    """Move a SQLite file with its log into a folder of its own, so that it can be opened there."""
    if not any((home / f"{name}{suffix}").exists() for suffix in ("", "-wal")):
        return None
    number = 1
    while (folder := _today(home) / f"{name}.{number}").exists():
        number += 1
    make_folder(folder)
    for suffix in ("-wal", "-shm", ""):  # the file last: until then it can be opened where it was
        if (home / f"{name}{suffix}").exists():
            os.replace(home / f"{name}{suffix}", folder / f"{name}{suffix}")
    sync_folder(folder)
    return folder / name


def write_down(home: Path, name: str, rows: Iterable[Json]) -> None:
    """Append lines of JSON to a file there, on the disk when this returns."""
    lines = [json.dumps(row, ensure_ascii=False, default=repr) for row in rows]
    if not lines:
        return
    path = _today(home) / name
    path.touch(FILE_MODE)
    with path.open("ab") as file:
        file.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
        file.flush()
        os.fsync(file.fileno())


def known_names(home: Path) -> Iterator[dict[str, Any]]:
    """Return the names written down of documents, the last first."""
    for path in sorted((home / FOLDER).glob(f"*/{NAMES}"), reverse=True):
        for line in reversed(path.read_bytes().split(b"\n")):
            with suppress(ValueError):
                row = json.loads(line)
                if isinstance(row, dict) and isinstance(row.get("id"), str):
                    yield row


def unsalvaged(home: Path, name: str) -> list[Path]:
    """Databases that were set aside and of which nothing was taken yet, the last first."""
    found = sorted((home / FOLDER).glob(f"*/{name}.*/{name}"), reverse=True)
    return [path for path in found if not path.with_suffix(SALVAGED).exists()]


def mark_salvaged(path: Path) -> None:
    path.with_suffix(SALVAGED).touch(FILE_MODE)


def describe(home: Path) -> str:
    """Describe what was lost for `catena doctor`; empty where nothing ever was."""
    files = [path for path in (home / FOLDER).rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return f"{len(files)} files, {size / 1e6:.1f} MB in {home / FOLDER}" if files else ""


def _today(home: Path) -> Path:
    folder = home / FOLDER / time.strftime("%Y-%m-%d")
    make_folder(folder)
    return folder
