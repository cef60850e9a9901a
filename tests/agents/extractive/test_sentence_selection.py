from __future__ import annotations

from catena.agents.extractive.sentence_selection import choose, shorten, shown
from catena.options import AskOptions
from catena.types import Evidence, Line, Page, PageRef, Span
from tests.agents.shelf import DOC

PAGE = PageRef(DOC, 1)


def evidence(text: str, start: int = 0) -> Evidence:
    return Evidence((Span(PAGE, start, start + len(text)),), text)


def test_what_was_said_is_not_said_again() -> None:
    found = [
        evidence("The fox ran home."),
        evidence("Home ran the fox!", 50),
        evidence("Snow fell all night.", 90),
    ]
    assert [one.text for one in choose("Who ran?", found, AskOptions())] == [
        "The fox ran home.",
        "Snow fell all night.",
    ]


def test_a_title_stands_beside_no_sentence() -> None:
    found = [evidence("The fox ran home."), evidence("THE FOX RAN", 50), evidence("The fox and", 90)]
    assert choose("Who ran?", found, AskOptions()) == found[:1]


def test_words_and_sentences_are_limited() -> None:
    found = [evidence(f"Wolf{n} ate pig{n} near village{n} yesterday.", 50 * n) for n in range(9)]
    assert len(choose("Who?", found, AskOptions())) == 3
    assert len(choose("Who?", found, AskOptions(max_words=12))) == 2


def test_a_long_sentence_is_cut_to_the_clauses_that_answer() -> None:
    text = "In the beginning there was mud, then came rain, and at last Ada the smith built a bridge, which fell."
    short = shorten("Who built the bridge?", evidence(text, 7), 9)
    assert short.text == "and at last Ada the smith built a bridge,"
    assert text[short.spans[0].start - 7 : short.spans[0].end - 7] == short.text


def test_the_words_of_the_answer_are_never_cut_away() -> None:
    text = "The bridge of the town, its bridge over the bridge, was built, as the mayor said, by Ada Moor."
    assert shorten("Who built the bridge of the town?", evidence(text), 9, "Ada Moor").text.endswith(
        "by Ada Moor."
    )


def test_what_is_cut_is_marked() -> None:
    text = "First. In the end, Ada built it, and it fell. Last."
    page = Page(PAGE, text, "1", lines=(Line(0, len(text), "text"),))

    def quote(part: str) -> str:
        start = text.index(part)
        return shown(Evidence((Span(PAGE, start, start + len(part)),), part), lambda _: page)

    assert quote("Ada built it,") == "… Ada built it, …"
    assert quote("In the end, Ada built it, and it fell.") == "In the end, Ada built it, and it fell."
    assert quote("First.") == "First."


def test_a_row_or_a_heading_is_no_part_of_a_sentence() -> None:
    page = Page(PAGE, "Sales 12 14", "1", lines=(Line(0, 11, "row"),))
    assert shown(Evidence((Span(PAGE, 0, 8),), "Sales 12"), lambda _: page) == "Sales 12"
