"""Small models of every family with random weights, and the plain forward pass that reading in KV pages must equal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
import transformers
from torch import Tensor

from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine import transformers_hooks
from catena.kv.engine.generation import Row, step
from catena.kv.engine.prefill import prefill
from catena.kv.model_spec import spec_of

SIZES = {
    "vocab_size": 101,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.15,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 5e5,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
YARN = {"rope_type": "yarn", "rope_theta": 1e4, "factor": 8.0, "original_max_position_embeddings": 64}
LINEAR = {"rope_type": "linear", "rope_theta": 1e4, "factor": 4.0}
CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", {}),
    "llama3": ("Llama", {"rope_parameters": LLAMA3}),
    "yarn": ("Llama", {"rope_parameters": YARN}),
    "linear": ("Llama", {"rope_parameters": LINEAR}),
    "mistral": ("Mistral", {"sliding_window": None}),
    "qwen2": ("Qwen2", {}),
    "qwen3": ("Qwen3", {"head_dim": 32}),
}
PAGE = 16
NEED_AIDS = {"squeezed", "squeezed-two-level", "retro", "look-m"}
"""Policies that need more than the document."""


@cache
def model(name: str = "llama") -> Any:
    """A model of three layers, four heads in two groups."""
    family, options = CONFIGS[name]
    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(**SIZES, **options)
    made = transformers.AutoModelForCausalLM.from_config(config).eval()
    transformers_hooks.register()
    made.set_attn_implementation(transformers_hooks.NAME)
    return made


def tokens(count: int, seed: int = 1) -> Tensor:
    return torch.randint(101, (count,), generator=torch.Generator().manual_seed(seed))


def plain_logits(name: str, token_ids: Tensor) -> Tensor:
    """Logits (V) after the last token, by the model as transformers runs it."""
    made = model(name)
    made.set_attn_implementation("eager")
    try:
        with torch.inference_mode():
            logits: Tensor = made(token_ids[None]).logits[0, -1]
            return logits
    finally:
        made.set_attn_implementation(transformers_hooks.NAME)


def read_tokens(name: str, token_ids: Tensor, **options: Any) -> DocumentKV:
    made = model(name)
    document = DocumentKV.empty(spec_of(made), token_ids, PAGE)
    prefill(made, document, **options)
    return document


def distance(found: Tensor, wanted: Tensor) -> float:
    """Largest difference, relative to the largest logit."""
    return float((found - wanted).abs().max() / wanted.abs().max())


def generate_greedy(model: Any, row: Row, max_tokens: int) -> Iterator[int]:
    """Yield the likeliest tokens, one after the other."""
    for _ in range(max_tokens):
        token = row.logits.argmax()
        yield int(token)
        step(model, [row], token[None])
