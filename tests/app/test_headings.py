"""What a document could be asked, from its headings and its kind."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from catena.app.ui.headings import by_heading, by_kind, by_name, is_telling
from catena.types import Document, Line, OutlineEntry, Page, PageRef

BODY = "The night watch begins at nine. A night watch ends when the next watch comes at night."


def page_of(number: int, *lines: tuple[str, str]) -> Page:
    """A page of lines, each its text and kind."""
    text, found = "", []
    for words, kind in lines:
        found.append(Line(len(text), len(text) + len(words), kind))  # type: ignore[arg-type]
        text += words + "\n"
    return Page(PageRef("a" * 64, number), text, str(number), lines=tuple(found))


def document_of(pages: Sequence[Page], *outline: OutlineEntry) -> Document:
    return Document("a" * 64, "Manual", "manual.pdf", "pdf", "ready", len(pages), outline=outline)


def headings_of(*pages: Page) -> list[str]:
    return [one.question for one in by_heading(document_of(pages), pages)]


def test_a_heading_that_the_text_below_takes_up_is_asked_about_without_its_number() -> None:
    first = page_of(1, ("Manual of the port", "heading"))
    found = by_heading(
        document_of([]), [first, page_of(2, ("3.2 The night watch", "heading"), (BODY, "text"))]
    )
    assert [one.question for one in found] == ["What does it say about “The night watch”?"]
    assert 2 in found[0].pages


def test_a_heading_that_the_text_below_does_not_take_up_is_left_out() -> None:
    assert headings_of(page_of(2, ("The silver anchor", "heading"), (BODY, "text"))) == []


def test_running_headings_are_left_out() -> None:
    pages = [page_of(number, ("Night watch", "heading"), (BODY, "text")) for number in (2, 3)]
    assert headings_of(*pages) == []


def test_of_headings_that_say_nearly_the_same_one_is_taken() -> None:
    lines = [("The night watch", "heading"), (BODY, "text"), ("Watch at night", "heading"), (BODY, "text")]
    assert len(headings_of(page_of(2, *lines))) == 1


def test_a_long_outline_is_taken_before_headings_of_pages() -> None:
    pages = [page_of(number, (f"{BODY} {word} {word}", "text")) for number, word in enumerate(WORDS, 1)]
    outline = [OutlineEntry(1, f"the {word} watch", number) for number, word in enumerate(WORDS, 1)]
    found = by_heading(document_of(pages, *outline), pages)
    assert [one.question for one in found[:1]] == ["What does it say about “The harbour watch”?"]


WORDS = ("harbour", "lantern", "granite", "pilot", "anchor")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Raw materials", True),
        ("Nomination of Research Supervisor", True),
        ("Table of Contents", False),
        ("Introduction", False),
        ("Busines s", False),
        ("Sales of 2031", False),
        ("lower case", False),
        ("It was late. He went home", False),
        ("<b>bold words</b>", False),
    ],
)
def test_headings_name_a_matter(name: str, expected: bool) -> None:
    assert is_telling(name) is expected


def test_an_agreement_is_asked_for_its_law() -> None:
    pages = [page_of(1, ("Employment Agreement", "heading"), ("between A and B", "text"))]
    assert "Which law governs it?" in [one.question for one in by_kind(pages)]


def test_what_only_speaks_of_an_agreement_is_none() -> None:
    assert by_kind([page_of(1, ("They came to an agreement in the end.", "text"))]) == []


def test_in_a_story_those_who_speak_most_are_asked_about() -> None:
    talk = "“No,” said Marta. “Yes,” cried Marta. “Oh,” said Marta. “So,” said Otto."
    assert [one.question for one in by_name([page_of(1, (talk, "text"))])] == ["Who is Marta?"]
