"""A run as a stream of events: what is being done, the answer piece by piece, and the answer whole at the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

from catena.agents.generative.markdown_sanitizer import MarkdownSanitizer
from catena.agents.generative.reply_sections import answer_so_far
from catena.events import Event, OnEvent
from catena.llm.spoken_text import SpokenText
from catena.render.answer_json import to_json
from catena.types import Answer

TOGETHER_SECONDS = 0.25


class AnswerText:
    """Takes a reply in pieces (`OnText`) and tells of its answer alone, as `token` events without markup."""

    def __init__(self, emit: OnEvent) -> None:
        self._emit = emit
        self._spoken = SpokenText(self._heard, is_plain=True)  # what waits for its end has waited before
        self._reply = self._told = ""
        self._neutral = MarkdownSanitizer()

    def __call__(self, piece: str) -> None:
        if piece:
            self._spoken.feed(piece)
            return
        self._forget()
        self._spoken, self._reply = SpokenText(self._heard, is_plain=True), ""

    def _heard(self, piece: str) -> None:
        if not piece:
            self._forget()
            self._reply = ""
            return
        self._reply += piece
        answer = answer_so_far(self._reply)
        if answer is None:
            return
        if not answer.startswith(self._told):
            self._forget()
        text = self._neutral.feed(answer[len(self._told) :])
        if text:
            self._emit(Event("token", text, {"text": text}))
        self._told = answer

    def _forget(self) -> None:
        """Take back what was told."""
        if self._told:
            self._emit(Event("token", "", {"text": None}))
        self._told, self._neutral = "", MarkdownSanitizer()


class EventBatcher:
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
