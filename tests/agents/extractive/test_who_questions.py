from __future__ import annotations

from collections.abc import Sequence

import pytest

from catena.agents.document_view import DocumentView
from catena.agents.extractive.story import Person, story_of
from catena.agents.extractive.who_questions import PersonAnswer, wanted_sex, whom
from catena.agents.reasoner import Question
from catena.options import AskOptions
from catena.types import Evidence, PageRef, Span
from tests.agents.shelf import DOC, MemoryShelf, make_page

DAILY = [
    "Mr. Thorne said that he was glad.",
    "“So am I,” said Nancy, and she laughed.",
    "“Well,” said John, and he turned to her.",
    "“Come,” said Clara, and she took his hand.",
] * 5
AFTERWARDS = ["The rain fell.", "It was late.", "He looked at her, and she at him and his."]


def view(lines: Sequence[str], *, told: Sequence[str] = DAILY) -> DocumentView:
    pages = [make_page(1, [("text", one) for one in told]), make_page(2, [("text", one) for one in lines])]
    return DocumentView(MemoryShelf(pages), [DOC])


def asked(question: str, lines: Sequence[str], *, told: Sequence[str] = DAILY) -> PersonAnswer | None:
    at = view([*lines, *AFTERWARDS], told=told)
    page = at.text(PageRef(DOC, 2))
    span = Span(page.ref, page.lines[0].start, page.lines[0].end)
    found = [Evidence((span,), page.text[span.start : span.end], 1.0)]
    return whom(Question(question, AskOptions(), {page.ref: 0.8}), found, at)


@pytest.mark.parametrize(
    ("question", "lines", "name"),
    [
        ("Who mended the lantern?", ["John mended the lantern.", "Nancy slept."], "John"),
        ("Who mended the lantern?", ["John slept.", "He mended the lantern."], "John"),
        ("Who struck John?", ["John fell.", "Nancy had struck him.", "Clara slept."], "Nancy"),
        ("Whom did John marry?", ["John married Clara.", "Mr. Thorne came too."], "Clara"),
        ("Who is John's sister?", ["John called his sister Nancy and Mr. Thorne."], "Nancy"),
    ],
)
def test_the_person_whom_the_scene_names_beside_what_is_asked(
    question: str, lines: Sequence[str], name: str
) -> None:
    found = asked(question, lines)
    assert found is not None
    assert found.person.name == name


def test_a_quote_that_says_he_comes_with_the_sentence_that_names_him() -> None:
    found = asked("Who mended the lantern?", ["John slept.", "He mended the lantern."])
    assert found is not None
    assert found.evidence.text == "John slept.\nHe mended the lantern."
    assert found.read_as == ()


def test_it_says_how_a_pronoun_is_read_whose_name_is_too_far_off() -> None:
    far = "John slept and " + "dreamed and " * 70 + "slept."
    found = asked("Who mended the lantern?", [far, "He mended the lantern."])
    assert found is not None
    assert (found.person.name, found.evidence.text) == ("John", "He mended the lantern.")
    assert found.read_as == ("In the quote, “He” is read as John.",)


@pytest.mark.parametrize(
    "question", ["What did John mend?", "Why did John mend it?", "Where is the lantern?"]
)
def test_only_questions_for_a_person_are_answered_by_one(question: str) -> None:
    assert asked(question, ["John mended the lantern."]) is None


def test_a_report_is_no_story() -> None:
    report = ["Mr. Thorne, Chairman, signed the report of the company for the year."] * 20
    assert asked("Who signed the report?", ["Mr. Thorne signed the report."], told=report) is None


def test_nobody_is_named_where_no_sentence_holds_what_is_asked() -> None:
    assert asked("Who painted the harbour?", ["John mended the lantern."]) is None


def test_names_are_read_on_from_the_page_before() -> None:
    at = view(["She mended the lantern."])
    story = story_of(DOC, at)
    assert story is not None
    assert [one.person.name for one in story.read(PageRef(DOC, 2), at)] == ["Clara"]


@pytest.mark.parametrize(
    ("question", "sexes", "wanted"),
    [
        ("Who is John's sister?", "he", "she"),
        ("Who was the king?", "", "he"),
        ("Whom did John marry?", "he", "she"),
        ("Whom did Nancy marry?", "she", "he"),
        ("Who married whom?", "", ""),
        ("Who told John of Nancy's brother and sister?", "he", ""),
        ("Who saw John?", "he", ""),
    ],
)
def test_kin_and_marriage_tell_the_sex_of_whom_is_asked_for(question: str, sexes: str, wanted: str) -> None:
    persons = [Person("X", "he", 1)] if sexes == "he" else [Person("X", "she", 1)] if sexes else []
    assert wanted_sex(question, persons) == wanted
