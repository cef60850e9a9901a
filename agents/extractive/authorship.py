"""Who wrote a document, where its first pages say so: the line is quoted, and metadata are no proof."""

from __future__ import annotations

from catena.agents.document_view import DocumentView
from catena.agents.reasoner import Draft, DraftStatement
from catena.types import Confidence, Description, Evidence

MAX_DOCUMENTS = 8


def authors_named(view: DocumentView) -> Draft | None:
    """Quote where documents name their authors; say so where only their files do; None where neither does."""
    if len(view.document_ids) > MAX_DOCUMENTS:
        return None
    statements: list[DraftStatement] = []
    warnings: list[str] = []
    is_one = len(view.document_ids) == 1
    for document_id in view.document_ids:
        said, title = view.description(document_id), view.document(document_id).title
        quoted = _quoted(said, view)
        statements += quoted if is_one else [_titled(title, one) for one in quoted]
        if said.reference.authors and not quoted:
            who = "Somebody gave" if "authors" in said.given else "The file's metadata name"
            names = ", ".join(said.reference.authors)
            warnings.append(f"{who} as authors of {title}: {names}. No page that was read says so.")
    if not statements and not warnings:
        return None
    short = (
        ", ".join(view.description(view.document_ids[0]).reference.authors) if is_one and statements else ""
    )
    sure: Confidence = "possible" if statements else "closest"
    return Draft(tuple(statements), confidence=sure, short=short, warnings=tuple(warnings))


def _quoted(said: Description, view: DocumentView) -> list[DraftStatement]:
    if "authors" in said.given:  # what the page says was found wrong, or to say less
        return []
    found = []
    for span in said.places.get("authors", ()):
        text = view.text(span.ref).text[span.start : span.end]
        found.append(DraftStatement(text, (Evidence((span,), text),), "quoted"))
    return found


def _titled(title: str, statement: DraftStatement) -> DraftStatement:
    return DraftStatement(f"{title}: {statement.text}", statement.evidence, statement.support)
