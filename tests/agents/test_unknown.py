"""Things asked about that no page names."""

from __future__ import annotations

import pytest

from catena.agents.unknown import unknown_things


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("What was the revenue of the bicycle division?", ["bicycle"]),
        ("What was the total revenue of the division?", []),
        ("Which colour does the division have on page 3?", []),
        ("What was the revenue of Bicycle or of the bycicle?", []),
    ],
)
def test_a_common_word_that_is_nowhere_is_told_from_words_of_asking(
    question: str, unknown: list[str]
) -> None:
    held = {"revenu", "divis"}
    assert unknown_things(question, lambda term: term in held) == unknown
