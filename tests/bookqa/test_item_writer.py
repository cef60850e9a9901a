"""What is read from a model's reply, and what is thrown away."""

from __future__ import annotations

import asyncio

import pytest

from catena.agents.citations.citation import cite
from catena.bookqa.book import Book, Sentence
from catena.bookqa.item_filters import by_code, by_model, nearest
from catena.bookqa.item_slots import Slot
from catena.bookqa.item_writer import Draft, read_question
from catena.bookqa.items import ItemKind
from catena.bookqa.rule_judge import gives_away, is_same
from tests.agents.shelf import DOC
from tests.bookqa.novel import novel, writer

ASKED, SAID = "What did the boy do first, and what later?", "He ran [1]. He slept [2]."
GOOD = f"Evidence: [1, 2]\nQuestion: {ASKED}\nAnswer: {SAID}"


@pytest.mark.parametrize(
    "reply",
    [
        GOOD,
        f"**Evidence:** [1], [2]\n\n**Question:** {ASKED}\n\n**Answer:** {SAID}",
        f"Question: {ASKED.replace(', ', ',' + chr(10))}\nAnswer: {SAID}",
        f"<think>Well.</think>\n{GOOD}",
        f"Question: {ASKED} [1, 2]\nEvidence: 1, 2\nAnswer: {SAID}",
    ],
)
def test_a_question_is_read_in_many_dresses(reply: str) -> None:
    read = read_question(reply, 3)
    assert read is not None
    question, claims = read
    assert question == ASKED
    assert [(claim.text, claim.numbers) for claim in claims] == [("He ran.", (1,)), ("He slept.", (2,))]


@pytest.mark.parametrize(
    "reply", ["", "Answer: He ran [1].", "Question: He ran.\nAnswer: yes [1].", "Question: Why?"]
)
def test_what_holds_no_question_and_answer_is_none(reply: str) -> None:
    assert read_question(reply, 3) is None


def test_answers_are_compared_by_what_the_question_does_not_tell() -> None:
    assert is_same("I think it was the harbour master.", "The harbour master.", "Who lit the lamp?")
    assert not is_same("The lamp was lit.", "The harbour master lit the lamp.", "Who lit the lamp?")
    assert gives_away("Did the harbour master light the lamp?", "The harbour master.")
    assert not gives_away("Who lit the lamp?", "The harbour master lit the lamp.")


def sentences() -> list[Sentence]:
    return [one for one in novel().sentences if one.text.startswith(("Later", "In the evening"))]


def slot(kind: ItemKind, *tenths: int) -> Slot:
    return Slot(DOC, 0, 0, kind, tenths, 1)


def draft(book: Book, question: str, *found: Sentence) -> Draft:
    citations = tuple(cite(one.evidence, book.view) for one in found)
    return Draft(question, " ".join(one.text for one in found), citations)


def test_code_names_why_a_draft_is_thrown_away() -> None:
    book, (first, *_, last) = novel(), sentences()
    asked = "What is told of the two?"
    far = slot("facts", 0, 9)
    assert by_code(draft(book, asked, first, last), far, frozenset(), book) is None
    assert by_code(draft(book, asked), far, frozenset(), book) == "no_evidence"
    assert by_code(draft(book, asked, first, first), far, frozenset(), book) == "one_passage_cited"
    assert by_code(draft(book, asked, first, last), slot("facts", 4, 5), frozenset(), book) == "elsewhere"
    assert (
        by_code(draft(book, "Who is Nancy?", first, last), far, frozenset({"nancy"}), book) == "names_subject"
    )
    assert by_code(draft(book, first.text + last.text, first, last), far, frozenset(), book) == "gives_away"


def test_a_model_that_answers_without_the_book_or_from_one_passage_throws_a_draft_away() -> None:
    book, (first, *_, last) = novel(), sentences()
    asked = "What is told of the two?"
    two = draft(book, asked, first, last)
    assert asyncio.run(by_model(two, slot("facts", 0, 9), book, writer())) is None
    knows = writer(**{asked: two.answer})
    assert asyncio.run(by_model(two, slot("facts", 0, 9), book, knows)) == "closed_book"
    words = " ".join(word for word in first.text.split() if len(word) > 4)
    easy = draft(book, f"Who: {words}?", first)
    both = Draft(easy.question, easy.answer, two.citations)
    assert asyncio.run(by_model(both, slot("facts", 0, 9), book, writer())) == "one_passage"


def test_what_the_book_answers_is_not_unanswerable() -> None:
    book, one = novel(), sentences()[7]
    assert one.passage in [passage.ordinal for passage in nearest(one.text, book)]
    answered = Draft(f"{one.text.rstrip('.')}?", "", ())
    assert asyncio.run(by_model(answered, slot("unanswerable", 3), book, writer())) == "answerable"
    absent = Draft("Who paid for the zeppelin beside the kangaroo?", "", ())
    assert asyncio.run(by_model(absent, slot("unanswerable", 3), book, writer())) is None
