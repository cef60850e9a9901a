"""Sets that are made behind whoever asked: jobs of the kind `set`, of low priority, which anybody can watch.

`batches/NAME/` in the library's folder: `set.jsonl` is the set, `set.jsonl.db` the work on it, and `job.json` says what
is asked, so that a set is found again where its job was lost. Keys of models are in the environment of its process
alone.
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
from catena.bookqa.items import Item, holds_items, write_items
from catena.bookqa.report import Report
from catena.bookqa.result_store import Journal
from catena.errors import CatenaError, LibraryCorrupt, OptionError
from catena.events import Event, EventKind
from catena.files.atomic_files import make_folder, write_file
from catena.health import Problem
from catena.jobs.job_queue import Jobs, open_jobs, taken
from catena.jobs.job_store import Job, JobState
from catena.jobs.worker_start import is_held
from catena.library.lost_found import set_aside
from catena.settings import Settings, address_variables, public_settings

BatchState = Literal["running", "done", "failed", "stopped", "interrupted"]
KIND = "set"
JOB, SET = "job.json", "set.jsonl"
FORMER_END, FORMER_LOCK = "end.json", "lock"
"""How a set of an older version ended, and what its process held."""
STATE_OF: Mapping[JobState, BatchState] = {
    "queued": "running",
    "running": "running",
    "done": "done",
    "failed": "failed",
    "cancelled": "stopped",
    "interrupted": "interrupted",
}
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

    def __init__(self, settings: Settings, jobs: Jobs | None = None) -> None:
        self._settings = settings
        self._folder = settings.home / "batches"
        self._jobs = jobs or open_jobs(settings.home)

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
        make_folder(self._folder / name)
        asked = {
            "settings": public_settings(self._settings),
            "books": [str(Path(book).absolute()) if Path(book).exists() else str(book) for book in books],
            "order": asdict(order),
            "options": asdict(options or GenerateOptions()),
            "started_at": time.time(),
        }
        self._jobs.begin(name, KIND, asked)
        write_file(self._folder / name / JOB, json.dumps(asked).encode())
        self._jobs.start(name, {**address_variables(self._settings.api_base), **(keys or {})})
        return self.batch(name)

    def restart(self, name: str, *, keys: Mapping[str, str] | None = None) -> Batch:
        """Go on with a set that ended; what was made is not made again. Raises OptionError while it is made."""
        if self.batch(name).state == "running":
            raise taken(name)
        self._jobs.tell(name, Event("resumed", "Going on"))
        self._jobs.start(name, {**address_variables(self._settings.api_base), **(keys or {})})
        return self.batch(name)

    def cancel(self, name: str) -> None:
        """Ask a set to stop: it does within a second, and what was made stays."""
        self._jobs.cancel(self._job(name).id)

    def all(self) -> list[Batch]:
        """Every set, newest first."""
        names = sorted(path.parent.name for path in self._folder.glob(f"*/{JOB}"))
        return sorted((self.batch(name) for name in names), key=lambda batch: -batch.started_at)

    def batch(self, name: str) -> Batch:
        """What is asked, and how it stands."""
        job = self._job(name)
        asked, out = job.payload, self._folder / name / SET
        told = (job.error.get("message", ""), job.error.get("remedy", ""))
        if job.state == "cancelled":
            told = ("It was cancelled.", "It can go on.")
        books, begun = tuple(asked["books"]), asked["started_at"]
        return Batch(name, out, order_of(asked), books, begun, STATE_OF[job.state], *told)

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
            if self._jobs.is_held(folder.name):
                continue
            if not (said := _damage_of(folder, repair=repair)):
                continue
            if repair:
                set_aside(self._settings.home, folder)
            else:
                found.append(Problem("set", f"The set {folder.name} is damaged: {said}", can_repair=True))
        return found

    def _job(self, name: str) -> Job:
        """The job of a set; one is made where an older version began the set, or the job was lost."""
        try:
            return self._jobs.named(name)
        except KeyError:
            folder = self._folder / name
            asked = read_json(folder / JOB) if name.isalnum() else None
            if asked is None:
                raise OptionError(
                    f"There is no set {name!r}.", "List them: Batches(settings).all()."
                ) from None
        if is_held(folder / FORMER_LOCK):
            raise taken(name)
        return self._jobs.begin(name, KIND, asked, at=asked["started_at"], events=_former_end(folder))


def order_of(asked: Mapping[str, Any]) -> Order:
    return Order(**{**asked["order"], "kinds": tuple(asked["order"]["kinds"])})


def _former_end(folder: Path) -> list[Event]:
    """How an older version's set ended, as an event."""
    kinds: Mapping[str, EventKind] = {"done": "answer", "failed": "failed", "stopped": "cancelled"}
    end = read_json(folder / FORMER_END)
    return [Event(kinds[end["state"]], end["message"], {"remedy": end["remedy"]})] if end else []


def _damage_of(folder: Path, *, repair: bool) -> str:
    """What is wrong with the files of a set; with `repair`, results that can be made again are dropped first."""
    try:
        read_json(folder / JOB)
        path = journal_path(folder / SET)
        if not path.exists():
            return ""
        with Journal(path) as journal:
            if repair:
                journal.drop_damaged()
            return ", ".join(journal.damaged()[:3]) or _damage_of_file(folder / SET, journal, repair=repair)
    except CatenaError as error:
        return error.message


def _damage_of_file(path: Path, journal: Journal, *, repair: bool) -> str:
    """What is wrong with the file of a set; with `repair`, it is written again of what the journal holds."""
    if not path.exists() or holds_items(path, book_sets.items(journal)):
        return ""
    if repair:
        write_items(path, book_sets.items(journal))
        return ""
    return f"{path.name} is not as it was written."


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
