"""Hyphens at the end of a line."""

from __future__ import annotations

import pytest

from catena.ingest.pdf.page_text import Vocabulary, is_broken


@pytest.mark.parametrize(
    ("first", "second", "seen", "keeps"),
    [
        ("inter", "national", "", False),
        ("long", "term", "", True),
        ("re", "elect", "re-elect", True),
        ("data", "base", "the database", False),
        ("RAG", "related", "", True),
        ("Anglo", "American", "", True),
    ],
)
def test_a_hyphen_stays_where_the_document_says_so(first: str, second: str, seen: str, keeps: bool) -> None:
    vocabulary = Vocabulary()
    vocabulary.learn(seen)
    assert vocabulary.keeps_hyphen(first, second) is keeps


@pytest.mark.parametrize(
    ("first", "second", "broken"),
    [("inter-", "national", True), ("2019-", "2020", False), ("-", "item", False), ("end", "of", False)],
)
def test_what_counts_as_a_broken_word(first: str, second: str, broken: bool) -> None:
    assert is_broken(first, second) is broken
