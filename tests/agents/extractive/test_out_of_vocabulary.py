"""Names and things asked about that no page mentions."""

from __future__ import annotations

import pytest

from catena.agents.extractive.out_of_vocabulary import asked_nouns, never_mentioned
from catena.agents.extractive.synonyms import THINGS, kind_of, related
from catena.retrieval.text_analysis import terms


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("What was the revenue of the bicycle division?", ["bicycle"]),
        ("What was the total revenue of the division?", []),
        ("Which percentage does the division have on page 3?", []),
        ("What was the revenue of Bicycle or of the bycicle?", ["Bicycle"]),
        ("What was the revenue of the Larkmoor division?", ["Larkmoor"]),
    ],
)
def test_a_name_or_thing_that_is_nowhere(question: str, unknown: list[str]) -> None:
    held = {"revenu", "divis"}
    assert never_mentioned(question, lambda term: term in held) == unknown


@pytest.mark.parametrize("page", ["Two bicycles were sold.", "Every bike was sold.", "The tandem was sold."])
def test_another_form_or_word_for_a_thing_is_a_mention(page: str) -> None:
    held = set(terms(page))
    assert never_mentioned("How much did the bicycle cost?", lambda term: term in held) == []


def test_kinds_of_nouns_are_known_in_the_plural_too() -> None:
    assert kind_of("bicycles") in THINGS
    assert kind_of("salaries") == "possession"
    assert kind_of("percentage") not in THINGS
    assert kind_of("zzz") == ""
    assert "bike" in related("bicycles")


def test_a_noun_stands_behind_an_article_or_one_word_from_it() -> None:
    assert asked_nouns("What is the price of the old bicycle?") == ["price", "bicycle"]
    assert asked_nouns("Did the bicycle break?") == ["bicycle"]
