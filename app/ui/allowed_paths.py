"""Paths that may be typed into the page: of the folders that the settings allow, behind no link out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from catena.errors import OptionError
from catena.ingest.formats.folders import walk_folder
from catena.settings import Settings


def allowed_folders(settings: Settings, *, is_shared: bool) -> tuple[Path, ...]:
    """The settings' folders, links resolved; else the home folder, and none where visitors come from elsewhere."""
    chosen = settings.ui_folders
    if chosen is None:
        chosen = () if is_shared else (Path.home(),)
    return tuple(folder.expanduser().resolve() for folder in chosen)


def add_allowed(add: Callable[[Path], object], given: str, folders: Sequence[Path]) -> int:
    """Have a file or folder added; returns how many links in it are skipped, since they lead out of it.

    Raises OptionError for a path in none of `folders`, whether or not there is something, and whatever `add` raises.
    """
    root = Path(given).expanduser().resolve()
    if not any(root.is_relative_to(folder) for folder in folders):
        named = ", ".join(map(str, folders)) or "no folder"
        raise OptionError(
            f"{given} is not in what this page may add from: {named}.",
            "Allow it with CATENA_UI_FOLDERS, or add it in a terminal with `catena add`.",
        )
    add(root)
    return walk_folder(root).num_outside
