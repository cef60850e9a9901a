"""Paths that somebody names through a server: they lead into folders that were allowed, links resolved."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from catena.errors import OptionError


def require_allowed(given: str, folders: Sequence[Path], who: str, remedy: str) -> Path:
    """Resolve a path. Raises OptionError for one in none of `folders`, whether or not there is something."""
    with suppress(OSError, RuntimeError, ValueError):  # a loop of links, nobody's home, a NUL
        path = Path(given).expanduser().resolve()
        if any(path.is_relative_to(folder) for folder in folders):
            return path
    named = ", ".join(map(str, folders)) or "no folder"
    raise OptionError(f"{given[:200]} is not in what {who} may add from: {named}.", remedy)
