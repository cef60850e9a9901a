"""The chain's part of the graph: stretches in one order or several, worker after worker, then the manager.

A path is one step of the graph, and each of its workers an entry of the journal: a step would write the whole state
again for each. A run that was killed goes on after the last entry.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import Send

from catena.agents import state as codec
from catena.agents.answer_assembly import stop_reason
from catena.agents.context import Deps
from catena.agents.document_view import DocumentView
from catena.agents.nodes import asked
from catena.agents.reasoner import Chain, Draft, Question
from catena.agents.run_store import Journal
from catena.agents.state import Json, PathState, State
from catena.errors import ModelError, ModelRefused, Stopped
from catena.events import Event
from catena.types import Evidence, Note

MAX_FAILURES = 3
"""Workers that fail one after another: then the model is gone, and the run ends. It can be resumed."""


async def plan(state: State, runtime: Runtime[Deps]) -> State:
    """Cut the documents into stretches."""
    deps = runtime.context
    stretches = await chain_of(deps).plan(asked(state), deps.view)
    return {"stretches": [codec.stretch_to_json(stretch) for stretch in stretches]}


def orders(num_paths: int, num_stretches: int) -> list[list[int]]:
    """In order; backwards; then shuffled, the same each time (Chain of Agents, table 8)."""
    forward = list(range(num_stretches))
    shuffled = [random.Random(seed).sample(forward, num_stretches) for seed in range(3)]
    return [forward, forward[::-1], *shuffled][:num_paths]


def set_out(state: State) -> list[Send]:
    """Send one reader along each path; they read at the same time."""
    common = {key: state[key] for key in ("question", "options", "stretches")}
    found = orders(state["options"]["paths"], len(state["stretches"]))
    return [Send("path", {**common, "path": n, "order": order}) for n, order in enumerate(found, 1)]


async def path(state: PathState, runtime: Runtime[Deps]) -> State:
    """Let worker after worker read, each from the note of the one before, then the manager answer."""
    deps = runtime.context
    progress = PathProgress.resumed(await asyncio.to_thread(journal_of(deps).entries, state["path"]))
    stopped = None
    while progress.at < len(state["order"]) and stopped is None:
        stopped = stop_reason(state, deps) or await _work(state, progress, deps)
    return {"readings": [await _manage(state, progress, stopped, deps)]}


@dataclass(slots=True)
class PathProgress:
    """Progress of one path: `at` is the next worker's place in its order.

    `failed`: indices of the stretches whose call failed finally, and why.
    """

    at: int = 0
    note: Note = Note("")
    failed: list[tuple[int, str]] = field(default_factory=list)

    @classmethod
    def resumed(cls, entries: Sequence[Json]) -> PathProgress:
        """Go on after the entries that an earlier process wrote."""
        progress = cls()
        for entry in entries:
            if entry["failed"]:
                progress.failed.append((entry["stretch"], entry["failed"]))
            else:
                progress.note = codec.longer_note(progress.note, entry["added"])
            progress.at += 1
        return progress


async def _work(state: PathState, progress: PathProgress, deps: Deps) -> str | None:
    """Let the next worker read its stretch; return why the run must stop. One that fails finally is left out."""
    place = state["order"][progress.at]
    stretch = codec.stretch_from_json(state["stretches"][place])
    earlier, reason = progress.note, ""
    try:
        progress.note = await chain_of(deps).work(_question(state), stretch, earlier, deps.view)
    except Stopped as error:
        return error.message
    except ModelRefused:
        raise
    except ModelError as error:
        reason = error.message
        progress.failed.append((place, reason))
        if _all_failed(state, progress):
            raise
    entry = {
        "stretch": place,
        "failed": reason,
        "added": codec.added_to_note(earlier, progress.note),
        "meter": deps.meter.to_json(),
    }
    await asyncio.to_thread(_keep, state, progress, earlier, entry, deps)
    progress.at += 1
    return None


def _keep(state: PathState, progress: PathProgress, earlier: Note, entry: Json, deps: Deps) -> None:
    journal_of(deps).write(state["path"], progress.at, entry)
    _tell(state, progress, earlier, entry, deps)


async def _manage(state: PathState, progress: PathProgress, stopped: str | None, deps: Deps) -> Json:
    """Let the manager answer; a path that had to stop says what it found."""
    chain, question = chain_of(deps), _question(state)
    if not stopped:
        try:
            draft = await chain.manage(question, progress.note, deps.view)
        except Stopped as error:
            stopped = error.message
    if stopped:
        draft = chain.gather(question, progress.note, deps.view)
    failed = {place for place, _ in progress.failed}
    return {
        "path": state["path"],
        "draft": codec.plain(draft),
        "read": [state["stretches"][place] for place in state["order"][: progress.at] if place not in failed],
        "failed": _name_failures(state, progress, deps.view),
        "stopped": stopped,
    }


async def decide(state: State, runtime: Runtime[Deps]) -> State:
    """Choose one path's answer."""
    deps = runtime.context
    readings = sorted(state["readings"], key=lambda reading: int(reading["path"]))
    drafts = [codec.value_of(Draft, reading["draft"]) for reading in readings]
    chosen = 0
    if len(readings) > 1:
        chosen = await chain_of(deps).decide(asked(state), drafts)
        deps.emit(Event("path", f"Path {chosen + 1} of {len(readings)} is chosen", {"path": chosen + 1}))
    reading = readings[chosen]
    draft = {**reading["draft"], "warnings": [*reading["draft"]["warnings"], *reading["failed"]]}
    pages = {
        (passage.ref.document_id, passage.ref.number)
        for document_id, first, last in reading["read"]
        for passage in deps.view.passages(document_id, range(first, last + 1))
    }
    return {
        "draft": draft,
        "pages_read": [list(page) for page in sorted(pages)],
        "stopped": reading["stopped"],
    }


def chain_of(deps: Deps) -> Chain:
    assert deps.chain is not None, "the router chooses a chain only where there is one"
    return deps.chain


def journal_of(deps: Deps) -> Journal:
    assert deps.journal is not None, "a run opens one"
    return deps.journal


def _question(state: PathState) -> Question:
    return Question(state["question"], codec.options_from_json(state["options"]))


def _all_failed(state: PathState, progress: PathProgress) -> bool:
    """Tell whether the last workers failed one after another, or all there are: then nothing was read."""
    tried = state["order"][: progress.at + 1]
    enough = min(MAX_FAILURES, len(state["order"]))
    return len(tried) >= enough and set(tried[-enough:]) <= {place for place, _ in progress.failed}


def _tell(state: PathState, progress: PathProgress, earlier: Note, entry: Json, deps: Deps) -> None:
    done, total, note = progress.at + 1, len(state["order"]), progress.note
    stretch = codec.stretch_from_json(state["stretches"][entry["stretch"]])
    ends = deps.view.passages(stretch.document_id, [stretch.first, stretch.last])
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
        "failed": entry["failed"],
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


def _name_failures(state: PathState, progress: PathProgress, view: DocumentView) -> list[str]:
    """One warning for each stretch that was left out: its pages, and why."""
    warnings = []
    for place, reason in progress.failed:
        stretch = codec.stretch_from_json(state["stretches"][place])
        pages = [p.ref.number for p in view.passages(stretch.document_id, [stretch.first, stretch.last])]
        title = view.document(stretch.document_id).title
        warnings.append(f"Pages {pages[0]}-{pages[-1]} of {title} were not read: {reason}")
    return warnings
