from __future__ import annotations

import pytest

from catena.agents.generative.brief_answer import margin
from catena.llm.protocol import Completion


@pytest.mark.parametrize(
    ("text", "alternatives", "expected"),
    [
        ("Yes", {"Yes": -0.1, "yes": -4.0, " No": -2.6, "The": -5.0}, 2.5),
        ("No", {"no": -0.5, "Yes": -1.5}, -1.0),
        ("yes", {"Yes": -0.1, "It": -7.1}, 7.0),
        ("Yes.", {}, 1.0),
        ("no", {"Well": -0.1}, -1.0),
        ("Perhaps", {}, None),
    ],
)
def test_how_much_likelier_yes_is_than_no(text: str, alternatives: dict[str, float], expected: float) -> None:
    assert margin(Completion(text, "m", alternatives=alternatives)) == pytest.approx(expected)
