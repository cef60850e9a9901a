"""Ledger of an outer vector store: which documents it holds, in a file beside the library."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from catena.files.atomic_files import write_file

Held = tuple[int, int]
"""Id of a document's first passage, and how many there are."""


class StoreLedger:
    """Of one store and one embedder; another's ledger is an empty one."""

    def __init__(self, path: Path, owner: str) -> None:
        self._path = path
        self._owner = owner

    def read(self) -> dict[str, Held]:
        """What the store holds; nothing where the file is gone or damaged: then all is put again."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            data = json.loads(self._path.read_text("utf-8"))
            if data["owner"] == self._owner:
                return {str(one): (int(first), int(number)) for one, (first, number) in data["held"].items()}
        return {}

    def write(self, held: dict[str, Held]) -> None:
        data = {"owner": self._owner, "held": held}
        write_file(self._path, json.dumps(data, sort_keys=True).encode())
