"""What is misspelt is looked for as the documents spell it; what is a word, or a name, stays."""

from __future__ import annotations

from collections import Counter

import pytest

from catena.agents.extractive.out_of_vocabulary import spelled, strangers
from catena.retrieval.text_analysis import terms

FREQUENCY = Counter(
    terms("Netflix advertising expense streaming government of the United States freeze German")
)


def frequency(term: str) -> int:
    return FREQUENCY[term]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("What is the advertsing expense of Neflix?", "What is the advertising expense of Netflix?"),
        ("netfilx STRAEMING goverment", "netflix STREAMING government"),
        ("What is the decimal share of the freezer in Germany?", None),  # words, if not the document's
        (
            "Who is Kazimir of Netflax-Prime?",
            None,
        ),  # no word of the documents is near, or it is part of a name
        ("", None),
    ],
)
def test_slips_are_put_right(typed: str, meant: str | None) -> None:
    assert spelled(typed, frequency) == (meant or typed)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What did Netflix pay for the Ferris wheel in Brazil?", ["Ferris", "Brazil"]),
        ('How large was "QUIDEL CORPORATION"?', ["QUIDEL", "CORPORATION"]),
        ("What is the EBITDA of Netflix? Round it.", []),
        ("Which advertising was cut?", []),
        ("What Are The Main Findings About Netflix?", []),
    ],
)
def test_names_that_a_document_never_uses_are_strangers(question: str, names: list[str]) -> None:
    assert strangers(question, frequency) == names
