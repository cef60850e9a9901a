"""How many KV pages a head sees, and which."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from catena.errors import OptionError
from catena.kv.policies.page_selection import choose, reduce_heads
from catena.kv.policies.policy import PRESETS, Policy, preset

SCORES = torch.tensor([[0.0, 5, 1, 5, 2, 5, 0, 0, 0, 0]])
PLAIN = replace(preset("mean"), budget=0.2, sink_pages=0, local_pages=0)


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (PLAIN, [1, 3]),  # a tie goes to the earlier one
        (replace(PLAIN, budget=0.4), [1, 3, 4, 5]),
        (replace(PLAIN, sink_pages=2, local_pages=1), [0, 1, 3, 5, 9]),
        (replace(PLAIN, min_pages=3), [1, 3, 5]),
        (replace(PLAIN, score="all"), list(range(10))),
    ],
)
def test_the_best_kv_pages_in_reading_order(policy: Policy, wanted: list[int]) -> None:
    assert choose(SCORES, policy).tolist() == [wanted]


@pytest.mark.parametrize(
    ("budget", "local_pages", "wanted"), [(0.2, 3, 4), (0.4, 1, 5), (0.4, 0, 5), (1, 1, 10)]
)
def test_a_window_is_its_budget_or_the_local_kv_pages(budget: float, local_pages: int, wanted: int) -> None:
    policy = replace(PLAIN, score="window", budget=budget, sink_pages=1, local_pages=local_pages)
    assert choose(torch.arange(10.0)[None], policy).tolist() == [[0, *range(11 - wanted, 10)]]


@pytest.mark.parametrize(("granularity", "rows"), [("query_head", 6), ("kv_head", 2), ("layer", 1)])
def test_heads_that_choose_together(granularity: str, rows: int) -> None:
    scores = torch.randn(2, 3, 4, 10)
    policy = replace(PLAIN, granularity=granularity)  # type: ignore[arg-type]
    assert reduce_heads(scores, policy).shape == (rows, 10)


def test_quest_sees_three_kv_pages_at_least_and_two_layers_whole() -> None:
    quest = replace(preset("quest"), budget=0.001, local_pages=0)
    assert (quest.num_pages(1000), quest.dense_layers) == (3, 2)


@pytest.mark.parametrize("budget", [0, -0.1, 1.1])
def test_a_budget_is_a_share(budget: float) -> None:
    with pytest.raises(OptionError, match="share"):
        replace(PLAIN, budget=budget)


def test_an_unknown_policy_names_the_known_ones() -> None:
    with pytest.raises(OptionError, match="quest"):
        preset("best")


def test_every_preset_says_where_it_is_from() -> None:
    assert all(policy.source for policy in PRESETS.values())
