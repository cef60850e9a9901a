"""Policies on a model that truly recalls: who finds more, in the right order."""

from __future__ import annotations

from functools import cache

import pytest

from catena.evaluation.kv.quality import Quality, Setting, measure, policies, training_texts
from catena.evaluation.kv.recall_model import make_recall, plant
from catena.serving import hooks
from catena.serving.training import train_retriever


@cache
def measured() -> dict[str, Quality]:
    """Every policy at 6% of the KV pages, 90 questions."""
    hooks.register()
    model = plant()
    model.set_attn_implementation(hooks.NAME)
    retriever = train_retriever(model, training_texts(150), page_size=16, num_last=90)
    found = measure(model, policies([0.0625]), Setting(num_documents=3), retriever)
    return {one.policy: one for one in found}


@pytest.mark.slow
def test_everything_in_sight_and_the_oracle_answer_all() -> None:
    assert (measured()["full"].accuracy, measured()["oracle"].accuracy) == (1.0, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("better", "worse"),
    [("oracle", "quest"), ("retro", "quest"), ("retro", "mean"), ("quest", "random"), ("mean", "random")],
)
def test_what_looks_better_finds_more(better: str, worse: str) -> None:
    """By more than chance: 90 questions leave 0.1 to it."""
    assert measured()[better].recall > measured()[worse].recall + 0.1


@pytest.mark.slow
def test_answers_are_right_where_the_kv_page_was_seen() -> None:
    assert all(abs(one.accuracy - one.recall) <= 0.05 for one in measured().values())


def test_a_document_asks_for_each_fact_once() -> None:
    recall = make_recall(600, 20, seed=1)
    assert len(set(recall.keys.tolist())) == 20
    assert (recall.tokens[recall.places] == recall.values).all()
