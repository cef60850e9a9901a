"""Words of the pages, and text of others that is shown as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catena.app.ui.labels import how_sure, marked, plain, quoted, searched, shown
from catena.types import Answer, Confidence, Coverage, DocumentCoverage, Statement

ANSWER = Answer(
    question="What is the fee?",
    text="The fee is 5 euro.",
    status="answered",
    run_id="r",
    thread_id="t",
    strategy="retrieve",
    strategy_reason="",
    model="",
    seconds=1.0,
    statements=(Statement("The fee is 5 euro.", "quoted"),),
    coverage=Coverage((DocumentCoverage("a", 184, 184, 10),)),
)
TURNING = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]


@pytest.mark.parametrize(
    ("confidence", "words"),
    [("likely", "Likely the answer"), ("possible", "check the quote"), ("closest", "may not say")],
)
def test_confidence_is_said_in_words(confidence: Confidence, words: str) -> None:
    assert words in how_sure(replace(ANSWER, confidence=confidence))[0]


def test_a_model_that_declines_is_said_so() -> None:
    assert how_sure(replace(ANSWER, status="refused", statements=()))[0] == "The model declined to answer"


def test_a_written_answer_has_no_word_before_it() -> None:
    assert how_sure(ANSWER)[0] == ""


def test_what_is_not_there_is_said_with_the_answers_own_words() -> None:
    missing = replace(ANSWER, status="not_in_document", text="None of the 2 documents says.", statements=())
    assert how_sure(missing)[0] == "None of the 2 documents says."


def test_how_far_it_looked_is_one_short_line() -> None:
    assert searched(ANSWER) == "Searched 184 pages, read 10"


def test_marks_are_counted_in_words() -> None:
    several = (*ANSWER.statements, Statement("x", "supported"), Statement("y", "supported"))
    assert marked(replace(ANSWER, statements=several)) == "1 quoted, 2 supported"


@pytest.mark.parametrize("sign", TURNING)
def test_no_control_of_direction_reaches_what_stands_beside_a_name(sign: str) -> None:
    assert sign not in shown(f"invoice{sign}fdp.exe") and "\ufffd" in plain(f"invoice{sign}fdp.exe")


def test_text_from_right_to_left_is_isolated_from_what_stands_beside_it() -> None:
    assert shown("שכר 2031") == "\u2068שכר 2031\u2069"
    assert shown("Æble & grød") == "Æble & grød"


@settings(deadline=None)
@given(st.text())
def test_isolation_is_balanced_whatever_the_text(text: str) -> None:
    found = shown(text)
    assert [sign for sign in found if sign in TURNING] in ([], ["\u2068", "\u2069"])


def test_entities_are_escaped() -> None:
    assert plain("&copy; &lt;b&gt;") == "\\&copy; \\&lt;b\\&gt;"


@pytest.mark.parametrize(
    ("quote", "expected"), [("So be it.", "“So be it.”"), ("“Aye,” he said", "“Aye,” he said")]
)
def test_a_quote_keeps_its_own_quotation_marks(quote: str, expected: str) -> None:
    assert quoted(quote) == expected
