"""The steps of one question: each takes the state and returns what it changes. `graph.py` wires them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

from langgraph.runtime import Runtime

from catena.agents import state as codec
from catena.agents.answer_assembly import assemble, stop_reason
from catena.agents.citations.citation import cite_all, surroundings
from catena.agents.citations.support_check import MAX_VERDICTS, settle, support
from catena.agents.context import Deps
from catena.agents.extractive.comparison import PAGES_EACH, asks_of_each
from catena.agents.extractive.instructions import looked_up
from catena.agents.extractive.question_form import plain_form
from catena.agents.generative.question_rewriting import Turn
from catena.agents.reasoner import Draft, KVAnswer, Question
from catena.agents.router import route as choose
from catena.agents.segments import pack
from catena.agents.state import Json, State
from catena.errors import OptionError, Stopped
from catena.events import Event
from catena.options import START_SERVER
from catena.render.answer_json import citation_from_json, citation_to_json, to_json
from catena.retrieval.page_ranking import find, find_in_each
from catena.types import Citation, Note, PageHit, Strategy, Support

MAX_FOUND = 10
"""Quotes that are shown of what was found before a cap ended the run."""
MAX_ROUNDS = 2
"""Retrievals at most: one, and one more with what was missing."""


S = TypeVar("S", contravariant=True)


class Node(Protocol[S]):
    __name__: str

    def __call__(self, state: S, runtime: Runtime[Deps]) -> Awaitable[Any]: ...


def counted(node: Node[S]) -> Node[S]:
    """Have a node leave the meter's reading in the state, for a run that is resumed."""

    @wraps(node)
    async def reading(state: S, runtime: Runtime[Deps]) -> Any:
        return {**await node(state, runtime), "meter": runtime.context.meter.to_json()}

    return reading


async def understand(state: State, runtime: Runtime[Deps]) -> State:
    """Make a question self-contained, so that the steps after it need not know of the conversation."""
    deps = runtime.context
    turns = [Turn(*one) for one in state.get("turns", ())]
    question = state["question"]
    with suppress(Stopped):  # the cap will be met again, where it ends the run
        question = await deps.reasoner.understand(question, turns, deps.view)
    if question != state["question"]:
        deps.emit(Event("question", question, {"question": question}))
    return {"question": question, "query": plain_form(question), "said": state["question"]}


async def route(state: State, runtime: Runtime[Deps]) -> State:
    """Choose the strategy, and say why."""
    deps = runtime.context
    strategy, reason = await strategy_of(asked(state), deps)
    deps.emit(Event("route", f"{strategy}: {reason}", {"strategy": strategy, "reason": reason}))
    return {
        "strategy": strategy,
        "strategy_reason": reason,
        "rounds": 0,
        "hits": [],
        "note": codec.plain(Note("")),
        "pages_read": [],
        "stopped": None,
    }


async def strategy_of(question: Question, deps: Deps) -> tuple[Strategy, str]:
    """Ask reader and chain what they can do; return the strategy, and why. Raises OptionError."""
    is_of_use = question.options.strategy in ("auto", "full")  # it measures every passage
    return choose(
        question,
        deps.view,
        whole=await deps.reasoner.whole(question, deps.view) if is_of_use else None,
        max_paths=deps.chain.max_paths if deps.chain else 0,
        scope=deps.chain.scope(question.text) if deps.chain else None,
    )


async def retrieve(state: State, runtime: Runtime[Deps]) -> State:
    """Bring the best pages, packed into segments."""
    deps = runtime.context
    question, queries = asked(state), [state["query"]]
    if question.options.rewrite and not state["rounds"]:
        queries += await deps.reasoner.rewrite(question)
        deps.emit(Event("queries", f"Searching for {'; '.join(queries)}", {"queries": queries}))
    search, k = searching(question.text, deps)
    found = await asyncio.to_thread(search, deps.retriever, queries, state["document_ids"], k)
    found += await asyncio.to_thread(looked_up, question.text, deps.view, found)
    return {**_brought(found, deps), "rounds": state["rounds"] + 1, "missing": None}


async def attend(state: State, runtime: Runtime[Deps]) -> State:
    """Let a model answer that has the documents in KV pages; what it looked at is read for the proof."""
    deps = runtime.context
    if deps.served is None:
        raise OptionError("The strategy kv needs a model at a KV-page server.", START_SERVER)
    attended = await deps.served.attend(state["question"], state["document_ids"], deps.num_pages)
    search, k = searching(state["question"], deps)
    found = await asyncio.to_thread(search, deps.retriever, [state["query"]], state["document_ids"], k)
    reply = codec.plain(replace(attended, hits=()))
    return {**_brought([*attended.hits, *found], deps), "reply": reply, "rounds": 1, "missing": None}


def _brought(found: Sequence[PageHit], deps: Deps) -> State:
    """Pages as hits, and their passages in segments."""
    hits = [codec.hit_to_json(hit) for hit in found]
    pages = ", ".join(str(hit["page"]) for hit in hits)
    deps.emit(Event("hits", f"Found pages {pages}" if hits else "Found no page", {"pages": hits}))
    best = [passage for hit in found for passage in hit.passages]
    packed = pack(best, deps.reasoner.segment_words)
    return {"hits": hits, "segments": [[list(passage.key) for passage in segment] for segment in packed]}


def searching(question: str, deps: Deps) -> tuple[Callable[..., list[PageHit]], int]:
    """Describe how pages are looked for, and how many of all documents, or of each, are brought."""
    is_of_each = asks_of_each(question, deps.document_ids)
    return (find_in_each, PAGES_EACH) if is_of_each else (find, deps.num_pages)


async def read(state: State, runtime: Runtime[Deps]) -> State:
    """Read what was found; a cap or a cancel ends it between two segments."""
    deps = runtime.context
    view = deps.view
    question = asked(state)
    note = codec.value_of(Note, state["note"])
    pages = {(document_id, number) for document_id, number in state["pages_read"]}
    stopped = None
    total = len(state["segments"])
    for done, keys in enumerate(state["segments"], 1):
        stopped = stop_reason(state, deps)
        if stopped:
            break
        segment = view.segment((document_id, ordinal) for document_id, ordinal in keys)
        try:
            note = await deps.reasoner.read(question, segment, note, view)
        except Stopped as cap:
            stopped = cap.message
            break
        pages |= {(passage.ref.document_id, passage.ref.number) for passage in segment.passages}
        message = f"Read {done} of {total} segments" if total > 1 else f"Read {len(pages)} pages"
        deps.emit(Event("read", message, {"done": done, "total": total}))
    return {
        "note": codec.plain(note),
        "pages_read": [list(page) for page in sorted(pages)],
        "stopped": stopped,
    }


async def write(state: State, runtime: Runtime[Deps]) -> State:
    """Answer from what was read, or from all of the documents at once; or say what to look for once more."""
    deps = runtime.context
    question, note = asked(state), codec.value_of(Note, state["note"])
    missing, stopped = None, state["stopped"]
    can_look = state["strategy"] == "retrieve" and state["rounds"] < MAX_ROUNDS and not stopped
    try:
        if state["strategy"] == "kv" and deps.served:
            reply = codec.value_of(KVAnswer, state["reply"])
            draft = await deps.served.attribute(question, reply, note, deps.view, deps.embedder)
        else:
            draft = await deps.reasoner.write(question, note, deps.view)
        missing = draft.missing if can_look else None
    except Stopped as cap:
        draft, stopped = Draft((), closest=note.evidence[:MAX_FOUND]), cap.message
    return {
        "draft": codec.plain(draft),
        "missing": missing,
        "query": missing or state["query"],
        "stopped": stopped,
    }


async def cite(state: State, runtime: Runtime[Deps]) -> State:
    """Turn evidence into quotes with boxes; without statements, what came closest is cited."""
    draft = codec.value_of(Draft, state["draft"])
    groups = [statement.evidence for statement in draft.statements] or [draft.closest]
    citations, indices = await asyncio.to_thread(cite_all, groups, runtime.context.view)
    statements: list[Json] = [
        {"text": statement.text, "support": statement.support, "citations": numbers}
        for statement, numbers in zip(draft.statements, indices, strict=False)
    ]
    return {"citations": [citation_to_json(citation) for citation in citations], "statements": statements}


async def check(state: State, runtime: Runtime[Deps]) -> State:
    """Mark each statement by what its verified quotes say, and put the answer together."""
    deps = runtime.context
    citations = [citation_from_json(citation) for citation in state["citations"]]
    marks = await asyncio.gather(
        *(
            _mark(statement, citations, state, deps, is_judged=place < MAX_VERDICTS)
            for place, statement in enumerate(state["statements"])
        )
    )
    statements = [
        {**statement, "support": mark}
        for statement, (mark, _) in zip(state["statements"], marks, strict=True)
    ]
    for statement in statements:
        deps.emit(Event("statement", statement["text"], statement))
    num_unjudged = sum(is_lacking for _, is_lacking in marks)
    answer = assemble({**state, "statements": statements}, deps, num_unjudged)
    deps.emit(Event("done", f"{answer.status} in {answer.seconds:.1f} s", {"status": answer.status}))
    return {"statements": statements, "answer": to_json(answer)}


async def _mark(
    statement: Json, citations: Sequence[Citation], state: State, deps: Deps, *, is_judged: bool
) -> tuple[Support, bool]:
    """The code's mark, or what it and a model make of it; and whether the model was asked and gave no verdict."""
    if statement["support"] and statement["support"] != "unchecked":
        return cast(Support, statement["support"]), False
    under = [citations[n] for n in statement["citations"] if citations[n].status == "verified"]
    quotes = [citation.quote for citation in under]
    around = await asyncio.to_thread(surroundings, under, deps.view)
    mark: Support = statement["support"] or support(statement["text"], quotes, around)
    if not (quotes and is_judged) or state["options"]["check"] == "code" or state["stopped"]:
        return mark, False
    verdict = await deps.reasoner.judge(statement["text"], quotes)
    return settle(mark, verdict), verdict is None


def asked(state: State) -> Question:
    return Question(
        state["question"],
        codec.options_from_json(state["options"]),
        codec.page_scores(state.get("hits", [])),
        codec.passage_ranks(state.get("hits", [])),
        is_whole=state.get("strategy") == "full",
    )
