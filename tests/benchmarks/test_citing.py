"""Statements made of questions and gold answers, and how citations of them are counted."""

from __future__ import annotations

import pytest

from catena.agents.candidates import Candidate
from catena.agents.citations.attribution import Numbered
from catena.benchmarks.citing import Case, Score
from catena.benchmarks.datasets.benchmark_items import Item, Source
from catena.benchmarks.stated import stated
from catena.types import Evidence, PageRef, Span


@pytest.mark.parametrize(
    ("question", "answer", "statement"),
    [
        ("Who ran away?", "the fox.", "the fox ran away."),
        ("What was the name of the king?", "Olaf", "the name of the king was Olaf."),
        ("Why did the fox run away?", "he was afraid", "the fox run away he was afraid."),
        ("In which year was it built?", "1911", "In which year was it built 1911."),
        ("Did it rain?", "Yes, it did.", None),
        ("Which ports are named?", "['Bergen', 'Oslo']", None),
        ("What happened?", "word " * 50, None),
    ],
)
def test_a_question_and_its_answer_make_a_statement(
    question: str, answer: str, statement: str | None
) -> None:
    assert stated(question, answer) == statement


def test_citations_are_counted_by_the_units_they_stand_in() -> None:
    texts = ("The fox ran.", "The king slept.", "It rained on the harbour.")
    shown = [
        Numbered(n + 1, Candidate(Evidence((Span(PageRef("d", n + 1), 0, 9),), text), "text", "", ""))
        for n, text in enumerate(texts)
    ]
    item = Item("1", "Who ran?", ("fox",), Source("book"), frozenset({1, 3}))
    case = Case(item, "fox ran.", None, shown, [frozenset({1}), frozenset({2}), frozenset({3})])
    score = Score()
    score.add(case, [0, 1])
    score.add(case, [])
    assert (score.cited, score.right, score.recall, score.none) == (2, 1, 0.5, 1)
    assert (score.literal, score.num_literal) == (1, 2)
    assert case.numbers(is_gold=True) == [1, 3] and case.numbers(is_gold=False) == [2]
