"""Policies on a model that truly recalls: who finds more, in the right order."""

from __future__ import annotations

from functools import cache

import pytest

from catena.benchmarks.kv import beyond
from catena.benchmarks.kv.kv_quality import (
    ORDER,
    Quality,
    Setting,
    broken_order,
    measure,
    policies,
    prepared,
    table,
    training_texts,
)
from catena.benchmarks.kv.recall_model import make_recall, plant
from catena.kv.engine.retriever_training import train_retriever

NAMED = {name for better, worse, _ in ORDER for name in (better, worse)} | {"full"}


@cache
def measured() -> list[Quality]:
    """The policies that stand in an order, at 6% of the KV pages, 300 questions."""
    model = prepared(plant())
    retriever = train_retriever(model, training_texts(150), page_size=16, num_last=90)
    chosen = [policy for policy in policies([0.0625]) if policy.name in NAMED]
    return measure(model, chosen, Setting(), retriever)


@pytest.mark.slow
def test_everything_in_sight_and_the_oracle_answer_all() -> None:
    assert {one.accuracy for one in measured() if one.policy in ("full", "oracle")} == {1.0}


@pytest.mark.slow
def test_what_looks_better_finds_more() -> None:
    assert broken_order(measured()) == []
    assert {one.num_questions for one in measured()} == {300}


@pytest.mark.slow
def test_answers_are_right_where_the_kv_page_was_seen() -> None:
    assert all(abs(one.accuracy - one.recall) <= 0.05 for one in measured())


def quality(policy: str, share: float, budget: float = 0.25) -> Quality:
    return Quality(policy, budget, share, share, 0, 1)


def test_a_policy_out_of_order_is_named() -> None:
    found = [quality(name, 0.5) for name in NAMED - {"random", "lm-infinite"}]
    found += [quality("random", 0.45), quality("lm-infinite", 0.3)]
    assert broken_order(found) == [
        "quest 0.50, random 0.45 at 25.0%",
        "arkvale 0.50, random 0.45 at 25.0%",
        "lm-infinite 0.30, random 0.45 at 25.0%",
    ]


def test_no_better_than_everything_in_sight_is_named() -> None:
    found = [quality("full", 0.4, 1.0), quality("oracle, end to end", 0.4), quality("quest, end to end", 0.3)]
    assert beyond.broken_order(found) == ["oracle, end to end 0.40 at 25.0%, full 0.40"]


def test_the_table_has_a_row_for_each_policy() -> None:
    found = [quality("full", 1, 1.0), quality("quest", 1, 1.0), quality("quest", 0.5)]
    assert table(found).splitlines() == [
        "| | 100% | 25% |",
        "| --- | --- | --- |",
        "| full | 1.00 / 1.00 | |",
        "| quest | 1.00 / 1.00 | 0.50 / 0.50 |",
    ]


def test_a_document_asks_for_each_fact_once() -> None:
    recall = make_recall(600, 20, seed=1)
    assert len(set(recall.keys.tolist())) == 20
    assert (recall.tokens[recall.positions] == recall.values).all()
