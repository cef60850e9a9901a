"""Evidence ranked by whether the answer stands in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from catena.agents.document_view import DocumentView
from catena.agents.extractive.answer_reading import MAX_WINDOWS, ROW, AnswerReading, ReadWindow, chance
from catena.agents.extractive.passage_reader import PassageReading
from catena.types import Evidence, Page, Span
from tests.agents.shelf import DOC, MemoryShelf, make_page

PAGE = make_page(
    1,
    [
        ("heading", "The museum of Larkmoor"),
        ("text", "Everybody in the town asks who paid for the museum of Larkmoor."),
        ("text", "The museum of Larkmoor was paid for by Anna Berg, a brewer's widow."),
        ("text", "Its roof was mended in May because rain had come through."),
    ],
)
VIEW = DocumentView(MemoryShelf([PAGE]), [DOC])


def quote(line: int, score: float) -> Evidence:
    at = PAGE.lines[line]
    return Evidence((Span(PAGE.ref, at.start, at.end),), PAGE.text[at.start : at.end], score)


def test_the_sentence_that_answers_comes_before_the_one_that_asks() -> None:
    found = (quote(1, 1.1), quote(2, 1.0))
    ranked = AnswerReading.of("Who paid for the museum?", found, VIEW).rank(found, VIEW)
    assert ranked[0].text == quote(2, 0).text


def test_the_sentence_beside_the_evidence_joins_it() -> None:
    found = (quote(1, 1.0),)
    ranked = AnswerReading.of("Who paid for the museum?", found, VIEW).rank(found, VIEW)
    assert quote(2, 0).text in [one.text for one in ranked]


def test_evidence_keeps_its_order_where_the_question_is_in_another_language() -> None:
    found = (quote(1, 1.1), quote(2, 1.0))
    reading = AnswerReading.of("Wer hat das Museum bezahlt und wann war das?", found, VIEW)
    assert reading.best_margin() is None
    assert reading.rank(found, VIEW) == found


def test_a_quote_that_holds_the_answer_is_told_from_one_that_does_not() -> None:
    found = (quote(2, 1.0), quote(3, 1.0))
    reading = AnswerReading.of("Who paid for the museum?", found, VIEW)
    told, other = (reading.answer_in(one) for one in found)
    assert told is not None and other is not None
    assert told.margin == reading.best_margin()
    assert told.margin > other.margin


def test_many_pages_are_read_as_far_as_the_limit() -> None:
    pages = [make_page(number, [("text", f"Room {number} is closed.")]) for number in range(1, 31)]
    view = DocumentView(MemoryShelf(pages), [DOC])
    found = [Evidence((Span(page.ref, 0, len(page.text)),), page.text, 1.0) for page in pages]
    reading = AnswerReading.of("Which room is closed?", found, view)
    assert len(reading.windows) == MAX_WINDOWS
    assert len(reading.rank(found, view)) == 30


def test_chance() -> None:
    assert chance(0) == 0.5
    assert chance(-50) < 0.01 < 0.99 < chance(50)


def read_at(page: Page, offsets: Sequence[int]) -> AnswerReading:
    """A reading of a whole page that finds an answer at each offset for sure, the last the surest."""
    starts = np.array(offsets)
    margins = np.array([30.0 + n for n in range(len(offsets))], np.float32)
    reading = PassageReading(page.text, starts, starts + 3, margins)
    return AnswerReading((ReadWindow(Span(page.ref, 0, len(page.text)), reading),))


def quoted(page: Page, line: int, score: float) -> Evidence:
    at = page.lines[line]
    return Evidence((Span(page.ref, at.start, at.end),), page.text[at.start : at.end], score)


def test_rows_gain_together_and_keep_the_order_of_their_labels() -> None:
    page = make_page(1, [("row", "Flour sold 4,200 3,900"), ("row", "Bread sold 1,100 1,000")])
    view = DocumentView(MemoryShelf([page]), [DOC])
    found = (quoted(page, 0, 1.0), quoted(page, 1, 0.9))
    ranked = read_at(page, [page.lines[1].start]).rank(found, view)
    assert [one.text for one in ranked] == [one.text for one in found]
    assert [round(one.score, 3) for one in ranked] == [1.0 + ROW, 0.9 + ROW]


def test_a_bare_number_never_joins_the_evidence() -> None:
    page = make_page(1, [("text", "The list of lines begins here."), ("text", "625")])
    view = DocumentView(MemoryShelf([page]), [DOC])
    found = (quoted(page, 0, 1.0),)
    assert len(read_at(page, [page.lines[1].start]).rank(found, view)) == 1
