"""An answer as the page shows it, run without a browser and without a library."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from catena.render.answer_json import to_json
from catena.types import (
    Answer,
    Citation,
    CitationPart,
    Coverage,
    DocumentCoverage,
    PageRef,
    Statement,
)

testing = pytest.importorskip("streamlit.testing.v1", reason="the extra `ui` is not installed")
answers = pytest.importorskip("catena.app.ui.answer_view")

SCRIPT = """
import streamlit as st
from catena.render.answer_json import from_json
from catena.app.ui.answer_view import show_answer
show_answer(from_json(st.session_state["answer"]), "viewer")
"""
PART = CitationPart(PageRef("a" * 64, 7), "7", 0, 4, ((0.0, 0.0, 9.0, 9.0),))
ANSWER = Answer(
    question="And the fee?",
    text="The fee is 5 euro.",
    status="answered",
    run_id="run",
    thread_id="thread",
    strategy="retrieve",
    strategy_reason="the question asks for something that stands in few places",
    model="",
    seconds=1.5,
    statements=(
        Statement("The fee is 5 euro.", "quoted", (0,)),
        Statement("It is due in May.", "supported", (0, 1)),
    ),
    citations=(
        Citation("a" * 64, "Lease", "The fee is 5 euro.", "verified", "text", (PART,)),
        Citation("a" * 64, "Lease", "Due in May.", "quote_not_found", "text", (PART,)),
    ),
    coverage=Coverage((DocumentCoverage("a" * 64, 184, 184, 10),)),
)


def shown(**changes: Any) -> Any:
    page = testing.AppTest.from_string(SCRIPT, default_timeout=60)
    page.session_state["answer"] = to_json(replace(ANSWER, **changes))
    page.run()
    assert not page.exception
    return page


def words(page: Any) -> str:
    return "\n".join(one.value for one in (*page.subheader, *page.markdown, *page.caption, *page.text))


def labels(page: Any) -> list[str]:
    return [button.label.replace("\\", "") for button in page.button]


def test_the_first_line_is_the_short_answer_and_how_sure_the_reader_is_follows() -> None:
    page = shown(short="5 euro", confidence="likely")
    assert page.subheader[0].value == "5 euro" and "Likely the answer" in page.markdown[0].value


def test_a_short_answer_that_is_the_whole_text_is_not_said_twice() -> None:
    page = shown(short="The fee is 5 euro.", statements=ANSWER.statements[:1])
    assert not page.subheader and [one.value for one in page.text] == ["The fee is 5 euro."]


def test_each_sentence_has_its_numbers_and_its_mark() -> None:
    page = shown()
    assert [one for one in labels(page) if one.endswith("]")] == ["[1]", "[1]", "[2]"]
    assert "quoted" in words(page) and "supported" in words(page)


def test_a_follow_up_says_how_it_was_read() -> None:
    assert "Understood as: What is the fee of the lease?" in words(
        shown(read_as="What is the fee of the lease?")
    )


def test_below_an_answer_stands_how_far_it_looked_and_no_jargon() -> None:
    page = shown()
    assert page.caption[0].value == "Searched 184 pages, read 10"
    assert "few places" in page.expander[0].markdown[0].value


def test_a_source_names_its_document_where_several_were_asked() -> None:
    assert "[1] p. 7" in labels(shown())
    both = Coverage((*ANSWER.coverage.documents, DocumentCoverage("b" * 64, 9, 9, 1)))
    assert "[1] p. 7 · Lease" in labels(shown(coverage=both))


def test_where_the_documents_may_not_say_the_closest_passages_are_shown() -> None:
    page = shown(status="not_in_document", statements=(), confidence="closest")
    assert "The documents may not say" in words(page) and "“Due in May.”" in words(page)


def test_a_model_that_declined_is_said_so() -> None:
    page = shown(status="refused", statements=(), citations=(), text="I cannot help with that.")
    assert "The model declined to answer" in words(page) and "I cannot help with that." in words(page)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["One is.", "Two is."], [(0, 2)]),
        (["Fee | 5", "Rent | 9"], [(0, 1), (1, 2)]),
        (["One is.", "Fee | 5", "So.", "It is “so.”"], [(0, 1), (1, 2), (2, 4)]),
        (["Year 2031\nFee 5.", "One."], [(0, 1), (1, 2)]),
        ([], []),
    ],
)
def test_sentences_share_lines_and_rows_of_a_table_do_not(
    texts: list[str], expected: list[tuple[int, int]]
) -> None:
    assert list(answers.paragraphs([Statement(text, "quoted") for text in texts])) == expected
