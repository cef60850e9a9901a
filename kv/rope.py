"""Rotary positions: keys are turned by a distance, so that a KV page can stand elsewhere than it was read.

Angles are computed in float64: in float32 an angle at position 100,000 is off by up to 4e-3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from catena.errors import ModelUnsupported


@dataclass(frozen=True, slots=True)
class Rope:
    """`frequencies` (D/2) in radians a token. Scaling of length (yarn) stays on the keys: turning keeps it."""

    frequencies: Tensor

    def rotate(self, x: Tensor, distance: Tensor) -> Tensor:
        """Turn vectors (..., T, D) by a distance in tokens for each (..., T): R(d) x. Negative turns back."""
        angles = distance.to(torch.float64)[..., None] * self.frequencies.to(x.device)
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        left, right = x.chunk(2, dim=-1)
        return torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1)


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
