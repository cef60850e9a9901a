from __future__ import annotations

import random

import pytest

from catena.benchmarks.fairytales import LIMITS, SentencePeer, holds
from catena.benchmarks.figures import Number, gold_number
from tests.agents.shelf import WordEmbedder

STORY = "The fox ran home. Snow fell on the old mill. A miller gave the fox some bread. Nobody sang."


@pytest.mark.parametrize(
    ("number", "text", "is_named"),
    [
        (Number(1577, "$", 1e6, 0.5), "$1,577 million (2018): Purchases of property", True),
        (Number(1577, "$", 1e6, 0.5), "$1,577 thousand: Purchases of property", False),
        (Number(1577, "$", 1e6, 0.5), "Purchases of property were $1,577 million", False),
        (Number(8.7, "$", 1e9, 0.05), "$8,738 million (2018): Property", True),
        (Number(18078, "", 0.0, 0.5), "$18,078 million (2021): Total equity", True),
        (Number(815), "815% of warehouses", False),
        (Number(30.8, "%", 0.0, 0.05), "30.8", False),
        (Number(-245.0, "", 1.0, 0.5), "245: Translation", False),
    ],
)
def test_a_number_counts_with_sign_unit_and_scale(number: Number, text: str, is_named: bool) -> None:
    assert number.is_named_by(text) is is_named


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ("$1577.00", Number(1577, "$", 1e6, 0.5 + 1e-9)),
        ("-45.42", Number(-45.42, "", 1e6, 0.005 + 1e-9)),
        ("12", None),
        ("The margin was 12.5%", None),
    ],
)
def test_a_gold_answer_is_read_with_the_precision_it_has(answer: str, number: Number | None) -> None:
    assert gold_number("How much was spent (in USD millions)?", answer) == number


def test_peers_keep_the_limits_and_the_order_of_the_story() -> None:
    peer = SentencePeer(STORY * 9, WordEmbedder())
    ways = [peer.by_meaning("Who gave bread?"), peer.longest(""), peer.at_random(random.Random(1), "")]
    assert all(len(quotes) == LIMITS.max_sentences for quotes in ways)
    assert any("A miller gave the fox some bread." in quote for quote in ways[0])


def test_an_answer_is_held_in_whole_words_without_articles() -> None:
    assert holds("He met the Old Man.", ["an old man"])
    assert not holds("He was bold.", ["old"])
