"""Specification of a model for the engine, from its Hugging Face config; what it cannot serve is refused by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from catena.errors import ModelUnsupported
from catena.kv.rope import Rope, rope_of

FAMILIES = ("llama", "mistral", "qwen2", "qwen3")


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Shapes of the attention of one model: H query heads share Hkv key heads of D channels."""

    family: str
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    trained_length: int
    dtype: torch.dtype
    rope: Rope

    @property
    def group(self) -> int:
        """Query heads per key head."""
        return self.num_heads // self.num_kv_heads

    @property
    def bytes_per_token(self) -> int:
        """Keys and values of one token in all layers."""
        return 2 * self.num_layers * self.num_kv_heads * self.head_dim * int(self.dtype.itemsize)


def spec_of(model: Any) -> ModelSpec:
    """Read the spec of a loaded Hugging Face model. Raises ModelUnsupported."""
    config = model.config
    refuse(config)
    heads = config.num_attention_heads
    return ModelSpec(
        family=config.model_type,
        num_layers=config.num_hidden_layers,
        num_heads=heads,
        num_kv_heads=getattr(config, "num_key_value_heads", None) or heads,
        head_dim=getattr(config, "head_dim", None) or config.hidden_size // heads,
        trained_length=config.max_position_embeddings,
        dtype=model.dtype,
        rope=rope_of(model),
    )


def refuse(config: Any) -> None:
    """Sliding-window, hybrid and latent attention keep another cache than the one that is paged here."""
    if config.model_type not in FAMILIES:
        raise ModelUnsupported(
            f"Models of type {config.model_type!r} cannot be read in KV pages.",
            f"Take one of: {', '.join(FAMILIES)}; or serve this one with vLLM or Ollama, and name that server.",
        )
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    if kinds != {"full_attention"} or (
        getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    ):
        raise ModelUnsupported(
            f"This {config.model_type} model attends through a sliding window; KV pages need full attention.",
            "Take a version of the model with full attention in every layer.",
        )
