"""Routes of questions: ask and wait, ask and watch, plan, ask behind; runs and conversations."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.sse import format_sse_event

from catena.agents.run_store import UnfinishedRun
from catena.app.server.api_description import stream
from catena.app.server.bodies import AnswerBody, AskRequest, Listed, RunBody, cut
from catena.app.server.event_lines import event_stream, first_event
from catena.app.server.problems import problem_of
from catena.app.server.question_desk import Asked, while_connected
from catena.app.server.served import After, Base, Limit, Served, Server
from catena.events import Event
from catena.question_runs import Run
from catena.types import Plan, Thread

router = APIRouter(prefix="/v1", tags=["questions"])
RunId = Annotated[
    str, Path(pattern=r"^[0-9a-zA-Z]{1,64}$", description="As a reply or the list of runs has it.")
]
ThreadId = Annotated[str, Path(description="As an answer or the list of conversations has it.")]
POLL_SECONDS = 0.2
_STREAM = stream("`run`, then the events of `catena.events`; `answer` or `problem` is the last.")


@router.post("/ask", response_model=AnswerBody)
async def ask(body: AskRequest, request: Request, server: Server, base: Base) -> Response:
    """Ask, and wait for the answer: every sentence with page, printed label, quote, boxes and a mark.

    "The documents do not say" is an answer, too: see `status`. A client that leaves cancels its question.
    """
    answer = await while_connected(request, server.desk.ask(_asked(body)))
    return JSONResponse(await asyncio.to_thread(server.answer_json, answer, base))


@router.post("/ask/events", response_class=StreamingResponse, responses=_STREAM)
async def ask_and_watch(body: AskRequest, request: Request, server: Server, base: Base) -> Response:
    """Ask, and see what is done as it is done, last the answer. Leaving cancels."""
    asked = _asked(body)
    first, rest = await first_event(request, server.desk.events(asked))
    return event_stream(_sent(server, base, asked, first, rest))


@router.post("/plan", response_model=Plan)
async def plan(body: AskRequest, server: Server) -> Plan:
    """Say what `ask` with the same body would take: calls, tokens, cost, seconds. No model is called."""
    return await server.catena.questions.plan(body.question, documents=body.about, options=body.options)


@router.post("/runs", status_code=202)
def start_run(body: AskRequest, server: Server, response: Response) -> RunBody:
    """Ask behind: the question outlives this request, and with a model this server. Follow its events."""
    model = body.options.model if body.options.model is not None else server.catena.settings.model
    run = server.catena.questions.start(
        body.question, documents=body.about, options=body.options, is_here=not model
    )
    response.headers["Location"] = f"/v1/runs/{run.run_id}"
    return _run_body(run)


@router.get("/runs")
def list_runs(server: Server, after: After = None, limit: Limit = 50) -> Listed[RunBody]:
    """List the questions that were asked behind, newest first, and those that were left without an answer."""
    runs = [_run_body(run) for run in server.catena.runs.all()]
    known = {run.run_id for run in runs}
    left = [one for one in server.catena.questions.unfinished() if one.run_id not in known]
    some, more = cut([*runs, *map(_left_body, reversed(left))], lambda one: one.run_id, after, limit)
    return Listed(items=list(some), next=more)


@router.get("/runs/{run_id}", response_model=RunBody)
def show_run(run_id: RunId, server: Server, base: Base) -> object:
    """Show how a question stands, and its answer once it has one; of any answer that is kept."""
    kept = server.catena.library.history.answer(run_id)
    answer = server.answer_json(kept.data, base) if kept else None
    if server.catena.runs.has(run_id) or answer is None:
        return {**_found(server, run_id).model_dump(), "answer": answer}
    about = [one["document_id"] for one in answer["coverage"]["documents"]]
    return RunBody(
        run_id=run_id, question=answer["question"], document_ids=about, state="answered"
    ).model_dump() | {"answer": answer}


@router.get("/runs/{run_id}/events", response_class=StreamingResponse, responses=_STREAM)
async def follow_run(
    run_id: RunId,
    server: Server,
    base: Base,
    last_event_id: Annotated[int, Header(ge=0, le=1_000_000_000, description="Events that are known.")] = 0,
) -> Response:
    """Follow a question that was asked behind: what was done, and what is done, until it is over."""
    await asyncio.to_thread(server.catena.runs.run, run_id)
    return event_stream(_followed(server, base, run_id, last_event_id))


@router.post("/runs/{run_id}/cancel", status_code=202)
def cancel_run(run_id: RunId, server: Server) -> RunBody:
    """Ask a question behind to stop: it ends within seconds, and can be resumed."""
    server.catena.runs.cancel(run_id)
    return _run_body(server.catena.runs.run(run_id))


@router.post("/runs/{run_id}/resume", status_code=202)
def resume_run(run_id: RunId, server: Server, response: Response) -> RunBody:
    """Go on, behind, with a question that was left, cancelled or interrupted: what was read is not read again."""
    runs = server.catena.runs
    if runs.has(run_id) and runs.run(run_id).has_process:
        runs.restart(run_id)
    else:
        server.catena.questions.resume_here(run_id)
    response.headers["Location"] = f"/v1/runs/{run_id}"
    return _found(server, run_id)


@router.get("/threads")
def list_threads(server: Server, after: After = None, limit: Limit = 50) -> Listed[Thread]:
    """List the conversations, the one that was last asked first. A question joins one by `options.thread_id`."""
    some, more = cut(server.catena.threads.all(), lambda one: one.thread_id, after, limit)
    return Listed(items=list(some), next=more)


@router.get("/threads/{thread_id}", response_model=list[AnswerBody])
def show_thread(thread_id: ThreadId, server: Server, base: Base, limit: Limit = 50) -> Response:
    """Show the last answers of a conversation, newest first."""
    found = server.catena.threads.answers(limit, thread_id=thread_id)
    return JSONResponse([server.answer_json(one, base) for one in found])


@router.delete("/threads/{thread_id}", status_code=204, response_class=Response)
def delete_thread(thread_id: ThreadId, server: Server) -> None:
    """Delete what is kept of a conversation."""
    server.catena.threads.delete(thread_id)


def _asked(body: AskRequest) -> Asked:
    return Asked(body.question, body.about, body.options)


def _run_body(run: Run) -> RunBody:
    about = list(run.document_ids)
    return RunBody(
        run_id=run.run_id,
        question=run.question,
        document_ids=about,
        state=run.state,
        asked_at=run.asked_at,
        message=run.message,
        remedy=run.remedy,
    )


def _left_body(left: UnfinishedRun) -> RunBody:
    about = list(left.document_ids)
    return RunBody(run_id=left.run_id, question=left.question, document_ids=about, state="interrupted")


def _found(server: Served, run_id: str) -> RunBody:
    """A run that was started, or one that its asker left. Raises RunNotFound."""
    for left in server.catena.questions.unfinished():
        if left.run_id == run_id and not server.catena.runs.has(run_id):
            return _left_body(left)
    return _run_body(server.catena.runs.run(run_id))


async def _sent(
    server: Served, base: str, asked: Asked, first: Event, rest: AsyncGenerator[Event, None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield _line("run", {"run_id": asked.run_id})
        try:
            yield await _event_line(server, base, first)
            async for event in rest:
                yield await _event_line(server, base, event)
        except Exception as error:  # the border: the reply has begun, so it is told in it
            yield _line("problem", problem_of(error).model_dump(exclude_none=True))


async def _followed(server: Served, base: str, run_id: str, after: int) -> AsyncGenerator[bytes, None]:
    runs = server.catena.runs
    while not server.desk.stopping.is_set():
        run = await asyncio.to_thread(runs.run, run_id)  # asked first: no event is missed between the two
        for event in await asyncio.to_thread(runs.events, run_id, after):
            after += 1
            yield await _event_line(server, base, event, after)
        if run.is_over:
            return
        await asyncio.sleep(POLL_SECONDS)


async def _event_line(server: Served, base: str, event: Event, number: int | None = None) -> bytes:
    data = event.data
    if event.kind == "answer":
        data = await asyncio.to_thread(server.answer_json, data, base)
    return _line(event.kind, {"kind": event.kind, "message": event.message, "data": dict(data)}, number)


def _line(kind: str, data: dict[str, Any], number: int | None = None) -> bytes:
    said = json.dumps(data, ensure_ascii=False)
    return format_sse_event(data_str=said, event=kind, id=None if number is None else str(number))
