"""A run as a stream of events: what is being done, the answer piece by piece, and the answer whole at the end."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

from catena.agents.events import Event, OnEvent
from catena.agents.neutral import Neutral
from catena.answers import to_json
from catena.types import Answer

_ANSWER = re.compile(r"(?:^|\s)[*_#>\s]*answer[*_\s]*[:：][*_\s]*(?=[^*_\s])", re.I)
_EVIDENCE = re.compile(r"\s*[*_#>\s]*evidence", re.I)
_THOUGHT = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>", re.I | re.S)
_MISSING = re.compile(r"\n[*_#>\s]*missing[*_\s]*[:：]", re.I)
TOGETHER_SECONDS = 0.25
UNDECIDED = 12
"""Characters after which a reply that does not begin with "Evidence" is an answer from its first word."""


class AnswerText:
    """Takes a reply in pieces (`OnText`) and tells of its answer alone, as `token` events without markup."""

    def __init__(self, emit: OnEvent) -> None:
        self._emit = emit
        self._reply = ""
        self._begun: int | None = None
        self._told = 0
        self._neutral = Neutral()

    def __call__(self, piece: str) -> None:
        if not piece:
            if self._told:
                self._emit(Event("token", "", {"text": None}))
            self._reply, self._begun, self._told, self._neutral = "", None, 0, Neutral()
            return
        self._reply += piece
        if self._begun is None:
            self._begun = self._beginning()
        if self._begun is None:
            return
        missing = _MISSING.search(self._reply, self._begun)
        end = missing.start() if missing else self._sure_end()
        text = self._neutral.feed(self._reply[max(self._told, self._begun) : end])
        if text:
            self._emit(Event("token", text, {"text": text}))
        self._told = max(self._told, end)

    def _beginning(self) -> int | None:
        thought = _THOUGHT.match(self._reply)
        start = thought.end() if thought else 0
        found = _ANSWER.search(self._reply, start)
        if found:
            return found.end()
        is_evidence = bool(_EVIDENCE.match(self._reply, start)) or len(self._reply) - start < UNDECIDED
        return None if is_evidence or self._reply[start:].lstrip().startswith("<") else start

    def _sure_end(self) -> int:
        """Up to a last line that may turn out to begin with "Missing:"."""
        line = self._reply.rfind("\n") + 1
        is_open = line and "missing:".startswith(self._reply[line:].strip(" *_#>").casefold())
        return line - 1 if is_open else len(self._reply)


class Together:
    """Passes events on, the pieces of an answer a few times a second: what is told to a file is not told by word."""

    def __init__(self, emit: OnEvent, clock: Callable[[], float] = time.monotonic) -> None:
        self._emit, self._clock = emit, clock
        self._text = ""
        self._told_at = 0.0

    def __call__(self, event: Event) -> None:
        is_piece = event.kind == "token" and event.data["text"] is not None
        if is_piece:
            self._text += event.data["text"]
        if self._text and (not is_piece or self._clock() - self._told_at > TOGETHER_SECONDS):
            self._emit(Event("token", self._text, {"text": self._text}))
            self._text, self._told_at = "", self._clock()
        if not is_piece:
            self._emit(event)


def both(first: OnEvent | None, second: OnEvent) -> OnEvent:
    """Tell two listeners, where there are two."""
    if first is None:
        return second

    def tell(event: Event) -> None:
        first(event)
        second(event)

    return tell


async def streamed(work: Callable[[OnEvent], Coroutine[Any, Any, Answer]]) -> AsyncGenerator[Event, None]:
    """Do the work and yield its events, last the answer. Closing the generator cancels the work.

    Raises what the work raises, after the events before it.
    """
    events: asyncio.Queue[Event | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell(event: Event | None) -> None:
        loop.call_soon_threadsafe(events.put_nowait, event)

    task = loop.create_task(work(tell))
    task.add_done_callback(lambda _: tell(None))
    try:
        while (event := await events.get()) is not None:
            yield event
        answer = await task
        yield Event("answer", answer.text, to_json(answer))
    finally:
        task.cancel()
        await asyncio.wait([task])
