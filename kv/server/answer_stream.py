"""One answer on its way to a client: whole, or as server-sent events while it is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from catena.errors import CatenaError, ModelTimeout
from catena.kv.engine.engine import AnswerUsage, Job, Piece
from catena.kv.engine.sampling import Place
from catena.kv.server import openai_responses

HEARTBEAT_SECONDS = 5.0
RETRY_AFTER_SECONDS = 2
GONE = 499
"""The client went away; nobody reads this."""


class AnswerStream:
    """Made in the server's event loop; `put` is called in the engine's thread. A client that leaves ends the job."""

    job: Job

    def __init__(
        self, reply: openai_responses.Reply, max_seconds: float, on_use: Callable[[AnswerUsage], None]
    ) -> None:
        self._reply = reply
        self._max_seconds = max_seconds
        self._on_use = on_use
        self._pieces: asyncio.Queue[Piece] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + max_seconds

    def put(self, piece: Piece) -> None:
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, piece)

    async def whole(self, request: Request) -> Response:
        """Wait for all of the answer."""
        text = ""
        places: list[Place] = []
        try:
            while True:
                piece = await self._next()
                if piece is None:
                    if await request.is_disconnected():
                        return Response(status_code=GONE)
                    continue
                text += piece.text
                places += piece.places
                if piece.error:
                    return failure(piece.error)
                if piece.finish and piece.use:
                    self._on_use(piece.use)
                    return JSONResponse(
                        self._reply.whole(text, piece.finish, piece.use, spans(self.job, piece.use), places)
                    )
        finally:
            self.job.cancel()

    async def stream(self, wants_use: bool) -> AsyncIterator[str]:
        """Server-sent events; comments keep the line alive while a long question is read."""
        try:
            yield openai_responses.event(self._reply.begin())
            while True:
                piece = await self._next()
                if piece is None:
                    yield ": reading\n\n"
                    continue
                if piece.error:
                    yield openai_responses.event(
                        openai_responses.error_body(str(piece.error), "server_error")
                    )
                    break
                if piece.text or piece.places:
                    yield openai_responses.event(self._reply.part(piece.text, piece.places))
                if piece.finish and piece.use:
                    self._on_use(piece.use)
                    yield openai_responses.event(self._reply.end(piece.finish))
                    if wants_use:
                        yield openai_responses.event(self._reply.use(piece.use, spans(self.job, piece.use)))
                    break
            yield "data: [DONE]\n\n"
        finally:
            self.job.cancel()

    async def _next(self) -> Piece | None:
        """The next piece; nothing after a heartbeat's time; an error when time is up."""
        left = self._deadline - self._loop.time()
        try:
            return await asyncio.wait_for(self._pieces.get(), max(0.0, min(HEARTBEAT_SECONDS, left)))
        except TimeoutError:
            if self._loop.time() < self._deadline:
                return None
            message = f"No whole answer within {self._max_seconds:g} s."
            return Piece(error=ModelTimeout(message, "Ask for fewer tokens, or raise the server's limit."))


def spans(job: Job, use: AnswerUsage) -> dict[str, Any]:
    """Return the attention by place in the text: [start, end, share], KV page by KV page, the most looked at first."""
    document = job.prompt.document
    if use.mass is None or document is None or not len(document.source.starts):
        return {}
    size, starts = document.page_size, document.source.starts
    shares = use.mass / use.mass.sum().clamp(min=1e-9)
    order = shares.argsort(descending=True, stable=True).tolist()
    ends = [*starts[size::size].tolist(), int(starts[-1]) + 1]
    return {"spans": [[int(starts[n * size]), ends[n], round(float(shares[n]), 6)] for n in order]}


def failure(error: CatenaError) -> Response:
    """An error of ours as OpenAI says it."""
    status = openai_responses.status_of(error)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 429 else {}
    kind = "invalid_request_error" if status == 400 else "server_error"
    return JSONResponse(openai_responses.error_body(str(error), kind), status, headers)
