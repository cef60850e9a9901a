"""What a path that is typed into the page may add: files of the folders that the settings allow, behind no link out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from catena.adding import files_under
from catena.errors import DocumentError, OptionError
from catena.settings import Settings


def allowed_folders(settings: Settings, *, is_shared: bool) -> tuple[Path, ...]:
    """The settings' folders, links resolved; else the home folder, and none where visitors come from elsewhere."""
    chosen = settings.ui_folders
    if chosen is None:
        chosen = () if is_shared else (Path.home(),)
    return tuple(folder.expanduser().resolve() for folder in chosen)


def add_allowed(add: Callable[[Path], object], given: str, folders: Sequence[Path]) -> int:
    """Have a file or folder added; returns how many links in it were skipped, since they lead out of `folders`.

    Raises OptionError for a path in none of them, whether or not there is something, and whatever `add` raises.
    """
    root = Path(given).expanduser().resolve()
    if not _is_within(root, folders):
        named = ", ".join(map(str, folders)) or "no folder"
        raise OptionError(
            f"{given} is not in what this page may add from: {named}.",
            "Allow it with CATENA_UI_FOLDERS, or add it in a terminal with `catena add`.",
        )
    outside = _links_out(root, folders)
    for path in _without(outside, root) if outside else [root]:
        add(path)
    return len(outside)


def _is_within(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _links_out(root: Path, folders: Sequence[Path]) -> list[Path]:
    """Every link below a folder whose end is in none of the allowed ones."""
    found = []
    for folder, names, files in os.walk(root, followlinks=False):
        links = (path for name in (*names, *files) if (path := Path(folder, name)).is_symlink())
        found += [link for link in links if not _is_within(_end(link), folders)]
    return found


def _end(link: Path) -> Path:
    try:
        return link.resolve()
    except (OSError, RuntimeError):  # links that lead in a circle end nowhere
        return Path("/")


def _without(outside: Sequence[Path], root: Path) -> list[Path]:
    """What is left to add. Raises DocumentError if nothing is. A manual is one document of many files."""
    left = [path for path in files_under(root) if not any(link.is_relative_to(path) for link in outside)]
    if not left:
        raise DocumentError(
            "not_a_document", f"In {root} is nothing but links that lead elsewhere.", "Add what they lead to."
        )
    manuals = [path for path in left if path.is_dir()]
    return [path for path in left if not any(manual in path.parents for manual in manuals)]
