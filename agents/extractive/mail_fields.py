"""Head fields of a mail as answers: who sent it, to whom, when, about what (RFC 5322, 3.6)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catena.agents.document_view import DocumentView
from catena.agents.reasoner import Draft, DraftStatement
from catena.types import Evidence, Line, Page, PageRef, Span

_MAIL = r"(?:e-?mails?|mails?|messages?)"
_ASKED = tuple(
    (field, re.compile(pattern, re.IGNORECASE))
    for field, pattern in (
        (
            "To",
            rf"\b(?:to whom|recipients?|addressees?)\b|\bwho(?:m)?\b.*\b{_MAIL}\b.*\b(?:sent|addressed|written) to\b",
        ),
        (
            "To",
            rf"\bwho (?:got|received|did \w+ (?:send|write))\b.*\b{_MAIL}\b|\bwho(?:m)? (?:was|is) .*\b{_MAIL}\b to\b",
        ),
        ("Cc", rf"\bcop(?:y|ies|ied)\b.*\b{_MAIL}\b|\b{_MAIL}\b.*\bcop(?:y|ies|ied)\b"),
        (
            "Date",
            rf"\b(?:when|date|day|time)\b.*\b{_MAIL}\b.* (?:sent|written)\b|\bdate of (?:the|this) {_MAIL}\b",
        ),
        ("Date", rf"\bwhen did .*(?:send|write)\b.*\b{_MAIL}\b"),
        ("Subject", rf"\bsubject\b.*\b{_MAIL}\b|\b{_MAIL}\b.*\bsubject\b"),
        ("From", rf"\bwho(?:m)?\b.*\b(?:sent|send|wrote|write|written|from)\b|\bsenders?\b.*\b{_MAIL}\b"),
    )
)
_OF_MAIL = re.compile(rf"\b{_MAIL}\b", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*<[^<>]*>")


def mail_field(question: str, found: Sequence[Evidence], view: DocumentView) -> Draft | None:
    """Answer from a head field of the mail that was found best; nothing for other questions and other documents."""
    field = next((name for name, pattern in _ASKED if pattern.search(question)), "")
    mails = [one for one in view.document_ids if view.document(one).kind in ("eml", "msg")]
    if not field or not mails or not _OF_MAIL.search(question):
        return None
    first = found[0].spans[0].ref.document_id if found else mails[0]
    if first not in mails or (not found and len(mails) > 1):
        return None
    page = view.page(PageRef(first, 1))
    line = _line_of(field, page)
    if line is None:
        return None
    text = page.text[line.start : line.end]
    evidence = Evidence((Span(page.ref, line.start, line.end),), text)
    short = _ADDRESS.sub("", text.partition(":")[2]).strip()
    return Draft(
        (DraftStatement(text, (evidence,), "quoted"),),
        short=short,
        confidence="likely" if len(view.document_ids) == 1 else "possible",
    )


def _line_of(field: str, page: Page) -> Line | None:
    """The line of a field among those that the head begins with."""
    head = [line for line in page.lines if line.kind == "text"][:8]
    return next((one for one in head if page.text.startswith(f"{field}: ", one.start)), None)
