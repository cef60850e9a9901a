"""The state of one run as plain JSON (ids, offsets, short texts), so that any checkpoint can be read back."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Annotated, Any, TypedDict

from catena.agents.reasoner import Draft, DraftStatement
from catena.agents.segments import Stretch
from catena.options import AskOptions, Limits
from catena.types import Evidence, Fact, Note, PageHit, PageRef, PassageKey, Span

Json = dict[str, Any]


def later(one: Json, other: Json) -> Json:
    """Of two readings of the meter, as branches that ran side by side took them, the later one."""
    return max(other, one, key=num_calls)


def num_calls(meter: Mapping[str, Any]) -> int:
    return sum(usage["calls"] + usage["cached"] for _, _, usage in meter.get("roles", ()))


class State(TypedDict, total=False):
    """`readings` is what each path of a chain brought."""

    question: str
    said: str
    turns: list[list[str]]
    document_ids: list[str]
    options: Json
    run_id: str
    thread_id: str
    query: str
    rounds: int
    missing: str | None
    strategy: str
    strategy_reason: str
    hits: list[Json]
    reply: str
    segments: list[list[list[Any]]]
    note: Json
    pages_read: list[list[Any]]
    stretches: list[list[Any]]
    readings: Annotated[list[Json], operator.add]
    meter: Annotated[Json, later]
    draft: Json
    statements: list[Json]
    citations: list[Json]
    stopped: str | None
    answer: Json


class PathState(TypedDict):
    """Start state of one path: `order` holds indices of `stretches`."""

    question: str
    options: Json
    path: int
    stretches: list[list[Any]]
    order: list[int]


def options_to_json(options: AskOptions) -> Json:
    return asdict(options)


def options_from_json(data: Mapping[str, Any]) -> AskOptions:
    return AskOptions(**{**data, "limits": Limits(**data["limits"])})


def hit_to_json(hit: PageHit) -> Json:
    return {
        "document_id": hit.ref.document_id,
        "page": hit.ref.number,
        "score": float(hit.score),
        "retriever": hit.retriever,
        "passages": [list(passage.key) for passage in hit.passages],
    }


def passage_ranks(hits: list[Json]) -> dict[PassageKey, int]:
    """The place of each passage among those that earned its page its place, best first."""
    return {(key[0], key[1]): rank for hit in hits for rank, key in enumerate(hit["passages"])}


def page_scores(hits: list[Json]) -> dict[PageRef, float]:
    return {PageRef(hit["document_id"], hit["page"]): hit["score"] for hit in hits}


def evidence_to_json(evidence: Evidence) -> Json:
    spans = [[span.ref.document_id, span.ref.number, span.start, span.end] for span in evidence.spans]
    return {"spans": spans, "text": evidence.text, "score": float(evidence.score)}


def evidence_from_json(data: Mapping[str, Any]) -> Evidence:
    spans = tuple(Span(PageRef(document, page), start, end) for document, page, start, end in data["spans"])
    return Evidence(spans, data["text"], data["score"])


def note_to_json(note: Note) -> Json:
    return {
        "text": note.text,
        "evidence": [evidence_to_json(evidence) for evidence in note.evidence],
        "ledger": [
            {"number": fact.number, "claim": fact.claim, "evidence": evidence_to_json(fact.evidence)}
            for fact in note.ledger
        ],
    }


def note_from_json(data: Mapping[str, Any]) -> Note:
    ledger = tuple(
        Fact(one["number"], one["claim"], evidence_from_json(one["evidence"])) for one in data["ledger"]
    )
    return Note(data["text"], tuple(evidence_from_json(evidence) for evidence in data["evidence"]), ledger)


def added_to_note(earlier: Note, note: Note) -> Json:
    """A note without the facts that stood in the one before: a ledger only grows, at its end."""
    return note_to_json(replace(note, ledger=note.ledger[len(earlier.ledger) :]))


def longer_note(earlier: Note, added: Mapping[str, Any]) -> Note:
    """The note again of which `added_to_note` kept what is new."""
    note = note_from_json(added)
    return replace(note, ledger=(*earlier.ledger, *note.ledger))


def stretch_to_json(stretch: Stretch) -> list[Any]:
    return [stretch.document_id, stretch.first, stretch.last]


def stretch_from_json(data: list[Any]) -> Stretch:
    return Stretch(*data)


def draft_to_json(draft: Draft) -> Json:
    return {
        "statements": [
            {
                "text": one.text,
                "evidence": [evidence_to_json(evidence) for evidence in one.evidence],
                "support": one.support,
            }
            for one in draft.statements
        ],
        "closest": [evidence_to_json(evidence) for evidence in draft.closest],
        "confidence": draft.confidence,
        "short": draft.short,
        "is_refusal": draft.is_refusal,
        "warnings": list(draft.warnings),
        "model": draft.model,
        "pages": None if draft.pages is None else [[ref.document_id, ref.number] for ref in draft.pages],
        "missing": draft.missing,
    }


def draft_from_json(data: Mapping[str, Any]) -> Draft:
    statements = tuple(
        DraftStatement(
            one["text"],
            tuple(evidence_from_json(evidence) for evidence in one["evidence"]),
            one["support"],
        )
        for one in data["statements"]
    )
    closest = tuple(evidence_from_json(evidence) for evidence in data["closest"])
    pages = data["pages"] and tuple(PageRef(document, page) for document, page in data["pages"])
    return Draft(
        statements,
        closest,
        confidence=data["confidence"],
        short=data["short"],
        is_refusal=data["is_refusal"],
        warnings=tuple(data["warnings"]),
        model=data["model"],
        pages=pages,
        missing=data["missing"],
    )
