"""`catena ask --stream`: what is done and the answer as it is written, on the terminal; as JSON lines where wanted."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from catena.app.cli.console import HarmlessConsole
from catena.app.process_border import print_json
from catena.events import Event
from catena.render.harmless import harmless

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
