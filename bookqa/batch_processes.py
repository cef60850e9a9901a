"""Sets that are made behind whoever asked: each in a process of its own, of low priority, which anybody can watch.

`batches/NAME/` in the library's folder: `job.json` says what is asked, `set.jsonl` is the set and `set.jsonl.db` the
work on it; `lock` is held while somebody works, `cancel` asks them to stop, `end.json` says how it ended. Keys of
models are in the environment of that process alone, never in a file.

`python -m catena.set_process FOLDER` is that process.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from catena.bookqa import book_sets
from catena.bookqa.book_set_runs import GenerateOptions, Progress, journal_path, progress_of
from catena.bookqa.generator import Order
from catena.bookqa.items import Item
from catena.bookqa.report import Report
from catena.bookqa.result_store import Journal
from catena.errors import CatenaError, LibraryCorrupt, OptionError
from catena.files.atomic_files import FILE_MODE, make_folder, write_file
from catena.health import Problem
from catena.jobs.daemon import begin, is_held
from catena.library.lost_found import set_aside
from catena.settings import Settings, address_variables, public_settings

BatchState = Literal["running", "done", "failed", "stopped", "interrupted"]
JOB, SET, LOCK, CANCEL, END, LOG = "job.json", "set.jsonl", "lock", "cancel", "end.json", "log"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """A set that was started; `out` is its file. `message` and `remedy` say why it failed or was stopped."""

    name: str
    out: Path
    order: Order
    books: tuple[str, ...]
    started_at: float
    state: BatchState
    message: str = ""
    remedy: str = ""


class Batches:
    """The sets of one library; safe for several threads and processes. An unknown name raises OptionError."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.home / "batches"

    def start(
        self,
        books: Sequence[str | Path],
        order: Order,
        options: GenerateOptions | None = None,
        *,
        keys: Mapping[str, str] | None = None,
    ) -> Batch:
        """Begin a set in a process of its own. `keys`: variables for its environment, as OPENAI_API_KEY."""
        name = uuid4().hex[:12]
        folder = self._folder / name
        make_folder(folder)
        job = {
            "settings": public_settings(self._settings),
            "books": [str(Path(book).absolute()) if Path(book).exists() else str(book) for book in books],
            "order": asdict(order),
            "options": asdict(options or GenerateOptions()),
            "started_at": time.time(),
        }
        write_file(folder / JOB, json.dumps(job, ensure_ascii=False).encode())
        self._spawn(name, keys or {})
        return self.batch(name)

    def restart(self, name: str, *, keys: Mapping[str, str] | None = None) -> Batch:
        """Go on with a set that ended; what was made is not made again. Raises OptionError while it is made."""
        if self.batch(name).state == "running":
            raise _taken(name)
        for file in (CANCEL, END):
            (self._folder / name / file).unlink(missing_ok=True)
        self._spawn(name, keys or {})
        return self.batch(name)

    def cancel(self, name: str) -> None:
        """Ask a set to stop: it does within a second, and what was made stays."""
        self.batch(name)
        (self._folder / name / CANCEL).touch(FILE_MODE)

    def all(self) -> list[Batch]:
        """Every set, newest first."""
        names = [path.parent.name for path in self._folder.glob(f"*/{JOB}")] if self._folder.is_dir() else []
        return sorted((self.batch(name) for name in names), key=lambda batch: -batch.started_at)

    def batch(self, name: str) -> Batch:
        """What is asked, and how it stands."""
        folder = self._folder / name
        job = read_json(folder / JOB) if name.isalnum() else None
        if job is None:
            raise OptionError(f"There is no set {name!r}.", "List them: Batches(settings).all().")
        is_running = is_held(folder / LOCK)  # asked first: whoever works says how it ended, then lets go
        end = read_json(folder / END)
        state: BatchState = end["state"] if end else "running" if is_running else "interrupted"
        told = (end["message"], end["remedy"]) if end else ("", "")
        order = Order(**{**job["order"], "kinds": tuple(job["order"]["kinds"])})
        return Batch(name, folder / SET, order, tuple(job["books"]), job["started_at"], state, *told)

    def progress(self, name: str) -> Progress:
        """How far it is."""
        with Journal(journal_path(self.batch(name).out)) as journal:
            return progress_of(journal)

    def items(self, name: str, first: int = 0, limit: int = 50) -> list[Item]:
        """Items of finished books, `limit` of them from `first` on, while the set is made and after."""
        with Journal(journal_path(self.batch(name).out)) as journal:
            return list(islice(book_sets.items(journal), first, first + limit))

    def report(self, name: str) -> Report:
        """What became of it so far: counts by filter, kind and place, failures, usage."""
        batch = self.batch(name)
        with Journal(journal_path(batch.out)) as journal:
            return book_sets.report(
                journal, batch.order, len((journal.note("job") or {"books": batch.books})["books"])
            )

    def check(self, *, repair: bool) -> list[Problem]:
        """What `catena doctor` says of the sets; with `repair`, what can be made again is dropped, else set aside."""
        found: list[Problem] = []
        for folder in sorted(path.parent for path in self._folder.glob(f"*/{JOB}")):
            if is_held(folder / LOCK):
                continue
            if not (said := _damage_of(folder, repair=repair)):
                continue
            if repair:
                set_aside(self._settings.home, folder)
            else:
                found.append(Problem("set", f"The set {folder.name} is damaged: {said}", can_repair=True))
        return found

    def _spawn(self, name: str, keys: Mapping[str, str]) -> None:
        folder = self._folder / name
        keys = {**address_variables(self._settings.api_base), **keys}
        if not begin("catena.set_process", folder, log=folder / LOG, keys=keys):
            raise _taken(name)


def _damage_of(folder: Path, *, repair: bool) -> str:
    """What is wrong with the files of a set; with `repair`, results that can be made again are dropped first."""
    try:
        read_json(folder / JOB)
        read_json(folder / END)
        path = journal_path(folder / SET)
        if not path.exists():
            return ""
        with Journal(path) as journal:
            if repair:
                journal.drop_damaged()
            return ", ".join(journal.damaged()[:3])
    except CatenaError as error:
        return error.message


def _taken(name: str) -> OptionError:
    return OptionError(f"Another process works on the set {name}.", "Wait for it, or cancel it first.")


def read_json(path: Path) -> Json | None:
    try:
        found: Json = json.loads(path.read_bytes())
        if not isinstance(found, dict):
            raise ValueError("no object")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LibraryCorrupt(f"{path} is damaged: {error}.", "Run: catena doctor --repair") from error
    return found
