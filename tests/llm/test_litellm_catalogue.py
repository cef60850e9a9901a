"""What is known of a model without asking anybody."""

from __future__ import annotations

import asyncio

import pytest

from catena.llm import litellm_catalogue
from catena.llm.litellm_client import LiteLLM
from catena.llm.protocol import Price, num_tokens, prompt_tokens

PRICED = ("gpt-4o-mini", "claude-sonnet-4-5", "gemini/gemini-2.5-flash")


@pytest.mark.parametrize(
    ("model", "window"),
    [("openai/gpt-4o", 128_000), ("gpt-4o", 128_000), ("openai/stub", 8192), ("ollama/qwen3:8b", 8192)],
)
def test_the_window_is_known_without_a_network(model: str, window: int) -> None:
    assert asyncio.run(LiteLLM(model).window()) == window


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("openai/gpt-4o-mini", Price(0.15e-6, 0.6e-6)),
        ("ollama/some-model-of-mine", Price(0, 0)),
        ("hosted_vllm/some-model-of-mine", Price(0, 0)),
        ("openai/stub", None),
    ],
)
def test_a_price_is_known_or_unknown_and_never_guessed(model: str, price: Price | None) -> None:
    assert asyncio.run(LiteLLM(model).price()) == price


def test_the_table_is_the_one_that_litellm_loads() -> None:
    ours, theirs = litellm_catalogue._table(), litellm_catalogue.load().model_cost
    assert all(
        theirs[model]["input_cost_per_token"] == ours[model]["input_cost_per_token"] for model in PRICED
    )


def test_long_prompts_may_cost_more() -> None:
    price = litellm_catalogue.price("gemini/gemini-2.5-pro")
    assert price is not None and price.long_from == 200_000
    assert price.cost(200_001, 0) > 1.5 * price.cost(200_000, 0) > 0


def test_a_setting_comes_before_the_table() -> None:
    llm = LiteLLM("openai/gpt-4o", context_window=4096, price=Price(1, 2))
    assert (asyncio.run(llm.window()), asyncio.run(llm.price())) == (4096, Price(1, 2))


@pytest.mark.parametrize(
    ("text", "at_least"),
    [("The fox lives by the river.", 7), ("1,234.56", 8), ("WARRANTY", 3), ("a\nb\nc", 5), ("日本語", 3)],
)
def test_tokens_are_estimated_from_above(text: str, at_least: int) -> None:
    assert num_tokens(text) >= at_least
    assert prompt_tokens([{"role": "user", "content": text}]) > num_tokens(text)
