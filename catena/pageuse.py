"""What a run did with each page of a document: found, read, cited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catena.agents.events import Event
from catena.types import Answer


@dataclass(frozen=True, slots=True)
class PageUse:
    """`found`: how well retrieval liked the page, 1 for the best of the run, 0 if it did not bring it."""

    number: int
    found: float = 0.0
    retriever: str = ""
    is_read: bool = False
    is_cited: bool = False


def page_uses(answer: Answer, events: Iterable[Event], document_id: str) -> list[PageUse]:
    """Every page of a document that was put to use, in order. Without events nothing was found, only read."""
    covered = next((one for one in answer.coverage.documents if one.document_id == document_id), None)
    if covered is None:
        return []
    unread = {number for first, last in covered.unread for number in range(first, last + 1)}
    cited = {
        part.ref.number
        for citation in answer.citations
        if citation.document_id == document_id
        for part in citation.parts
    }
    found: dict[int, tuple[float, str]] = {}
    hits = [hit for event in events if event.kind == "hits" for hit in event.data["pages"]]
    best = max((hit["score"] for hit in hits), default=0.0)
    for hit in hits:
        if hit["document_id"] == document_id:
            strength = hit["score"] / best if best > 0 else 1.0
            found[hit["page"]] = max(
                found.get(hit["page"], (0.0, "")), (max(strength, 0.05), hit["retriever"])
            )
    uses = (
        PageUse(number, *found.get(number, (0.0, "")), number not in unread, number in cited)
        for number in range(1, covered.pages_total + 1)
    )
    return [use for use in uses if use.found or use.is_read or use.is_cited]
