"""One question's way through the agents: route, retrieve, read, write, cite, check. LangGraph takes 1.2 s."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from functools import cache, wraps
from typing import Any, Protocol

os.environ.setdefault(
    "LANGGRAPH_STRICT_MSGPACK", "true"
)  # read at import: checkpoints may hold plain values only

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from catena.agents import state as codec
from catena.agents.answering import assemble, stop_reason
from catena.agents.checking import support
from catena.agents.checkpoints import open_saver
from catena.agents.citing import cite_all
from catena.agents.deps import Deps
from catena.agents.events import Event, OnEvent
from catena.agents.reasoner import Draft, Question
from catena.agents.routing import route as choose
from catena.agents.segments import pack
from catena.agents.state import Json, State
from catena.answers import citation_from_json, citation_to_json, from_json, to_json
from catena.errors import Stopped
from catena.types import Answer, AskOptions, Note, QuoteStatus

MAX_FOUND = 10
"""Quotes that are shown of what was found before a cap ended the run."""
MAX_ROUNDS = 2
"""Retrievals at most: one, and one more with what was missing."""


async def run(
    deps: Deps,
    question: str,
    document_ids: Sequence[str],
    options: AskOptions | None = None,
    on_event: OnEvent | None = None,
    *,
    run_id: str | None = None,
) -> Answer:
    """Answer a question from the given documents.

    With `run_id` and `deps.checkpoints` a run that was killed goes on where it stood. A cap that is reached,
    or `deps.cancel`, gives an answer with status `stopped` and what was found until then.
    """
    options = options or AskOptions()
    deps = replace(deps, emit=on_event or deps.emit, document_ids=tuple(document_ids))
    is_kept = deps.checkpoints is not None and (run_id is not None or options.thread_id is not None)
    run_id = run_id or uuid.uuid4().hex
    start: State = {
        "question": question,
        "query": question,
        "document_ids": list(document_ids),
        "options": codec.options_to_json(options),
        "run_id": run_id,
        "thread_id": options.thread_id or run_id,
        "started": deps.clock(),
    }
    async with open_saver(deps.checkpoints if is_kept else None) as saver:
        graph = build() if saver is None else wire().compile(checkpointer=saver)
        config: Any = {
            "configurable": {"thread_id": run_id},
            "metadata": {"documents": " ".join(document_ids)},  # checkpoints keep plain values only
        }
        begun = (await graph.aget_state(config)).values if saver is not None else {}
        if "meter" in begun:
            deps.meter.restore(begun["meter"])
        end = await graph.ainvoke(None if begun else start, config, context=deps)
    return from_json(end["answer"])


async def route(state: State, runtime: Runtime[Deps]) -> State:
    deps = runtime.context
    desk = deps.desk
    documents = [desk.document(document_id) for document_id in state["document_ids"]]
    asked = state["options"]["strategy"]
    strategy, reason = choose(state["question"], asked, documents, can_chain=deps.can_chain)
    deps.emit(Event("route", f"{strategy}: {reason}", {"strategy": strategy, "reason": reason}))
    return {
        "strategy": strategy,
        "strategy_reason": reason,
        "rounds": 0,
        "note": codec.note_to_json(Note("")),
    }


async def retrieve(state: State, runtime: Runtime[Deps]) -> State:
    """Bring the best pages, or for a chain the whole documents, packed into segments."""
    deps = runtime.context
    size = deps.reasoner.segment_words
    if state["strategy"] == "chain":
        passages = [
            passage for document_id in state["document_ids"] for passage in deps.desk.passages(document_id)
        ]
        segments = [[list(key) for key in keys] for keys in pack(passages, size)]
        return {"hits": [], "segments": segments, "rounds": state["rounds"] + 1, "missing": None}
    found = await asyncio.to_thread(
        deps.retriever.retrieve, state["query"], state["document_ids"], deps.num_pages
    )
    hits = [codec.hit_to_json(hit) for hit in found]
    pages = ", ".join(str(hit["page"]) for hit in hits)
    deps.emit(Event("hits", f"Found pages {pages}" if hits else "Found no page", {"pages": hits}))
    best = [passage for hit in found for passage in hit.passages]
    segments = [[list(key) for key in keys] for keys in pack(best, size)]
    return {"hits": hits, "segments": segments, "rounds": state["rounds"] + 1, "missing": None}


async def read(state: State, runtime: Runtime[Deps]) -> State:
    """Hand the note from segment to segment; a cap or a cancel ends it between two."""
    deps = runtime.context
    desk = deps.desk
    question = _question(state)
    note = codec.note_from_json(state["note"])
    pages = {(document_id, number) for document_id, number in state.get("pages_read", [])}
    stopped = None
    total = len(state["segments"])
    for done, keys in enumerate(state["segments"], 1):
        stopped = stop_reason(state, deps)
        if stopped:
            break
        segment = desk.segment((document_id, ordinal) for document_id, ordinal in keys)
        try:
            note = await deps.reasoner.read(question, segment, note, desk)
        except Stopped as cap:
            stopped = cap.message
            break
        pages |= {(passage.ref.document_id, passage.ref.number) for passage in segment.passages}
        if state["strategy"] == "chain":
            desk.forget_pages()
        message = f"Read {done} of {total} segments" if total > 1 else f"Read {len(pages)} pages"
        deps.emit(Event("read", message, {"done": done, "total": total}))
    return {
        "note": codec.note_to_json(note),
        "pages_read": [list(page) for page in sorted(pages)],
        "stopped": stopped,
    }


async def write(state: State, runtime: Runtime[Deps]) -> State:
    deps = runtime.context
    note = codec.note_from_json(state["note"])
    missing, stopped = None, state["stopped"]
    try:
        draft = await deps.reasoner.write(_question(state), note, deps.desk)
        if not draft.statements and state["rounds"] < MAX_ROUNDS and not stopped:
            missing = await deps.reasoner.ask(_question(state), note)
    except Stopped as cap:
        draft, stopped = Draft((), closest=note.evidence[:MAX_FOUND], confidence=0.0), cap.message
    return {
        "draft": codec.draft_to_json(draft),
        "missing": missing,
        "query": missing or state["query"],
        "stopped": stopped,
    }


async def cite(state: State, runtime: Runtime[Deps]) -> State:
    """Turn evidence into quotes with boxes; without statements, what came closest is cited."""
    draft = codec.draft_from_json(state["draft"])
    groups = [statement.evidence for statement in draft.statements] or [draft.closest]
    citations, indices = cite_all(groups, runtime.context.desk)
    statements: list[Json] = [
        {"text": statement.text, "support": "unsupported", "citations": numbers}
        for statement, numbers in zip(draft.statements, indices, strict=False)
    ]
    return {"citations": [citation_to_json(citation) for citation in citations], "statements": statements}


async def check(state: State, runtime: Runtime[Deps]) -> State:
    """Mark each statement by what its verified quotes say, and put the answer together."""
    deps = runtime.context
    verified: QuoteStatus = "verified"
    citations = [citation_from_json(citation) for citation in state["citations"]]
    statements = []
    for statement in state["statements"]:
        quotes = [citations[n].quote for n in statement["citations"] if citations[n].status == verified]
        mark = await deps.reasoner.judge(statement["text"], quotes) if quotes else None
        checked = {**statement, "support": mark or support(statement["text"], quotes)}
        deps.emit(Event("statement", checked["text"], checked))
        statements.append(checked)
    answer = assemble({**state, "statements": statements}, deps)
    deps.emit(Event("done", f"{answer.status} in {answer.seconds:.1f} s", {"status": answer.status}))
    return {"statements": statements, "answer": to_json(answer)}


class Node(Protocol):
    __name__: str

    def __call__(self, state: State, runtime: Runtime[Deps]) -> Awaitable[State]: ...


def counted(node: Node) -> Node:
    """Have a node leave the meter's reading in the state, for a run that is resumed."""

    @wraps(node)
    async def reading(state: State, runtime: Runtime[Deps]) -> State:
        return {**await node(state, runtime), "meter": runtime.context.meter.to_json()}

    return reading


def after_write(state: State) -> str:
    return "retrieve" if state["missing"] else "cite"


def _question(state: State) -> Question:
    return Question(
        state["question"], codec.options_from_json(state["options"]), codec.page_scores(state["hits"])
    )


@cache
def build() -> CompiledStateGraph[State, Deps, State, State]:
    return wire().compile()


def wire() -> StateGraph[State, Deps, State, State]:
    """route → retrieve → read → write → cite → check; once back from write, if something is missing."""
    graph = StateGraph(State, context_schema=Deps)
    for node in (route, retrieve, read, write, cite, check):
        graph.add_node(node.__name__, counted(node))
    graph.add_edge(START, "route")
    graph.add_edge("route", "retrieve")
    graph.add_edge("retrieve", "read")
    graph.add_edge("read", "write")
    graph.add_conditional_edges("write", after_write, ["retrieve", "cite"])
    graph.add_edge("cite", "check")
    graph.add_edge("check", END)
    return graph
