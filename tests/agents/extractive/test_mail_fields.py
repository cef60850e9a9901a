"""Head fields of mails: what asks for one, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catena.agents.document_view import DocumentView
from catena.agents.extractive.mail_fields import mail_field
from catena.types import Document, Kind
from tests.agents.shelf import DOC, MemoryShelf, make_page

HEAD = (
    "From: Ana <ana at a.example>",
    "To: Ben <ben at b.example>",
    "Cc: Cleo",
    "Date: 2 Nov 2026",
    "Subject: The crane",
)
BODY = "From: is what a quoted mail begins with. Who sent it? Somebody sent a mail."


class OfKind(MemoryShelf):
    kind: Kind = "eml"

    def document(self, document_id: str) -> Document:
        return replace(super().document(document_id), kind=self.kind)


def told(question: str, kind: Kind = "eml") -> str | None:
    shelf = OfKind([make_page(1, [("heading", "The crane"), *(("text", one) for one in (*HEAD, BODY))])])
    shelf.kind = kind
    draft = mail_field(question, (), DocumentView(shelf, [DOC]))
    return draft.short if draft else None


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("Who sent the mail about the crane?", "Ana"),
        ("Who wrote this e-mail?", "Ana"),
        ("Who is the message from?", "Ana"),
        ("To whom was the mail sent?", "Ben"),
        ("Who did Ana send the mail to?", "Ben"),
        ("Who received the email?", "Ben"),
        ("Who was copied on the mail?", "Cleo"),
        ("When was the message sent?", "2 Nov 2026"),
        ("When did Ana write the mail?", "2 Nov 2026"),
        ("What is the subject of the mail?", "The crane"),
        ("When does the crane arrive?", None),
        ("Who sent the crane?", None),
        ("On what date does the mail say the crane arrives?", None),
    ],
)
def test_the_field_that_is_asked_for(question: str, short: str | None) -> None:
    assert told(question) == short


def test_other_documents_have_no_fields() -> None:
    assert told("Who sent the mail?", "text") is None
