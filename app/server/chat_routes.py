"""OpenAI's protocol over the library: a document, or all of them, is a model."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from catena.app.server.api_description import stream
from catena.app.server.chat_bodies import COLLECTION, LIBRARY, PREFIX, ChatRequest
from catena.app.server.chat_replies import ChatReply, Json
from catena.app.server.chat_tasks import chore
from catena.app.server.event_lines import event_stream, first_event
from catena.app.server.problems import openai_error, problem_of
from catena.app.server.question_desk import while_connected
from catena.app.server.served import Base, Served, Server
from catena.document_filter import Filter
from catena.events import Event
from catena.llm.spoken_text import legible
from catena.types import Document

router = APIRouter(prefix="/openai/v1", tags=["openai"])
TOLD = ("question", "route", "queries", "hits", "read", "note")
"""Events that are told as what a model thinks, while the answer is not there yet."""
_BOTH = stream("One object, or with `stream` a chunk an event; the last event is `[DONE]`.")


@router.get("/models")
def list_models(server: Server) -> dict[str, Any]:
    """List what can be asked: `catena/library`, `catena/collection/NAME`, and each document by its title, or its id
    where others have that."""
    found = [one for one in server.catena.documents() if one.is_readable]
    times = Counter(["library", *(one.title.casefold() for one in found)])
    models = [_model(LIBRARY, "All documents", 0)]
    models += [
        _model(f"{COLLECTION}{one.name}", one.name, 0)
        for one in server.catena.library.collections.all(found)
        if one.num_documents
    ]
    models += [_document_model(one, is_known=times[one.title.casefold()] == 1) for one in found]
    return {"object": "list", "data": models}


@router.get("/models/{model:path}")
def show_model(model: Annotated[str, Path()], server: Server) -> dict[str, Any]:
    """Show a model."""
    if model == LIBRARY:
        return _model(LIBRARY, "All documents", 0)
    if model.startswith(COLLECTION):
        name = model.removeprefix(COLLECTION)
        server.catena.documents(Filter(name))
        return _model(model, name, 0)
    found = server.catena.document(legible(model.removeprefix(PREFIX)))
    return _model(model, found.title, int(found.added_at))


@router.post("/chat/completions", responses=_BOTH)
async def chat(body: ChatRequest, request: Request, server: Server, base: Base) -> Response:
    """Answer the last message from the documents: each sentence with links to the pages that prove it.

    The links stand in the text and, with quote and boxes, in `annotations`; `catena` holds the whole answer. Where the
    documents do not say, `refusal` is set, too.
    """
    reply = ChatReply(body.model)
    if (said := chore(body.question)) is not None:
        return event_stream(_said(reply, said)) if body.stream else JSONResponse(reply.said(said))
    asked = body.asked()
    if not body.stream:
        answer = await while_connected(request, server.desk.ask(asked))
        return JSONResponse(reply.whole(await asyncio.to_thread(server.answer_json, answer, base)))
    first, rest = await first_event(request, server.desk.events(asked))
    wants_use = bool(body.stream_options and body.stream_options.include_usage)
    return event_stream(_streamed(server, base, reply, first, rest, wants_use))


def _model(name: str, title: str, created: int) -> Json:
    return {"id": name, "object": "model", "created": created, "owned_by": "catena", "name": title}


def _document_model(document: Document, *, is_known: bool) -> Json:
    name = document.title if is_known else document.id[:12]
    return _model(f"{PREFIX}{name}", document.title, int(document.added_at))


async def _said(reply: ChatReply, text: str) -> AsyncGenerator[bytes, None]:
    yield _line(reply.delta({"role": "assistant", "content": text}))
    yield _line(reply.delta({}, "stop"))
    yield b"data: [DONE]\n\n"


async def _streamed(
    server: Served,
    base: str,
    reply: ChatReply,
    first: Event,
    rest: AsyncGenerator[Event, None],
    wants_use: bool,
) -> AsyncGenerator[bytes, None]:
    """What is done as thoughts, then the answer, once it is checked: nothing that was said is taken back."""
    async with aclosing(rest):
        yield _line(reply.delta({"role": "assistant", "content": ""}))
        try:
            async for event in _with(first, rest):
                if event.kind in TOLD:
                    yield _line(reply.delta({"reasoning_content": f"{event.message}\n"}))
                elif event.kind == "answer":
                    answer = await asyncio.to_thread(server.answer_json, event.data, base)
                    for delta in reply.deltas(answer):
                        yield _line(delta)
                    if wants_use:
                        yield _line(reply.use(answer))
        except Exception as error:  # the border: the reply has begun, so it is told in it
            yield _line(openai_error(problem_of(error)))
    yield b"data: [DONE]\n\n"


async def _with(first: Event, rest: AsyncIterator[Event]) -> AsyncIterator[Event]:
    yield first
    async for event in rest:
        yield event


def _line(data: Json) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
