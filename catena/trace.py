"""Trace of a question that was or is being read: page by page of each document, worker by worker of each path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catena.events import Event
from catena.question_runs import RunState
from catena.types import Answer, Document, Usage

Heat = Callable[[str, str], Mapping[str, Mapping[int, float]]]
"""(question, document id) → retriever → page → how well the page fits, 1 for the best of the document."""


@dataclass(frozen=True, slots=True)
class PageTrace:
    """`found_by` names the retriever that brought the page; empty where none did."""

    number: int
    found_by: str = ""
    is_read: bool = False
    is_cited: bool = False


@dataclass(frozen=True, slots=True)
class DocumentTrace:
    """`pages` has every page; `heat` is how well each fits the question to each retriever, from 0 to 1.

    The heat is that of the index as it is now, which may know more vectors than when the question was asked.
    """

    document_id: str
    title: str
    pages: tuple[PageTrace, ...]
    heat: Mapping[str, Mapping[int, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundFact:
    """A fact that a worker added, and the quote that it rests on."""

    claim: str
    page: int
    quote: str


@dataclass(frozen=True, slots=True)
class WorkerTrace:
    """One reader of a chain: `pages` (first and last), what it handed on, and which facts it added to the ledger."""

    document_id: str
    pages: tuple[int, int]
    note: str
    facts: tuple[FoundFact, ...] = ()
    num_kept: int = 0
    failed: str = ""


@dataclass(frozen=True, slots=True)
class PathTrace:
    """`total` is how many workers will have read in the end."""

    number: int
    total: int
    is_taken: bool
    workers: tuple[WorkerTrace, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """Trace so far; `answer` is None until there is one. `seconds` are None while the run works."""

    question: str
    state: RunState
    strategy: str
    reason: str
    queries: tuple[str, ...]
    documents: tuple[DocumentTrace, ...]
    paths: tuple[PathTrace, ...]
    usage: Usage
    answer: Answer | None
    seconds: float | None = None


def trace(
    question: str,
    state: RunState,
    documents: Sequence[Document],
    events: Sequence[Event],
    answer: Answer | None,
    heat: Heat,
) -> Trace:
    """Put together what the events of a run and its answer say; either may be missing."""
    route = _last(events, "route")
    asked = _last(events, "question").get("question", question)
    used = _last(events, "note").get("usage")
    return Trace(
        question,
        state,
        answer.strategy if answer else route.get("strategy", ""),
        answer.strategy_reason if answer else route.get("reason", ""),
        tuple(_last(events, "queries").get("queries", ())),
        tuple(_document(one, events, answer, heat(asked, one.id)) for one in documents),
        _paths(events),
        answer.usage if answer else Usage(**used) if used else Usage(),
        answer,
        answer.seconds if answer else None,
    )


def _last(events: Sequence[Event], kind: str) -> Mapping[str, Any]:
    return next((event.data for event in reversed(events) if event.kind == kind), {})


def _document(
    document: Document,
    events: Sequence[Event],
    answer: Answer | None,
    heat: Mapping[str, Mapping[int, float]],
) -> DocumentTrace:
    found = {
        hit["page"]: hit["retriever"]
        for event in events
        if event.kind == "hits"
        for hit in event.data["pages"]
        if hit["document_id"] == document.id
    }
    read = _read_of(answer, document.id) if answer else _read_by(events, document.id)
    cited = _cited_in(answer, document.id) if answer else set()
    pages = (
        PageTrace(number, found.get(number, ""), number in read, number in cited)
        for number in range(1, document.num_pages + 1)
    )
    return DocumentTrace(document.id, document.title, tuple(pages), heat)


def _cited_in(answer: Answer, document_id: str) -> set[int]:
    """The pages that statements rest on; the closest passages of a refusal prove nothing."""
    return {
        part.ref.number
        for statement in answer.statements
        for index in statement.citations
        for part in answer.citations[index].parts
        if part.ref.document_id == document_id
    }


def _read_of(answer: Answer, document_id: str) -> set[int]:
    """The pages that an answer says were read."""
    covered = next((one for one in answer.coverage.documents if one.document_id == document_id), None)
    if covered is None:
        return set()
    unread = {number for first, last in covered.unread for number in range(first, last + 1)}
    return set(range(1, covered.pages_total + 1)) - unread


def _read_by(events: Iterable[Event], document_id: str) -> set[int]:
    """The pages that the workers so far have read."""
    return {
        number
        for event in events
        if event.kind == "note" and event.data["document_id"] == document_id and not event.data["failed"]
        for number in range(event.data["pages"][0], event.data["pages"][1] + 1)
    }


def _paths(events: Sequence[Event]) -> tuple[PathTrace, ...]:
    """A run that went on after a kill tells a worker's note at most twice; the last counts."""
    notes: dict[int, dict[int, Mapping[str, Any]]] = {}
    for event in events:
        if event.kind == "note":
            notes.setdefault(event.data["path"], {})[event.data["done"]] = event.data
    taken = _last(events, "path").get("path")
    return tuple(
        PathTrace(
            number,
            next(iter(told.values()))["total"],
            number == taken,
            tuple(_worker(told[done]) for done in sorted(told)),
        )
        for number, told in sorted(notes.items())
    )


def _worker(data: Mapping[str, Any]) -> WorkerTrace:
    first, last = data["pages"]
    facts = tuple(FoundFact(**fact) for fact in data["added"])
    return WorkerTrace(data["document_id"], (first, last), data["note"], facts, data["facts"], data["failed"])
