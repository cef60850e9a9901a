"""Questions that outlive whoever asked them: each has a file that tells how it goes, most a process of their own.

`runs/RUN.jsonl` in the library's folder: the first line says what is asked, each further line is an event, so any
process can watch. `RUN.lock` is held while somebody works on the run; `RUN.cancel` asks them to stop. Keys of models
are in the environment of that process alone, never in a file.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from catena.agents.state import options_from_json, options_to_json
from catena.errors import OptionError
from catena.events import Event
from catena.files.atomic_files import FILE_MODE, make_folder
from catena.files.file_lock import FileLock
from catena.health import Problem
from catena.jobs.daemon import begin, is_held
from catena.library.lost_found import set_aside
from catena.options import AskOptions
from catena.redaction import public_address
from catena.run_lines import checked_line, sound_lines
from catena.settings import Settings, address_variables, public_settings

RunState = Literal["running", "answered", "failed", "cancelled", "interrupted"]
MAX_AT_ONCE = 4
"""Each run has a process of some 300 MB."""
MAX_KEPT = 500
POLL_SECONDS = 0.2
START_SECONDS = 10.0
"""A run that was asked so short a time ago may not have its process yet."""
LOG = "runs.log"
STARTING = "starting.lock"
_ENDS: dict[str, RunState] = {"answer": "answered", "failed": "failed", "cancelled": "cancelled"}
_REPAIR = "Run: catena doctor --repair"
_TURNS = tuple(f'{{"kind": "{kind}"'.encode() for kind in (*_ENDS, "resumed"))
"""How the lines begin that change a run's state."""


@dataclass(frozen=True, slots=True)
class Run:
    """A question that was started; `asked_at` in seconds since 1970. `message` and `remedy` say why it failed.

    One without a process of its own is worked on by the process that was asked, such as the server of the pages.
    """

    run_id: str
    question: str
    document_ids: tuple[str, ...]
    options: AskOptions
    asked_at: float
    state: RunState = "running"
    message: str = ""
    remedy: str = ""
    has_process: bool = True

    @property
    def is_over(self) -> bool:
        return self.state != "running"


class Runs:
    """The runs of one library; safe for several threads and processes. An unknown id raises OptionError."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._folder = settings.home / "runs"

    def start(self, run: Run, *, keys: Mapping[str, str] | None = None, api_base: str | None = None) -> Run:
        """Begin a run in a process of its own. `keys`: variables for its environment, as OPENAI_API_KEY.

        Raises OptionError when as many run already as may at once.
        """
        with self._starting():
            self._prune()
            self._begin(run, api_base)
            self._spawn(
                run.run_id, {**address_variables(api_base or self._settings.api_base), **(keys or {})}
            )
        return run

    def restart(self, run_id: str, *, keys: Mapping[str, str] | None = None) -> Run:
        """Go on with a run that failed, was cancelled or interrupted: what it read is not read again.

        Raises OptionError for another run, and when as many run already as may at once.
        """
        with self._starting():
            run = self.run(run_id)
            if run.state in ("running", "answered"):
                raise OptionError(f"This run is {run.state}.", "Only a run that ended early can go on.")
            self.reopen(run_id)
            self._spawn(run_id, {**address_variables(self._settings.api_base), **(keys or {})})
        return self.run(run_id)

    def reopen(self, run_id: str) -> None:
        """Forget that a run ended, for whoever goes on with it."""
        self._path(run_id, ".cancel").unlink(missing_ok=True)
        self.tell(run_id, Event("resumed", "Going on"))

    def keep(self, run: Run, events: Iterable[Event] = ()) -> None:
        """Keep what is asked, and the events so far, of a run that this process works on itself."""
        self._prune()
        self._begin(run)
        for event in events:
            self.tell(run.run_id, event)

    def cancel(self, run_id: str) -> None:
        """Ask a run to stop: it makes no further call, and ends within five seconds."""
        self.run(run_id)
        self._path(run_id, ".cancel").touch(FILE_MODE)

    def is_cancelled(self, run_id: str) -> bool:
        return self._path(run_id, ".cancel").exists()

    def run(self, run_id: str) -> Run:
        """Return the question asked, and how it stands."""
        # Asked first: whoever works tells the end, then lets go.
        is_running = is_held(self._path(run_id, ".lock"))
        lines = self._lines(run_id)
        if not lines:
            raise OptionError(f"There is no run {run_id[:12]!r}.", "List them: `catena runs`.")
        run = _run_of(run_id, json.loads(lines[0]))
        last = json.loads(next((line for line in reversed(lines) if line.startswith(_TURNS)), b"{}"))
        if last.get("kind") in _ENDS:
            state, data = _ENDS[last["kind"]], last["data"]
            message = last["message"] if state == "failed" else ""
            return replace(run, state=state, message=message, remedy=data.get("remedy", ""))
        is_new = len(lines) == 1 and 0 <= self._clock() - run.asked_at < START_SECONDS
        return run if is_new or is_running else replace(run, state="interrupted")

    def all(self, limit: int | None = None) -> list[Run]:
        """Every run that is kept, or those of which something was told last; newest first."""
        runs = [run for path in self._files()[:limit] if (run := self._readable(path.stem))]
        return sorted(runs, key=lambda run: -run.asked_at)

    def _readable(self, run_id: str) -> Run | None:
        """A run, unless its file is damaged: the doctor names that."""
        try:
            return self.run(run_id)
        except OptionError:
            return None

    def under_way(self) -> list[Run]:
        """The runs that are not over, newest first: few files are read, as only these have a lock."""
        ids = [path.stem for path in self._folder.glob("*.lock")]
        runs = [run for run_id in ids if self.has(run_id) and (run := self._readable(run_id))]
        return sorted((run for run in runs if not run.is_over), key=lambda run: -run.asked_at)

    def events(self, run_id: str, after: int = 0) -> list[Event]:
        """The events so far, without the first `after`."""
        return [Event(**json.loads(line)) for line in self._lines(run_id)[1 + after :]]

    def follow(self, run_id: str, after: int = 0) -> Iterator[Event]:
        """Yield the events so far, without the first `after`, and those to come, until the run is over."""
        num = after
        while True:
            is_over = self.run(run_id).is_over  # asked first: no event is missed between the two
            for event in self.events(run_id, num):
                num += 1
                yield event
            if is_over:
                return
            time.sleep(POLL_SECONDS)

    def tell(self, run_id: str, event: Event) -> None:
        """Add an event: one line, in one write. Of a run that was deleted nothing is kept any more."""
        with suppress(FileNotFoundError), open(self._path(run_id), "ab", opener=_existing) as file:
            file.write(_line(event))

    def begin_anew(self, run_id: str, document_ids: Sequence[str]) -> None:
        """Have a run ask these documents alone, and forget what it told of the others.

        Its events stay as many as they were: whoever follows has counted them.
        """
        lines = self._lines(run_id)
        first = {**json.loads(lines[0]), "documents": list(document_ids)}
        anew = Event("resumed", "Beginning anew: a document was removed")
        self._write(run_id, [checked_line(first), *[_line(anew) for _ in lines]])

    def has(self, run_id: str) -> bool:
        """Tell whether the events of this run are kept; those of a question that its asker waits for are not."""
        return self._path(run_id).exists()

    @contextmanager
    def working_on(self, run_id: str) -> Iterator[None]:
        """Hold a run while it is worked on. Raises OptionError when another process does."""
        make_folder(self._folder)
        lock = FileLock(self._path(run_id, ".lock"))
        if not lock.acquire_within():
            raise _taken(run_id)
        try:
            yield
        finally:
            self._path(run_id, ".lock").unlink(missing_ok=True)
            lock.release()

    def forget(self, document_id: str) -> int:
        """Delete what is kept of every run over a document; return how many runs that were.

        One that is under way over other documents too is left to whoever works on it: it begins anew without this.
        """
        runs = [run for run in self.all() if document_id in run.document_ids]
        runs = [
            run for run in runs if len(run.document_ids) == 1 or not is_held(self._path(run.run_id, ".lock"))
        ]
        for run in runs:
            self._delete(run.run_id)
        return len(runs)

    def delete(self, run_ids: Iterable[str]) -> None:
        """Delete what is kept of some runs."""
        for run_id in run_ids:
            self._delete(run_id)

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """Let one process at a time count the runs and add its own: else two that count at once both find room."""
        make_folder(self._folder)
        with FileLock(self._folder / STARTING):
            if sum(run.has_process for run in self.under_way()) >= MAX_AT_ONCE:
                raise OptionError(
                    f"{MAX_AT_ONCE} questions are being answered already.", "Wait for one, or cancel it."
                )
            yield

    def _begin(self, run: Run, api_base: str | None = None) -> None:
        make_folder(self._folder)
        settings = public_settings(self._settings)
        first = {
            "question": run.question,
            "documents": list(run.document_ids),
            "options": options_to_json(run.options),
            "asked_at": run.asked_at,
            "has_process": run.has_process,
            "settings": {
                **settings,
                "api_base": public_address(api_base) if api_base else settings["api_base"],
            },
        }
        self._path(run.run_id, ".lock").touch(FILE_MODE)
        self._write(run.run_id, [checked_line(first)])

    def _write(self, run_id: str, lines: Iterable[bytes]) -> None:
        new = self._path(run_id, ".new")
        new.touch(FILE_MODE)
        new.write_bytes(b"".join(lines))
        new.rename(self._path(run_id))  # others see it whole or not at all

    def _spawn(self, run_id: str, keys: Mapping[str, str]) -> None:
        if not begin("catena.run_process", self._path(run_id), log=self._folder / LOG, keys=keys):
            raise _taken(run_id)

    def _files(self) -> list[Path]:
        """The files of all runs, the last written first; those of a time to come, told by a wrong clock, last."""
        now = self._clock() + START_SECONDS
        told = []
        for path in self._folder.glob("*.jsonl"):
            with suppress(FileNotFoundError):  # deleted meanwhile
                told.append((path.stat().st_mtime, path))
        return [path for _, path in sorted(told, key=lambda one: (one[0] > now, -one[0]))]

    def _lines(self, run_id: str) -> list[bytes]:
        """Lines written so far; a line that is still being written is left for later."""
        path = self._path(run_id)
        if not path.exists():
            return []
        try:
            lines, is_whole = sound_lines(path.read_bytes())
        except OSError as error:
            raise OptionError(f"The run {run_id[:12]} cannot be read: {error.strerror}.", _REPAIR) from error
        if not is_whole and not lines:
            raise OptionError(f"What is kept of the run {run_id[:12]} is damaged.", _REPAIR)
        return lines

    def check(self, *, repair: bool) -> list[Problem]:
        """Check the files for `catena doctor`; with `repair`, damaged ones are set aside."""
        found = []
        for path in self._files():
            try:
                is_whole = sound_lines(path.read_bytes())[1]
            except OSError:
                is_whole = False
            if is_whole or is_held(path.with_suffix(".lock")):
                continue
            if repair:
                set_aside(self._settings.home, path)
            else:
                found.append(
                    Problem("run", f"What is kept of the run {path.stem[:12]} is damaged.", can_repair=True)
                )
        return found

    def _prune(self) -> None:
        for path in self._files()[MAX_KEPT:]:
            if (run := self._readable(path.stem)) and run.is_over:
                self._delete(path.stem)

    def _delete(self, run_id: str) -> None:
        for suffix in (".jsonl", ".lock", ".cancel"):
            self._path(run_id, suffix).unlink(missing_ok=True)

    def _path(self, run_id: str, suffix: str = ".jsonl") -> Path:
        if not str(run_id).isalnum():
            raise OptionError(f"{run_id!r} is no id of a run.", "List them: `catena runs`.")
        return self._folder / f"{run_id}{suffix}"


def _existing(path: str, flags: int) -> int:
    return os.open(path, flags & ~os.O_CREAT)


def _line(event: Event) -> bytes:
    return checked_line({"kind": event.kind, "message": event.message, "data": dict(event.data)})


def _taken(run_id: str) -> OptionError:
    return OptionError(f"Another process works on the run {run_id[:12]}.", "Wait for it, or cancel it first.")


def _run_of(run_id: str, first: Mapping[str, Any]) -> Run:
    options = options_from_json(first["options"])
    about, has_process = tuple(first["documents"]), first.get("has_process", True)
    return Run(run_id, first["question"], about, options, first["asked_at"], has_process=has_process)
