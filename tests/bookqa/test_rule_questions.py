"""What rules ask of a book, and what of it they leave alone."""

from __future__ import annotations

from dataclasses import replace

from catena.bookqa.book import Book, is_legal, matter_headings, read_book
from catena.bookqa.rule_questions import Rules
from catena.bookqa.subjects import Subjects
from catena.types import LineKind, Section
from tests.agents.shelf import DOC, MemoryShelf, make_page

STORY = [
    "At Holm the miller met Joss and Miss Tarn. In the evening Joss said no. At noon Miss Tarn said yes.",
    "On the road to Holm there was nobody but Joss. Later Joss said no again. Later Miss Tarn said yes again.",
    "The fair of Holm pleased Joss, not Miss Tarn. Before the fair Joss said so. After it Miss Tarn said so.",
]


def book(*texts: str, heading: str = "") -> Book:
    lines: list[tuple[LineKind, str]] = [("text", text) for text in (*STORY, *texts)]
    page = make_page(1, lines)
    pages = [replace(page, sections=(Section(0, (heading,)),) if heading else ())]
    return read_book(MemoryShelf(pages), pages, DOC)


def asked(text: str) -> list[tuple[str, str]]:
    made = book(text)
    gaps = Rules(made, Subjects(made))._gaps
    return [(one.question, one.answer) for found in gaps.values() for one in found]


def test_who_did_it_is_asked_of_the_first_clause() -> None:
    told = "Joss carried the broken weathercock of the chapel down to Holm; then the rain began to fall in earnest."
    assert (asked(told) or asked(f"It rained on the roofs. {told}")) == [
        ("Who carried the broken weathercock of the chapel down to Holm?", "Joss")
    ]


def test_what_anybody_may_have_done_is_not_asked() -> None:
    assert not asked(
        "Joss looked up from the papers in surprise and slowly lifted both of the heavy eyebrows."
    )


def test_a_gap_behind_a_pronoun_is_not_asked() -> None:
    assert not asked(
        "She left the letters of the old lawyer on the kitchen table, almost surprised, and met Joss."
    )


def test_order_items_name_their_actors() -> None:
    colours = ("red", "blue", "grey", "old")
    made = book(*(f"Joss brought the {one} basket of withered apples to Miss Tarn." for one in colours))
    quoted = [one.text for found in Rules(made, Subjects(made))._whole.values() for one in found]
    assert len(quoted) == 2 and all(text.startswith("Joss brought") for text in quoted)


def test_front_matter_is_known_by_its_headings() -> None:
    headings = [
        "PREFACE",
        "Introduction",
        "Chapter 1",
        "Translator's Note",
        "The Licence Inspector",
        "Contents",
    ]
    assert matter_headings(headings) == {"PREFACE", "Introduction", "Translator's Note", "Contents"}
    assert matter_headings(["Introduction", "Methods"]) == frozenset()


def test_a_preface_is_not_asked_about() -> None:
    text = "Joss carried the broken weathercock of the chapel down to Holm on the 4th of May."
    assert any(one.is_good for one in book(text).sentences)
    assert not any(one.is_good for one in book(text, heading="Preface to the second edition").sentences)


def test_a_licence_is_known_by_its_terms() -> None:
    licence = "You may redistribute this eBook under the terms of the license; the trademark owner gives no warranty."
    assert is_legal(licence) and not is_legal("The licence of the inn was lost, and permission was refused.")


def test_what_stands_outside_the_marks_of_a_text_is_no_book() -> None:
    pages = [
        make_page(
            1, [("text", "Joss prepared this edition of the chronicle in 1911 for the readers of Holm.")]
        ),
        make_page(2, [("text", "*** START OF THE PROJECT GUTENBERG EBOOK THE FAIR ***")]),
        make_page(3, [("text", "Joss carried the broken weathercock of the chapel down to Holm in 1904.")]),
        make_page(4, [("text", "*** END OF THE PROJECT GUTENBERG EBOOK THE FAIR ***")]),
        make_page(5, [("text", "Joss gathered the donations for the foundation in Holm in the year 1911.")]),
    ]
    made = read_book(MemoryShelf(pages), pages, DOC)
    assert [one.evidence.spans[0].ref.number for one in made.sentences if one.is_good] == [3]
