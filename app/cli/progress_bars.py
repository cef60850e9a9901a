"""Progress on the terminal's error stream: silent when it is no terminal."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from catena.add_document import Added
from catena.app.cli.console import HarmlessConsole, marked
from catena.app.process_border import print_json
from catena.events import Event
from catena.render.harmless import harmless

if TYPE_CHECKING:
    from catena.bookqa.book_set_runs import Progress as BatchState


class ProgressBar:
    """One bar that is gone when its work ends."""

    def __init__(self, console: HarmlessConsole, *columns: ProgressColumn, is_shown: bool = True) -> None:
        is_shown = is_shown and console.is_terminal
        self._bar = Progress(*columns, console=console, transient=True, disable=not is_shown)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()


class AddProgress(ProgressBar):
    """One bar over the pages of all files under way, with pages per second and time left."""

    def __init__(self, num_files: int, *, is_shown: bool) -> None:
        self.console = HarmlessConsole(is_error=True, soft_wrap=True)
        self._is_shown = is_shown and self.console.is_terminal
        self._num_files = num_files
        self._num_done = 0
        self._pages: dict[Path, tuple[int, int]] = {}
        self._lock = threading.Lock()
        super().__init__(
            self.console,
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} pages"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            is_shown=is_shown,
        )
        self._task: TaskID = self._bar.add_task(f"0/{num_files} files", total=1, rate="")

    def on_page(self, path: Path, done: int, total: int) -> None:
        with self._lock:
            self._pages[path] = (done, max(total, done))
            self._show()

    def done(self, added: Added) -> None:
        with self._lock:
            self._num_done += 1
            num_pages = added.document.num_pages if added.is_new else 0
            self._pages[added.path] = (num_pages, num_pages)
            self._show()

    def _show(self) -> None:
        done = sum(pages for pages, _ in self._pages.values())
        total = sum(pages for _, pages in self._pages.values())
        speed = self._bar.tasks[0].speed
        self._bar.update(
            self._task,
            description=f"{self._num_done}/{self._num_files} files",
            completed=done,
            total=max(total, 1),
            rate=f"{speed:.0f} pages/s" if speed else "",
        )


class StatusLine:
    """One line on a terminal's error stream that says what is being done; elsewhere nothing."""

    def __init__(self, text: str, *, is_shown: bool) -> None:
        console = HarmlessConsole(is_error=True)
        self._status = console.status(text) if is_shown and console.is_terminal else None

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def say(self, text: str) -> None:
        if self._status:
            self._status.update(marked(text))


class AskProgress(StatusLine):
    """Show the steps of a question as they are done."""

    def __init__(self, *, is_shown: bool) -> None:
        super().__init__("Looking…", is_shown=is_shown)

    def on_event(self, event: Event) -> None:
        if event.kind != "token":
            self.say(event.message)


class BatchProgress(ProgressBar):
    """One bar over the questions of a set, with books done, what failed, and the cost so far."""

    def __init__(self, *, is_shown: bool) -> None:
        super().__init__(
            HarmlessConsole(is_error=True),
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} questions"),
            TimeRemainingColumn(),
            is_shown=is_shown,
        )
        self._task: TaskID = self._bar.add_task("", total=1)

    def on_progress(self, now: BatchState) -> None:
        cost = "" if now.usage.cost_usd is None else f", ${now.usage.cost_usd:.2f}"
        failed = f", {now.num_failed} failed" if now.num_failed else ""
        self._bar.update(
            self._task,
            description=f"{now.num_books_done}/{now.num_books} books, {now.usage.calls} calls{cost}{failed}",
            completed=min(now.num_made, now.num_asked),
            total=max(1, now.num_asked),
        )


class Counted(StatusLine):
    """Show the progress of this run, and its failures."""

    def __init__(self, what: str, *, is_shown: bool) -> None:
        super().__init__(f"0 {what}", is_shown=is_shown)
        self._what, self._num, self._failed = what, 0, 0

    def on_end(self, key: str, result: object) -> None:
        self._num, self._failed = self._num + (result is not None), self._failed + (result is None)
        failed = f", {self._failed} failed" if self._failed else ""
        self.say(f"{self._num} {self._what}{failed}")


class FetchProgress(ProgressBar):
    """One bar over the bytes of a file that is fetched."""

    def __init__(self, name: str, num_bytes: int) -> None:
        super().__init__(
            HarmlessConsole(is_error=True),
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        self._task: TaskID = self._bar.add_task(marked(name), total=num_bytes)

    def on_bytes(self, num_here: int) -> None:
        self._bar.update(self._task, completed=num_here)


NOTE_LINES = 8
SHOWN = ("question", "route", "queries", "hits")


class LiveAnswer:
    """A few lines of what was done, the chain's last note, and the answer so far; gone when the answer is there."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._progress = ""
        self._note = ""
        self._answer = ""
        self._live = Live(console=HarmlessConsole(is_error=True), transient=True, refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def on_event(self, event: Event) -> None:
        if event.kind in SHOWN:
            self._done.append(event.message)
        elif event.kind == "note":
            self._progress, self._note = event.message, str(event.data["note"])
        elif event.kind in ("read", "path"):
            self._progress = event.message
        elif event.kind == "token":
            self._answer = self._answer + event.message if event.message else ""
        self._live.update(self._view())

    def _view(self) -> Group:
        """Text alone, never markup: it comes from documents and models."""
        note = "\n".join(self._note.splitlines()[-NOTE_LINES:])
        parts = [Text(harmless(line), style="dim") for line in self._done]
        parts += [Text(harmless(self._progress), style="cyan")] if self._progress else []
        parts += [Text(harmless(note), style="dim")] if note and not self._answer else []
        parts += [Text(harmless(self._answer), style="bold")] if self._answer else []
        return Group(*parts)


def print_line(event: Event) -> None:
    """One event as one line of JSON."""
    line = {"event": event.kind, "message": event.message, "data": dict(event.data)}
    print_json(line, indent=None)
