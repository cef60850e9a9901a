"""An abbreviation and what it is short for are one thing to a question."""

from __future__ import annotations

import pytest

from catena.agents.extractive.out_of_vocabulary import strangers
from catena.agents.extractive.synonyms import long_forms, other_forms, phrasings


@pytest.mark.parametrize("short", ["CEO", "ceo"])
def test_an_abbreviation_is_written_out(short: str) -> None:
    assert long_forms(short) == ("chief executive officer",)
    assert "Who is the chief executive officer?" in phrasings(f"Who is the {short}?")


def test_a_long_form_is_abbreviated() -> None:
    assert "What is the GDP of Chile?" in other_forms("What is the gross domestic product of Chile?")


@pytest.mark.parametrize("word", ["cat", "it", "us", "pet", "who"])
def test_a_word_in_small_letters_is_no_abbreviation(word: str) -> None:
    assert not long_forms(word)


def test_an_abbreviation_that_is_written_out_is_no_stranger() -> None:
    written = {"chief", "execut"}
    assert strangers("Who is its CEO?", lambda term: int(term in written)) == []
    assert strangers("Who is its CEO?", lambda term: 0) == ["CEO"]
