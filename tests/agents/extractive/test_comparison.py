"""A comparison asks each document its part and puts the parts side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from catena import Catena
from catena.agents.extractive.comparison import Part, compares, part_asked, side_by_side

TITLES = ("Halm Lease 2030", "Norby Lease")


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Compare the rent of Halm and Norby.", "What is the rent?"),
        ("What is the difference between the rent of Halm and Norby?", "What is the rent?"),
        ("How do Halm and Norby differ in their deposit?", "What is the deposit?"),
        ("Which lease has the longer notice period, Halm or Norby?", "What is notice period?"),
        ("Which of the two companies has more employees?", "What is employees?"),
        ("What is the rent in each document?", "What is the rent?"),
        ("Who signed both leases?", "Who signed both leases?"),
    ],
)
def test_what_each_document_is_asked(question: str, part: str) -> None:
    assert compares(question)
    assert part_asked(question, TITLES) == part


def test_a_question_about_one_thing_compares_nothing() -> None:
    assert not compares("How far is it between Halm and Norby?")
    assert not compares("Which ferry is white?")


@pytest.mark.parametrize(
    ("question", "shorts", "said"),
    [
        ("Which has more employees?", ("12 men", "30 men"), "B"),
        ("Which lease has the lower rent?", ("$12", "$30"), "A"),
        ("Which lease has the lower rent?", ("$12", "30%"), "A: $12; B: 30%"),
        ("Which lease has the lower rent?", ("$12", "$12"), "A: $12; B: $12"),
        ("Compare the rents", ("$12", "$30"), "A: $12; B: $30"),
        ("Compare the rents", ("$12", ""), ""),
    ],
)
def test_side_by_side(question: str, shorts: tuple[str, str], said: str) -> None:
    assert side_by_side(question, [Part("A", shorts[0]), Part("B", shorts[1])]) == said


def test_each_document_says_its_part_or_that_it_lacks_it(tmp_path: Path) -> None:
    texts = {
        "halm": "The lease of Halm. The monthly rent of the house is 900 crowns. The roof is red.",
        "norby": "The lease of Norby. The monthly rent of the house is 700 crowns. The roof is blue.",
        "ferry": "The ferry leaves at nine. It carries lorries and sheep.",
    }
    with Catena() as c:
        for name, text in texts.items():
            (tmp_path / f"{name}.txt").write_text(text)
        documents = [c.add(tmp_path / f"{name}.txt") for name in texts]
        answer = c.ask("Compare the monthly rent of the house in these documents", documents=documents)
    lines = [one.text for one in answer.statements]
    assert "halm: The monthly rent of the house is 900 crowns." in lines
    assert "norby: The monthly rent of the house is 700 crowns." in lines
    assert "ferry: no passage was found that answers this." in lines
    assert [bool(one.citations) for one in answer.statements] == [True, True, False]
