"""Filters: what they fit, how people write them, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catena import Description, Document, Filter, OptionError, Reference

REPORT = Document("a" * 64, "Annual report", "/x/3M_2022_10K.pdf", "pdf", "ready")
SAID = Description(REPORT.id, Reference(("Ágnes Heller-Kovács",), 2022), tags=("Audit",))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("title:10-K year:2022", True),
        ("title:annual", True),
        ('title:"report annual"', False),
        ("title:nnual", False),  # words are not cut at their beginning
        ("year:2020-2022", True),
        ("year:2021", False),
        ("author:heller", True),
        ("author:agnes", True),
        ("author:eller", False),
        ("tag:audit", True),
        ("tag:audit tag:draft", False),
        ("kind:pdf", True),
        ("kind:epub", False),
        ("title:?", False),
    ],
)
def test_a_filter_fits(text: str, fits: bool) -> None:
    assert Filter.parse(text).fits(REPORT, SAID) is fits


def test_a_year_that_nobody_knows_fits_no_year() -> None:
    assert not Filter(years=(1, 9999)).fits(REPORT, Description(REPORT.id))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "title:",
        "size:3",
        "title:a title:b",
        'title:"a',
        "year:22",
        "year:2023-2022",
        "kind:10-K",
        "x title:a",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        Filter.parse(text)


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(str.strip)


@given(names.filter(lambda one: ":" not in one), names, st.lists(names, max_size=3), st.integers(1, 9999))
def test_a_filter_reads_what_it_writes(collection: str, author: str, tags: list[str], year: int) -> None:
    wanted = Filter(collection, "epub", (year, 9999), author, tuple(tags), author)
    assert Filter.parse(str(wanted)) == wanted
