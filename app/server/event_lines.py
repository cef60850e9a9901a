"""Replies that are streamed as server-sent events, and what keeps them alive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from fastapi import Request
from fastapi.responses import StreamingResponse

from catena.app.server.question_desk import while_connected
from catena.events import Event

HEARTBEAT_SECONDS = 5.0


def event_stream(lines: AsyncGenerator[bytes, None]) -> StreamingResponse:
    """Reply with lines as they come."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(with_heartbeats(lines), media_type="text/event-stream", headers=headers)


async def first_event(
    request: Request, events: AsyncGenerator[Event, None]
) -> tuple[Event, AsyncGenerator[Event, None]]:
    """Wait for the first event: what is wrong with a question is said before a stream begins."""

    async def first() -> Event:
        return await anext(events)

    try:
        return await while_connected(request, first()), events
    except BaseException:
        await events.aclose()
        raise


async def with_heartbeats(lines: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Keep the connection of whoever waits alive by comments, between lines."""
    step = asyncio.ensure_future(anext(lines))
    try:
        while True:
            if not (await asyncio.wait({step}, timeout=HEARTBEAT_SECONDS))[0]:
                yield b": working\n\n"
                continue
            try:
                yield await step
            except StopAsyncIteration:
                return
            step = asyncio.ensure_future(anext(lines))
    finally:
        step.cancel()
        await asyncio.wait({step})
        await lines.aclose()
