"""RoPE options are their closed forms, and reading in KV pages stays exact under each."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import transformers

from catena.errors import ModelUnsupported, OptionError
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine import transformers_hooks
from catena.kv.engine.generation import start
from catena.kv.engine.prefill import prefill
from catena.kv.engine.question_session import Session
from catena.kv.engine.rope_scaling import (
    RopeScaling,
    apply_rope_scaling,
    parse_rope_scaling,
    truncate_frequencies,
)
from catena.kv.model_spec import rope_of, spec_of
from catena.kv.policies.policy import preset
from tests.kv import tiny

BASE, DIM, TRAINED = 10_000.0, 16, 512
PLAIN = BASE ** (-torch.arange(0, DIM, 2, dtype=torch.float64) / DIM)


def stretched(text: str | None, **options: Any) -> Any:
    """A Llama model of 512 trained tokens, loaded as `load_model` loads."""
    config = transformers.LlamaConfig(**tiny.SIZES, **options)
    scaling = parse_rope_scaling(text) if text else None
    if scaling:
        apply_rope_scaling(config, scaling)
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    if scaling and scaling.kind == "truncated":
        truncate_frequencies(model.get_decoder().rotary_emb, config.max_position_embeddings)
    return model


def yarn(factor: float) -> torch.Tensor:
    """Section 3.2 of arXiv 2309.00071, with 32 and 1 turns as borders, rounded outwards as its code does."""

    def place(turns: float) -> float:
        return DIM * math.log(TRAINED / (turns * 2 * math.pi)) / (2 * math.log(BASE))

    low, high = max(0, math.floor(place(32))), min(DIM - 1, math.ceil(place(1)))
    ramp = ((torch.arange(DIM // 2, dtype=torch.float64) - low) / (high - low)).clamp(0, 1)
    return PLAIN / factor * ramp + PLAIN * (1 - ramp)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, PLAIN),
        ("linear:4", PLAIN / 4),
        ("linear:2k", PLAIN / 4),
        ("ntk:4", (BASE * 4 ** (DIM / (DIM - 2))) ** (-torch.arange(0, DIM, 2, dtype=torch.float64) / DIM)),
        ("base:10", (10 * BASE) ** (-torch.arange(0, DIM, 2, dtype=torch.float64) / DIM)),
        ("yarn:4", yarn(4)),
        ("truncated", torch.where(2 * math.pi <= PLAIN * TRAINED, PLAIN, 0)),
    ],
)
def test_frequencies_are_the_closed_form(text: str | None, wanted: torch.Tensor) -> None:
    assert torch.allclose(rope_of(stretched(text)).frequencies, wanted, rtol=1e-5, atol=0)


def test_ntk_divides_the_slowest_frequency_and_leaves_the_fastest() -> None:
    found = rope_of(stretched("ntk:4")).frequencies
    assert found[0] == 1 and float(PLAIN[-1] / found[-1]) == pytest.approx(4, rel=1e-5)


def test_yarn_sharpens_attention_by_its_formula() -> None:
    assert stretched("yarn:4").get_decoder().rotary_emb.attention_scaling == pytest.approx(
        0.1 * math.log(4) + 1
    )


@pytest.mark.parametrize(("length", "factor"), [(100, 1), (512, 1), (513, 2), (2048, 4), (2049, 5)])
def test_a_length_becomes_the_smallest_whole_factor(length: int, factor: float) -> None:
    assert RopeScaling("yarn", length=length).factor_for(512) == factor


@pytest.mark.parametrize(("text", "length"), [("linear:4", 2048), ("yarn:2k", 2048), ("truncated", 512)])
def test_the_model_knows_its_new_length(text: str, length: int) -> None:
    assert spec_of(stretched(text)).trained_length == length


@pytest.mark.parametrize("text", ["linear:4", "ntk:4", "base:10", "yarn:4", "truncated"])
def test_reading_in_kv_pages_is_exact(text: str) -> None:
    model, token_ids = stretched(text), tiny.tokens(159)
    model.set_attn_implementation("eager")
    with torch.inference_mode():
        wanted = model(token_ids[None]).logits[0, -1]
    transformers_hooks.register()
    model.set_attn_implementation(transformers_hooks.NAME)
    document = DocumentKV.empty(spec_of(model), token_ids[:150], tiny.PAGE)
    prefill(model, document, chunk=48)
    found = start(model, Session(document, preset("full")), token_ids[150:]).logits
    assert tiny.distance(found, wanted) < 1e-5


@pytest.mark.parametrize("text", ["yarn", "linear:x", "yarn:0.5", "best:4", "linear:-1k"])
def test_what_is_no_option_is_refused(text: str) -> None:
    with pytest.raises(OptionError):
        parse_rope_scaling(text)


def test_a_model_that_is_stretched_already_is_not_stretched_again() -> None:
    with pytest.raises(OptionError, match="llama3"):
        stretched("yarn:4", rope_parameters=tiny.LLAMA3)
    assert stretched("truncated", rope_parameters=tiny.LLAMA3)


def test_frequencies_that_change_with_length_are_refused() -> None:
    parameters = {"rope_type": "dynamic", "rope_theta": BASE, "factor": 2.0}
    with pytest.raises(ModelUnsupported, match="dynamic"):
        rope_of(stretched(None, rope_parameters=parameters))


def test_coarse_frequencies_are_refused() -> None:
    model = stretched(None)
    model.get_decoder().rotary_emb.inv_freq = model.get_decoder().rotary_emb.inv_freq.bfloat16()
    with pytest.raises(ModelUnsupported, match="too coarse"):
        rope_of(model)
