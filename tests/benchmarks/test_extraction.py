"""Short answers by rules."""

from __future__ import annotations

import pytest

from catena.benchmarks.scoring.extraction import short_answer
from catena.types import Answer, AnswerStatus


def answer(text: str, status: AnswerStatus = "answered") -> Answer:
    return Answer("?", text, status, "run", "thread", "retrieve", "asked for", "model", 0.1)


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("How many people voted in 2018?", "In 2018, 1,577 people voted.", "1577"),
        ("What percentage of them agrees?", "A minority (7%) agrees.", "7%"),
        ("How much did it change?", "It changed by -3.5 points.", "-3.5"),
        ("Is the service safe?", "Yes, it is safe.", "Yes"),
        ("Who made it?", "Brandt and Sons.", "Brandt and Sons"),
        ("List the three colours.", "red, green and blue", "['red', 'green', 'blue']"),
    ],
)
def test_what_is_asked_for_is_taken(question: str, text: str, expected: str) -> None:
    assert short_answer(question, answer(text)) == expected


def test_a_refusal_is_not_answerable() -> None:
    assert short_answer("Who?", answer("The document does not say.", "not_in_document")) == "Not answerable"
