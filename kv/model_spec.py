"""Specification of a model for the engine, from its Hugging Face config; what it cannot serve is refused by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from catena.errors import ModelUnsupported

FAMILIES = ("llama", "mistral", "qwen2", "qwen3")


@dataclass(frozen=True, slots=True)
class Rope:
    """Rotary positions: keys are turned by a distance, so that a KV page can stand elsewhere than it was read.

    `frequencies` (D/2) in radians a token. Scaling of length (yarn) stays on the keys: turning keeps it. Angles are
    computed in float64: in float32 an angle at position 100,000 is off by up to 4e-3.
    """

    frequencies: Tensor

    def rotate(self, x: Tensor, distance: Tensor) -> Tensor:
        """Turn vectors (..., T, D) by a distance in tokens for each (..., T): R(d) x. Negative turns back.

        Computed in float32 at least, and rounded once: in bfloat16 throughout, each number is off by up to 4e-3.
        """
        fine = torch.promote_types(x.dtype, torch.float32)
        angles = distance.to(torch.float64)[..., None] * self.frequencies.to(x.device)
        cos, sin = angles.cos().to(fine), angles.sin().to(fine)
        left, right = x.to(fine).chunk(2, dim=-1)
        return torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1).to(x.dtype)


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


def rope_of(model: Any) -> Rope:
    """The frequencies that a loaded model turns with. Raises ModelUnsupported where they change with length."""
    rotary = model.get_decoder().rotary_emb
    kind = getattr(rotary, "rope_type", "default")
    if kind in ("dynamic", "longrope"):
        raise ModelUnsupported(
            f"RoPE of type {kind!r} changes with the length of the text, so stored keys would not fit.",
            "Load the model with another RoPE option: yarn, linear, or none.",
        )
    if rotary.inv_freq.dtype != torch.float32:
        raise ModelUnsupported(
            f"The model's RoPE frequencies are kept in {rotary.inv_freq.dtype}, too coarse for long documents.",
            "Load it with from_pretrained(dtype=...) instead of casting it with .to(dtype).",
        )
    return Rope(rotary.inv_freq.to(torch.float64))
