"""What is said of an answer, the same everywhere."""

from __future__ import annotations

import pytest

from catena.render.answer_html import to_html
from catena.render.answer_markdown import to_markdown
from catena.render.wording import mark_of, proof_of
from catena.types import Answer, AnswerStatus, Citation, CitationPart, Confidence, PageRef, Statement, Support

DOC = "d" * 64


def answer(*marks: Support, confidence: Confidence | None = None, verified: int = 9) -> Answer:
    citations = tuple(
        Citation(
            DOC,
            "Book",
            f"Quote {number}.",
            "verified" if number < verified else "quote_not_found",
            "text",
            (CitationPart(PageRef(DOC, number + 1), "", 0, 5, ()),),
        )
        for number in range(max(1, len(marks)))
    )
    statements = tuple(Statement(f"Quote {n}.", mark, (n,)) for n, mark in enumerate(marks))
    status: AnswerStatus = "answered" if marks else "not_in_document"
    return Answer(
        "Who?", "He.", status, "r", "t", "retrieve", "", "m", 1.0, statements, citations, confidence=confidence
    )  # fmt: skip


def test_the_first_statement_says_how_sure_the_reader_is() -> None:
    sure = answer("quoted", "quoted", confidence="likely")
    assert [mark_of(sure, 0), mark_of(sure, 1)] == ["likely the answer", "“ quoted"]
    assert mark_of(answer("supported", confidence="possible"), 0) == "possibly the answer; ✓ supported"
    assert mark_of(answer("unchecked"), 0) == "· not checked"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (answer("quoted"), "1 quote, verified on its page"),
        (answer("quoted", "quoted", "quoted"), "3 quotes, all verified on their pages"),
        (answer("quoted", "quoted", verified=1), "2 quotes, 1 of them verified on their pages"),
        (
            answer("supported", "supported", "partial"),
            "3 statements: 2 supported, 1 partly supported; 3 quotes, all verified on their pages",
        ),
        (answer(), ""),
    ],
)
def test_the_proof_in_one_line(given: Answer, line: str) -> None:
    assert proof_of(given) == line


def test_exports_say_the_same() -> None:
    sure, lacking = answer("quoted", confidence="possible"), answer(confidence="closest")
    for text in (to_html(sure, lambda part: b""), to_markdown(sure)):
        assert "possibly the answer" in text
        assert "1 quote, verified on its page" in text
        assert "supported" not in text
    for text in (to_html(lacking, lambda part: b""), to_markdown(lacking)):
        assert "may not say; these passages came closest" in text
