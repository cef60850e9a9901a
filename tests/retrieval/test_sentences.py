from __future__ import annotations

import pytest

from catena.retrieval.sentences import (
    MAX_CHARACTERS,
    ends_sentence,
    line_sentences,
    sentence_spans,
    sentences,
)
from catena.types import Line, LineKind, Page, PageRef


@pytest.mark.parametrize(
    "parts",
    [
        [
            "Apple Inc. was founded in the U.S.",
            "The company reported $1.5 billion.",
            "See No. 5 (e.g. Fig. 3).",
        ],
        ["J. K. Rowling wrote it.", "Mr. Smith went to Washington D.C. yesterday."],
        ['"Stop!" he said.', "She left...", "And then?", "Yes!", "It was 3.5% vs. 4.0%."],
        ["1. Introduction to methods.", "(a) First item.", "We ended Dec. 31, 2018."],
        ["Results improved.[12]", "We use Adam (Kingma et al. 2014)."],
        ["It was I.", "He left.", "The answer is no.", "See No. 7."],
        ["هذا نص.", "ما هذا؟", "نعم۔"],
        ["यह है।", "दूसरा वाक्य।"],
    ],
)
def test_sentences_end_where_a_reader_ends_them(parts: list[str]) -> None:
    text = " ".join(parts)
    assert [text[start:end] for start, end in sentence_spans(text)] == parts


def test_chinese_needs_no_space_between_sentences() -> None:
    text = "这是一句。下一句！"
    assert [text[start:end] for start, end in sentence_spans(text)] == ["这是一句。", "下一句！"]


def test_headings_and_rows_are_sentences_and_running_headers_are_none() -> None:
    text = "Annual report\nItem 7. Results\nSales 1. 2\nSales rose. Costs fell."
    kinds = ["header", "heading", "row", "text"]
    starts = [0, 14, 30, 41, len(text) + 1]
    lines = tuple(Line(starts[i], starts[i + 1] - 1, kind) for i, kind in enumerate(kinds))  # type: ignore[arg-type]
    page = Page(PageRef("d", 1), text, "1", lines=lines)
    assert [text[a:b] for a, b in sentences(page)] == [
        "Item 7. Results",
        "Sales 1. 2",
        "Sales rose.",
        "Costs fell.",
    ]


def test_no_sentence_is_endless() -> None:
    text = "word " * 1000
    spans = sentence_spans(text)
    assert all(end - start <= MAX_CHARACTERS for start, end in spans)
    assert "".join(text[a:b] for a, b in spans).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "ends"), [("It is.", True), ("It is", False), ("“Yes.”", True), ("是。 ", True)]
)
def test_ends_sentence(text: str, ends: bool) -> None:
    assert ends_sentence(text) is ends


@pytest.mark.parametrize("kind", ["row", "heading"])
def test_an_endless_row_is_cut(kind: LineKind) -> None:
    """Whoever reads a row takes time by the square of its length."""
    text = "x" * 10_000
    spans = line_sentences(text, Line(0, len(text), kind))
    assert [last - first for first, last in spans] == [2000] * 5
