from __future__ import annotations

import pytest

from catena.agents.candidates import candidates
from catena.agents.citations.citation import boxes, cite, cite_all
from catena.agents.document_view import DocumentView
from catena.errors import DocumentNotFound
from catena.types import Evidence, PageRef, Passage, Segment, Span
from tests.agents.shelf import DOC, MemoryShelf, make_page

PAGE = make_page(1, [("text", "One two three."), ("text", "Four five.")])
NEXT = make_page(2, [("text", "and it ends here. A new one.")])


@pytest.fixture
def view() -> DocumentView:
    return DocumentView(MemoryShelf([PAGE, NEXT]), [DOC])


def test_a_quote_is_what_stands_at_the_offsets(view: DocumentView) -> None:
    citation = cite(Evidence((Span(PAGE.ref, 0, 14),), "One two three."), view)
    assert (citation.quote, citation.status, citation.parts[0].label) == ("One two three.", "verified", "1")


def test_a_quote_that_is_not_there_is_not_verified(view: DocumentView) -> None:
    assert cite(Evidence((Span(PAGE.ref, 0, 14),), "One two four."), view).status == "quote_not_found"


def test_words_of_one_printed_line_share_a_box() -> None:
    found = boxes(PAGE, 4, len(PAGE.text))
    assert [box[1] for box in found] == [50.0, 62.0]
    assert found[0][0] == PAGE.words[1].box[0] and found[0][2] == PAGE.words[2].box[2]


def test_the_same_quote_is_cited_once(view: DocumentView) -> None:
    one, two = (Evidence((Span(PAGE.ref, a, b),), PAGE.text[a:b]) for a, b in ((0, 14), (15, 25)))
    citations, indices = cite_all([(one,), (two, one)], view)
    assert len(citations) == 2 and indices == [[0], [1, 0]]


def test_a_sentence_over_a_page_break_has_two_parts(view: DocumentView) -> None:
    first = make_page(1, [("text", "All is well. The story runs on")])
    view = DocumentView(MemoryShelf([first, NEXT]), [DOC])
    passages = (
        Passage(first.ref, 0, len(first.text), first.text, "", 0, continues=True),
        Passage(NEXT.ref, 0, len(NEXT.text), NEXT.text, "", 1),
    )
    found = candidates(Segment(passages), view)
    assert [one.text for one in found] == [
        "All is well.",
        "The story runs on and it ends here.",
        "A new one.",
    ]
    citation = cite(found[1].evidence, view)
    assert [part.ref.number for part in citation.parts] == [1, 2] and citation.status == "verified"


def test_other_documents_stay_closed(view: DocumentView) -> None:
    with pytest.raises(DocumentNotFound):
        view.page(PageRef("e" * 64, 1))
