"""Results of a run: one line a question, on the disk before the next is asked, so that a kill loses nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from catena.errors import LibraryError, OptionError
from catena.files.atomic_files import make_folder, sync_folder, write_file
from catena.files.file_lock import FileLock

ITEMS, CONFIG, LOCK = "items.jsonl", "run.json", ".lock"


@dataclass(frozen=True, slots=True)
class Kept:
    """One question asked and scored.

    `scores` are from 0 to 1, or counts; a score that does not apply is missing. `cited` are the units that each
    citation of `answer` (the JSON of `catena.render.answer_json`) quotes; `short` is the short answer that was scored;
    `judging` is what a judge took.
    """

    key: str
    document: str
    labels: dict[str, list[str]]
    is_answerable: bool
    gold: list[int]
    cited: list[list[int]]
    short: str
    scores: dict[str, float]
    answer: dict[str, Any]
    judging: dict[str, Any] | None


class RunFolder:
    """The folder of one run, locked while it is open.

    Raises OptionError when it holds a run of another kind, LibraryError when another process has it open.
    """

    def __init__(self, path: Path, config: Mapping[str, object]) -> None:
        make_folder(path)
        self.path = path
        self._lock = FileLock(path / LOCK)
        if not self._lock.acquire(wait=False):
            raise LibraryError(f"Another process works on {path}.", "Wait for it, or give another --name.")
        try:
            self._compare(config)
            self.kept = {one.key: one for one in self._read()}
        except BaseException:
            self._lock.release()
            raise
        self._file = (path / ITEMS).open("ab")
        sync_folder(path)

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._lock.release()

    def keep(self, one: Kept) -> None:
        """Put one question on the disk."""
        self._file.write(json.dumps(asdict(one), ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.kept[one.key] = one

    def _compare(self, config: Mapping[str, object]) -> None:
        """Go on only with what the run was begun with."""
        file = self.path / CONFIG
        if not file.exists():
            write_file(file, json.dumps(config, indent=2, ensure_ascii=False).encode() + b"\n")
            return
        begun = json.loads(file.read_text("utf-8"))
        differing = [name for name in {**begun, **config} if begun.get(name) != config.get(name)]
        if differing:
            name = differing[0]
            raise OptionError(
                f"{self.path} was begun with {name} {begun.get(name)!r}, and now it is {config.get(name)!r}.",
                "Give another --name, or delete the folder.",
            )

    def _read(self) -> list[Kept]:
        """Read the lines; one that a kill cut short is dropped from the file."""
        file = self.path / ITEMS
        if not file.exists():
            return []
        data = file.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(file, whole)
        return [Kept(**json.loads(line)) for line in data[:whole].splitlines()]
