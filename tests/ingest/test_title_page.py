"""What a document is cited by: names below a title, dates, identifiers; and what is none of these."""

from __future__ import annotations

import pytest

from catena.ingest.bylines import name_of
from catena.ingest.title_page import read_reference
from catena.types import Document, Kind, Line, Page, PageRef, Reference, Word

ID = "a" * 64


def page_of(*lines: str, heading: int = 1) -> Page:
    """A page of lines below each other, the first ones headings."""
    words, spans, start = [], [], 0
    for number, line in enumerate(lines):
        spans.append(Line(start, start + len(line), "heading" if number < heading else "text"))
        x = 10.0
        for part in line.split(" "):
            at = start + line.index(part, int((x - 10) / 5)) if part else start
            words.append(
                Word(at, at + len(part), (x, number * 20.0, x + 5 * len(part) + 3, number * 20.0 + 10))
            )
            x += 5 * (len(part) + 1)
        start += len(line) + 1
    return Page(PageRef(ID, 1), "\n".join(lines), "1", tuple(words), tuple(spans))


def read(*lines: str, title: str = "On Lanterns", kind: Kind = "pdf", **metadata: list[str]) -> Reference:
    page = page_of(*lines)
    found, places = read_reference(Document(ID, title, "/x", kind, "ready"), metadata, [page])
    for spans in places.values():
        assert all(0 <= span.start < span.end <= len(page.text) for span in spans)
    return found


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("Ann Lee1,2, Li Wei² and B. Roy∗", ("Ann Lee", "Li Wei", "B. Roy")),
        ("Ludwig van Beethoven and Vincent van Gogh", ("Ludwig van Beethoven", "Vincent van Gogh")),
        ("by JANE AUSTEN", ("Jane Austen",)),
        ("Max Kleiman-Weiner^(5,∗), Jean-Luc O'Hara", ("Max Kleiman-Weiner", "Jean-Luc O'Hara")),
        ("Andres L¨oh", ("Andres Löh",)),
        ("The PARI Group", ("The PARI Group",)),
        ("Mark Henning, Germany", ("Mark Henning",)),
        ("Komei Fukuda, Institute for Operations Research", ("Komei Fukuda",)),
        ("Mayo Clinic", ()),
        ("Universität Innsbruck, Austria", ()),
        ("User Manual", ()),
        ("Carroll Doherty, Director of Political Research", ()),
        ("A lantern is a light.", ()),
    ],
)
def test_names_below_the_title_are_its_authors(line: str, names: tuple[str, ...]) -> None:
    assert read("On Lanterns", line, "Abstract", "Harry Potter").authors == names


def test_names_in_columns_are_apart() -> None:
    page = page_of("On Lanterns", "Ann Lee Li Wei")
    far = [
        Word(one.start, one.end, (one.box[0] + 200, one.box[1], one.box[2] + 200, one.box[3]))
        if one.start >= 20
        else one
        for one in page.words
    ]
    apart = Page(page.ref, page.text, "1", tuple(far), page.lines)
    found, _ = read_reference(Document(ID, "On Lanterns", "/x", "pdf", "ready"), {}, [apart])
    assert found.authors == ("Ann Lee", "Li Wei")


def test_who_saved_a_pdf_is_not_its_author_unless_printed() -> None:
    assert read("On Lanterns", "A lantern is a light.", author=["Jon Holmes"]).authors == ()
    assert read("On Lanterns", "This text of Jon Holmes.", author=["Holmes, Jon"]).authors == ("Jon Holmes",)
    assert read("On Lanterns", "A lantern is a light.", kind="epub", author=["Jon Holmes"]).authors == (
        "Jon Holmes",
    )


def test_a_filing_is_its_registrants() -> None:
    found = read("FORM 10-K", "For the fiscal year ended December 31, 2018", "ACME LANTERNS, INC.",
                 "(Exact name of registrant as specified in its charter)", "Filed January 3, 2019")  # fmt: skip
    assert (found.authors, found.year) == (("ACME LANTERNS, INC.",), 2018)


@pytest.mark.parametrize(
    ("lines", "year"),
    [
        (("May 1, 2020", "Copyright 2003–2022 Ann Lee"), 2020),
        (("19th September 2004",), 2004),
        (("Copyright (C) 2003–2023, John Lee",), 2023),
        (("1994-2022",), 2022),
        (("© 2019 Ann Lee",), 2019),
        (("In 1999 lanterns were rare, as many people of the time say in letters to their friends at the coast, "
          "which were found in 2004 and are kept in a museum.",), None),
    ],
)  # fmt: skip
def test_the_year_is_what_the_title_page_says(lines: tuple[str, ...], year: int | None) -> None:
    assert read("On Lanterns", *lines).year == year


def test_the_date_of_the_file_is_the_last_resort() -> None:
    assert read("On Lanterns", "A lantern.", date=["2015"]).year == 2015
    assert read("On Lanterns", "May 1, 2020", date=["2015"]).year == 2020


@pytest.mark.parametrize(
    "text", ["", "Lantern", "a b", "X", "The Lantern", "Chapter One", "Ann 2019", "Ann Lee " * 4]
)
def test_what_is_no_name(text: str) -> None:
    assert name_of(text) == ""
