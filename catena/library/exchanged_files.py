"""Files of a library that changed places: an original is known by its SHA-256, wherever it lies."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

from catena.files.atomic_files import make_folder
from catena.library.lost_found import set_aside
from catena.library.originals import sha256

_UNDER_WAY = ".exchanged"


def put_back(home: Path) -> list[str]:
    """Exchange them once more. Returns what was done, in sentences; it can be killed at any point, and begun again."""
    done = [_finish(home, free) for free in (home / "tmp").glob(f"*{_UNDER_WAY}")]
    originals = {path.name: path for path in (home / "originals").glob("??/*") if path.is_file()}
    damaged = {name: path for name, path in originals.items() if _digest(path) not in (name, "")}
    if not damaged:
        return done
    sound = {*originals.values()} - {*damaged.values()}
    for found in [path for path in home.rglob("*") if path.is_file() and path not in sound]:
        place = damaged.get(_digest(found))
        if place is not None and place != found:
            free = home / "tmp" / f"{place.name}.{quote(str(found.relative_to(home)), safe='')}{_UNDER_WAY}"
            make_folder(free.parent)
            os.replace(place, free)
            done.append(_finish(home, free))
    return done


def _finish(home: Path, free: Path) -> str:
    """Put the original into its place, from which `free` was taken, unless that was done; and `free` into the other."""
    document_id, _, name = free.name.removesuffix(_UNDER_WAY).partition(".")
    found = home / unquote(name)
    if _digest(found) == document_id:
        os.replace(found, home / "originals" / document_id[:2] / document_id)
    if found.exists():
        set_aside(home, free)
    else:
        os.replace(free, found)
    return f"{found.relative_to(home)} and the original {document_id[:12]} had changed places; they were put back."


def _digest(path: Path) -> str:
    """Empty where it cannot be read."""
    with suppress(OSError):
        return sha256(path)
    return ""
