"""The chain's part of the graph: stretches in one order or several, worker after worker, then the manager.

Each worker is a step of its own, so that each is checkpointed: a run that was killed goes on after the last note.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import asdict
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from catena.agents import state as codec
from catena.agents.answering import stop_reason
from catena.agents.deps import Deps
from catena.agents.desk import Desk
from catena.agents.events import Event
from catena.agents.nodes import asked, counted
from catena.agents.reasoner import Chain, Question
from catena.agents.segments import Stretch
from catena.agents.state import Json, PathState, State
from catena.errors import ModelError, ModelRefused, Stopped
from catena.types import Evidence, Note

MAX_FAILURES = 3
"""Workers that fail one after another: then the model is gone, and the run ends. It can be resumed."""


class PathEnd(TypedDict):
    """What one path gives to the graph."""

    readings: list[Json]
    meter: Json


async def plan(state: State, runtime: Runtime[Deps]) -> State:
    """Cut the documents into stretches."""
    deps = runtime.context
    stretches = await chain_of(deps).plan(asked(state), deps.desk)
    return {"stretches": [codec.stretch_to_json(stretch) for stretch in stretches]}


def orders(num_paths: int, num_stretches: int) -> list[list[int]]:
    """In order; backwards; then shuffled, the same each time (Chain of Agents, table 8)."""
    forward = list(range(num_stretches))
    shuffled = [random.Random(seed).sample(forward, num_stretches) for seed in range(3)]
    return [forward, forward[::-1], *shuffled][:num_paths]


def set_out(state: State) -> list[Send]:
    """Send one reader along each path; they read at the same time."""
    common = {key: state[key] for key in ("question", "options", "stretches")}
    start = {"at": 0, "note": codec.note_to_json(Note("")), "failed": [], "stopped": None}
    found = orders(state["options"]["paths"], len(state["stretches"]))
    return [Send("path", {**common, **start, "path": n, "order": order}) for n, order in enumerate(found, 1)]


async def work(state: PathState, runtime: Runtime[Deps]) -> PathState:
    """Let the next worker read its stretch. One that fails finally is left out and named."""
    deps = runtime.context
    stopped = stop_reason(state, deps)
    if stopped:
        return {"stopped": stopped}
    place = state["order"][state["at"]]
    stretch = codec.stretch_from_json(state["stretches"][place])
    note = codec.note_from_json(state["note"])
    failed = list(state["failed"])
    earlier, reason = note, ""
    try:
        note = await chain_of(deps).work(_question(state), stretch, note, deps.desk)
    except Stopped as error:
        return {"stopped": error.message}
    except ModelRefused:
        raise
    except ModelError as error:
        reason = error.message
        failed.append((place, reason))
        if _all_failed(state, failed):
            raise
    await asyncio.to_thread(_tell, state, stretch, earlier, note, reason, deps)
    return {"at": state["at"] + 1, "note": codec.note_to_json(note), "failed": failed}


async def manage(state: PathState, runtime: Runtime[Deps]) -> PathState:
    """Let the manager answer; a path that had to stop says what it found."""
    deps = runtime.context
    chain, question, note = chain_of(deps), _question(state), codec.note_from_json(state["note"])
    stopped = state["stopped"]
    if not stopped:
        try:
            draft = await chain.manage(question, note, deps.desk)
        except Stopped as error:
            stopped = error.message
    if stopped:
        draft = chain.gather(question, note, deps.desk)
    failed = {place for place, _ in state["failed"]}
    read = [state["stretches"][place] for place in state["order"][: state["at"]] if place not in failed]
    return {
        "readings": [
            {
                "path": state["path"],
                "draft": codec.draft_to_json(draft),
                "read": read,
                "failed": _name_failures(state, deps.desk),
                "stopped": stopped,
            }
        ]
    }


async def decide(state: State, runtime: Runtime[Deps]) -> State:
    """Choose one path's answer."""
    deps = runtime.context
    readings = sorted(state["readings"], key=lambda reading: int(reading["path"]))
    drafts = [codec.draft_from_json(reading["draft"]) for reading in readings]
    chosen = 0
    if len(readings) > 1:
        chosen = await chain_of(deps).decide(asked(state), drafts)
        deps.emit(Event("path", f"Path {chosen + 1} of {len(readings)} is chosen", {"path": chosen + 1}))
    reading = readings[chosen]
    draft = {**reading["draft"], "warnings": [*reading["draft"]["warnings"], *reading["failed"]]}
    pages = {
        (passage.ref.document_id, passage.ref.number)
        for document_id, first, last in reading["read"]
        for passage in deps.desk.passages(document_id, range(first, last + 1))
    }
    return {
        "draft": draft,
        "pages_read": [list(page) for page in sorted(pages)],
        "stopped": reading["stopped"],
    }


def wire_path() -> CompiledStateGraph[PathState, Deps, PathState, PathEnd]:
    """work ⟲ until the last stretch → manage"""
    graph = StateGraph(PathState, context_schema=Deps, output_schema=PathEnd)
    graph.add_node("work", counted(work))
    graph.add_node("manage", counted(manage))
    graph.add_conditional_edges(START, after_work, ["work", "manage"])
    graph.add_conditional_edges("work", after_work, ["work", "manage"])
    graph.add_edge("manage", END)
    return graph.compile()


def after_work(state: PathState) -> str:
    return "work" if state["at"] < len(state["order"]) and not state["stopped"] else "manage"


def chain_of(deps: Deps) -> Chain:
    assert deps.chain is not None, "the router chooses a chain only where there is one"
    return deps.chain


def _question(state: PathState) -> Question:
    return Question(state["question"], codec.options_from_json(state["options"]))


def _all_failed(state: PathState, failed: list[tuple[int, str]]) -> bool:
    """Whether the last workers failed one after another, or all there are: then nothing was read."""
    tried = state["order"][: state["at"] + 1]
    enough = min(MAX_FAILURES, len(state["order"]))
    return len(tried) >= enough and set(tried[-enough:]) <= {place for place, _ in failed}


def _tell(state: PathState, stretch: Stretch, earlier: Note, note: Note, failed: str, deps: Deps) -> None:
    done, total = state["at"] + 1, len(state["order"])
    ends = deps.desk.passages(stretch.document_id, [stretch.first, stretch.last])
    data: dict[str, Any] = {
        "path": state["path"],
        "done": done,
        "total": total,
        "document_id": stretch.document_id,
        "passages": [stretch.first, stretch.last],
        "pages": [ends[0].ref.number, ends[-1].ref.number],
        "note": note.text,
        "facts": len(note.ledger) or len(note.evidence),
        "added": _added(earlier, note),
        "failed": failed,
        "usage": asdict(deps.meter.usage),
    }
    deps.emit(Event("note", f"Read {done} of {total} segments: {data['facts']} facts", data))


def _added(earlier: Note, note: Note) -> list[Json]:
    """The facts that a worker added; without a ledger, its evidence."""
    known = _claims(earlier)
    return [
        {"claim": claim, "page": evidence.spans[0].ref.number, "quote": evidence.text}
        for claim, evidence in _claims(note).items()
        if claim not in known
    ]


def _claims(note: Note) -> dict[str, Evidence]:
    return {fact.claim: fact.evidence for fact in note.ledger} or {one.text: one for one in note.evidence}


def _name_failures(state: PathState, desk: Desk) -> list[str]:
    """One warning for each stretch that was left out: its pages, and why."""
    warnings = []
    for place, reason in state["failed"]:
        stretch = codec.stretch_from_json(state["stretches"][place])
        pages = [p.ref.number for p in desk.passages(stretch.document_id, [stretch.first, stretch.last])]
        title = desk.document(stretch.document_id).title
        warnings.append(f"Pages {pages[0]}-{pages[-1]} of {title} were not read: {reason}")
    return warnings
