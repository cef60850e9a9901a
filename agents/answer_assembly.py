"""The last step: statements, citations and coverage become the `Answer`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from catena.agents import state as codec
from catena.agents.citations.support_check import MAX_VERDICTS
from catena.agents.context import Deps
from catena.agents.document_view import DocumentView
from catena.agents.reasoner import Draft
from catena.agents.state import PathState, State
from catena.render.answer_json import citation_from_json
from catena.types import (
    Answer,
    AnswerStatus,
    Confidence,
    Coverage,
    DocumentCoverage,
    PageRef,
    Statement,
    Strategy,
)

NOT_SAID = "The document does not say."
NOT_SAID_BY_ANY = "None of the {num} documents says."
DECLINED = "The model declined to answer."
NOT_FOUND = "No passage was found that answers this."
NOTHING_FOUND = "Stopped before anything was found."


def assemble(state: State, deps: Deps, num_unjudged: int = 0) -> Answer:
    """Build the answer from the state; every field but the wording is a copy or a count.

    `num_unjudged`: statements on which a model was asked for a verdict and gave none.
    """
    draft = codec.value_of(Draft, state["draft"])
    statements = tuple(codec.value_of(Statement, statement) for statement in state["statements"])
    stopped = state["stopped"]
    status: AnswerStatus = "answered" if statements else "refused" if draft.is_refusal else "not_in_document"
    if stopped:
        status = "stopped"
    read = (PageRef(document, page) for document, page in state["pages_read"])
    vectors = deps.library.vectors.counts(deps.document_ids)
    seen = coverage(deps.view, read if draft.pages is None else draft.pages, vectors)
    return Answer(
        question=state["said"],
        read_as=state["question"] if state["question"] != state["said"] else "",
        text=_text(statements, status, draft.confidence, len(state["document_ids"])),
        short=draft.short,
        confidence=draft.confidence,
        status=status,
        run_id=state["run_id"],
        thread_id=state["thread_id"],
        strategy=cast(Strategy, state["strategy"]),
        strategy_reason=state["strategy_reason"],
        model=draft.model or deps.reasoner.name,
        seconds=round(deps.clock() - deps.began, 3),
        statements=statements,
        citations=tuple(citation_from_json(citation) for citation in state["citations"]),
        coverage=seen,
        usage=deps.meter.usage,
        roles=deps.meter.roles,
        warnings=_warnings(state, deps, seen, num_unjudged, (*deps.meter.notices, *draft.warnings)),
        stopped=stopped,
    )


def stop_reason(state: State | PathState, deps: Deps) -> str | None:
    """Say why the run must end now: cancelled, or out of time."""
    if deps.cancel is not None and deps.cancel.is_set():
        return "cancelled"
    max_seconds = state["options"]["limits"]["max_seconds"]
    if max_seconds is not None and deps.clock() - deps.began >= max_seconds:
        return f"time cap of {max_seconds:g} s reached"
    return None


def _text(
    statements: tuple[Statement, ...], status: AnswerStatus, sure: Confidence | None, num_documents: int
) -> str:
    if statements:
        return "\n".join(statement.text for statement in statements)
    if status == "stopped":
        return NOTHING_FOUND
    if status == "refused":
        return DECLINED
    if sure == "closest":  # the embedded reader is not sure that it is not there
        return NOT_FOUND
    return NOT_SAID if num_documents == 1 else NOT_SAID_BY_ANY.format(num=num_documents)


def _warnings(
    state: State, deps: Deps, seen: Coverage, num_unjudged: int, drafted: tuple[str, ...]
) -> tuple[str, ...]:
    warnings = [deps.reasoner.notice] if deps.reasoner.notice else []
    for document_id in state["document_ids"]:
        document = deps.view.document(document_id)
        if document.status == "partial":
            warnings.append(f"{document.title} was not read in full: {document.message}".strip())
    if state["strategy"] == "chain":
        for part in seen.documents:
            if part.unread:
                title = deps.view.document(part.document_id).title
                warnings.append(f"Not read in {title}: pages {name_ranges(part.unread)}.")
    if state["options"]["check"] == "model" and len(state["statements"]) > MAX_VERDICTS:
        warnings.append(
            f"The model judged the first {MAX_VERDICTS} of {len(state['statements'])} statements; "
            "the others are marked by code alone."
        )
    if num_unjudged:
        warnings.append(
            f"The model gave no verdict on {num_unjudged} of {len(state['statements'])} statements; "
            "code alone marked them."
        )
    if not state["statements"] and state["citations"] and not state["stopped"]:
        warnings.append(
            "The passages cited are the closest that were found; they do not answer the question."
        )
    return (*warnings, *drafted)


def coverage(view: DocumentView, pages_read: Iterable[PageRef], vectors: tuple[int, int]) -> Coverage:
    """Every page with text is searched (the index holds all of them); read are those given to the reader.

    `vectors`: how many passages have one, and how many there are.
    """
    read: dict[str, set[int]] = {document_id: set() for document_id in view.document_ids}
    for ref in pages_read:
        read[ref.document_id].add(ref.number)
    documents = []
    for document_id in view.document_ids:
        document = view.document(document_id)
        documents.append(
            DocumentCoverage(
                document_id,
                document.num_pages,
                document.num_pages_with_text,
                len(read[document_id]),
                unread(document.num_pages, read[document_id]),
            )
        )
    filled, total = vectors
    return Coverage(tuple(documents), round(filled / total, 4) if total else 0.0)


def unread(num_pages: int, read: set[int]) -> tuple[tuple[int, int], ...]:
    """The pages not in `read` as ranges, first and last included."""
    ranges: list[tuple[int, int]] = []
    for number in range(1, num_pages + 1):
        if number in read:
            continue
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)


def name_ranges(ranges: Sequence[tuple[int, int]]) -> str:
    """`((1, 3), (7, 7))` -> "1-3, 7"."""
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
