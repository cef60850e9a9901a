"""Figures that no floating-point number holds, in documents and questions."""

from __future__ import annotations

import pytest

from catena.agents.citations import quantities
from catena.agents.extractive import numeric_question
from tests.attacks.nasty import NUMBERS


@pytest.mark.parametrize("figure", NUMBERS)
def test_a_figure_beyond_all_measure_is_read_over(figure: str) -> None:
    text = f"Net sales were {figure} in 1990, and costs were 12 million."
    found = quantities.quantities(text)
    assert all(abs(one.full) < float("inf") for one in found)
    assert 12.0 in [one.value for one in found]
    numeric_question.wants_number(f"How much is {figure}?")
