"""The Hugging Face config of a GGUF model, from its keys; what KV pages are not read for is refused by name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import transformers

from catena.errors import ModelUnsupported

ROPE_FACTORS = "rope_freqs.weight"
"""A tensor with what Llama 3.1 and later divide their RoPE frequencies by."""
_CONFIGS = {
    "llama": transformers.LlamaConfig,
    "qwen2": transformers.Qwen2Config,
    "qwen3": transformers.Qwen3Config,
}
"""Mistral models are llama ones to llama.cpp."""
_LLAMA3 = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
"""Of every Llama from 3.1 on; GGUF keeps only what follows from it."""


def unsupported(why: str) -> ModelUnsupported:
    return ModelUnsupported(
        f"The GGUF file cannot be turned into a model folder: {why}.",
        "llama.cpp serves more kinds: catena model add FILE.gguf, and ask with --model local/NAME.",
    )


def config_of(keys: Mapping[str, Any], tensors: Sequence[str], rope_factors: Sequence[float]) -> Any:
    """Make the config. Raises ModelUnsupported; KeyError, TypeError for a key that is missing or none of its kind."""
    family = str(keys["general.architecture"])
    if family not in _CONFIGS:
        raise unsupported(
            f"of the architecture {family[:40]!r} no KV pages are made; of {', '.join(_CONFIGS)} they are"
        )

    def said(name: str, default: Any = None) -> Any:
        return keys.get(f"{family}.{name}", default)

    heads, width = int(said("attention.head_count")), int(said("embedding_length"))
    head_dim = int(said("attention.key_length", width // heads))
    _refuse_others(said, head_dim)
    num_layers = int(said("block_count"))
    if num_layers > len(tensors):
        raise unsupported(f"it has {len(tensors)} tensors for {num_layers} layers")
    has_bias = "blk.0.attn_q.bias" in tensors
    return _CONFIGS[family](
        vocab_size=len(keys["tokenizer.ggml.tokens"]),
        hidden_size=width,
        intermediate_size=int(said("feed_forward_length")),
        num_hidden_layers=num_layers,
        num_attention_heads=heads,
        num_key_value_heads=int(said("attention.head_count_kv", heads)),
        head_dim=head_dim,
        max_position_embeddings=int(said("context_length")),
        rms_norm_eps=float(said("attention.layer_norm_rms_epsilon")),
        rope_parameters=_rope(said, head_dim, rope_factors),
        tie_word_embeddings="output.weight" not in tensors,
        bos_token_id=keys.get("tokenizer.ggml.bos_token_id"),
        eos_token_id=keys.get("tokenizer.ggml.eos_token_id"),
        pad_token_id=keys.get("tokenizer.ggml.padding_token_id"),
        architectures=[f"{family.title()}ForCausalLM"],
        dtype="bfloat16",
        **({} if family == "qwen2" else {"attention_bias": has_bias}),
    )


def _refuse_others(said: Any, head_dim: int) -> None:
    why = ""
    if said("expert_count", 0):
        why = "it is a mixture of experts"
    elif said("attention.sliding_window", 0):
        why = "it attends through a sliding window"
    elif said("attention.value_length", head_dim) != head_dim:
        why = "its keys and values have different lengths"
    elif said("rope.dimension_count", head_dim) != head_dim:
        why = "it turns a part of each head alone"
    if why:
        raise unsupported(f"{why}, which is not read in KV pages")


def _rope(said: Any, head_dim: int, factors: Sequence[float]) -> dict[str, Any]:
    theta = float(said("rope.freq_base", 10_000.0))
    kind = said("rope.scaling.type", "none")
    if factors:
        return _llama3(theta, head_dim, factors)
    if kind == "none":
        return {"rope_type": "default", "rope_theta": theta}
    stretched = {"rope_type": kind, "rope_theta": theta, "factor": float(said("rope.scaling.factor", 1.0))}
    if kind == "linear":
        return stretched
    if kind == "yarn":
        trained = int(said("rope.scaling.original_context_length"))
        return {**stretched, "original_max_position_embeddings": trained}
    raise unsupported(f"its positions are stretched by {str(kind)[:40]!r}, which is not known")


def _llama3(theta: float, head_dim: int, factors: Sequence[float]) -> dict[str, Any]:
    """Parameters of `llama3`; which they are shows in the largest factor, and the others prove it."""
    rope = {"rope_type": "llama3", "rope_theta": theta, "factor": float(round(max(factors))), **_LLAMA3}
    wanted = llama3_factors(rope, head_dim)
    if len(wanted) != len(factors) or any(
        not math.isclose(one, other, rel_tol=1e-3) for one, other in zip(wanted, factors, strict=True)
    ):
        raise unsupported("its positions are stretched otherwise than those of Llama 3.1 and later")
    return rope


def llama3_factors(rope: Mapping[str, Any], head_dim: int) -> list[float]:
    """What each frequency is divided by (transformers' `llama3`, llama.cpp's rope_freqs)."""
    trained, low, high = (
        rope["original_max_position_embeddings"],
        rope["low_freq_factor"],
        rope["high_freq_factor"],
    )
    found = []
    for n in range(head_dim // 2):
        turns = trained / (2 * math.pi * rope["rope_theta"] ** (2 * n / head_dim))
        share = min(1.0, max(0.0, (turns - low) / (high - low)))
        found.append(1 / ((1 - share) / rope["factor"] + share))
    return found
