"""The desk that takes questions for every face of the server: a few at once, the others in their turn.

A question whose client leaves is cancelled; one that the server leaves at its end is parked, to be resumed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

from starlette.requests import Request

from catena.agents.event_stream import streamed
from catena.app.server.problems import Parked
from catena.client import Catena
from catena.document_filter import Filter
from catena.errors import RunBusy
from catena.events import Event, OnEvent
from catena.options import AskOptions
from catena.types import Answer

T = TypeVar("T")
POLL_SECONDS = 0.5
PARKED = "Resume it: POST /v1/runs/{}/resume, or `catena resume {}`."


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what it is asked of; `run_id` is what it is resumed by, `is_kept` whether it can be."""

    question: str
    documents: tuple[str, ...] | Filter | None = None
    options: AskOptions = field(default_factory=AskOptions)
    is_kept: bool = True
    run_id: str = field(default_factory=lambda: uuid4().hex)


@dataclass(frozen=True, slots=True)
class DeskLimits:
    """Questions that are answered at once, and that wait at most; seconds of one, and of one when the server stops."""

    max_at_once: int = 4
    max_waiting: int = 200
    max_seconds: float = 600.0
    grace_seconds: float = 5.0


class QuestionDesk:
    """Answers questions of one library in the server's event loop."""

    def __init__(self, catena: Catena, limits: DeskLimits | None = None) -> None:
        self.limits = limits or DeskLimits()
        self.stopping = asyncio.Event()
        self._catena = catena
        self._places = asyncio.Semaphore(self.limits.max_at_once)
        self._num_waiting = 0
        self._loop = asyncio.get_running_loop()

    def stop(self) -> None:
        """Give what is under way a few seconds more, then park it. May be called from a handler of signals."""
        later = self.limits.grace_seconds
        self._loop.call_soon_threadsafe(self._loop.call_later, later, self.stopping.set)

    async def ask(self, asked: Asked, on_event: OnEvent | None = None) -> Answer:
        """Answer when it is the question's turn. Raises what `Catena.ask` raises, RunBusy and Parked."""
        async with self._turn():
            work = asyncio.ensure_future(self._answer(asked, on_event))
            stop = asyncio.ensure_future(self.stopping.wait())
            try:
                await asyncio.wait(
                    {work, stop}, timeout=self.limits.max_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if work.done():
                    return await work
                raise self._parked(asked)
            finally:
                stop.cancel()
                work.cancel()
                await asyncio.wait({work})

    async def events(self, asked: Asked) -> AsyncGenerator[Event, None]:
        """Yield what is done, last the answer; closing it cancels."""

        def work(on_event: OnEvent) -> Coroutine[Any, Any, Answer]:
            return self.ask(asked, on_event)

        async with aclosing(streamed(work)) as events:
            async for event in events:
                yield event

    def _answer(self, asked: Asked, on_event: OnEvent | None) -> Coroutine[Any, Any, Answer]:
        return self._catena.questions.ask(
            asked.question,
            documents=asked.documents,
            options=asked.options,
            on_event=on_event,
            is_kept=asked.is_kept,
            run_id=asked.run_id,
        )

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._num_waiting >= self.limits.max_waiting:
            raise RunBusy(f"{self._num_waiting} questions wait already.", "Ask again in a while.")
        self._num_waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._num_waiting -= 1
        try:
            if self.stopping.is_set():
                raise Parked("The server stops.", "Ask again once it is back.")
            yield
        finally:
            self._places.release()

    def _parked(self, asked: Asked) -> Parked:
        what = (
            "The server stops"
            if self.stopping.is_set()
            else f"No answer within {self.limits.max_seconds:g} s"
        )
        if not asked.is_kept:
            return Parked(f"{what}.", "Ask again.")
        return Parked(
            f"{what}; what was read is kept.", PARKED.format(asked.run_id, asked.run_id), asked.run_id
        )


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Do work for a client; cancel it, and raise ClientGone, where the client leaves."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=POLL_SECONDS))[0]:
            if await request.is_disconnected():
                raise ClientGone
        return await task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task
