"""Keys and values in 8 bits: e4m3 numbers with one scale for each KV page, head, and kind (keys or values)."""

from __future__ import annotations

import torch
from torch import Tensor

from catena.errors import OptionError

LARGEST = 448.0
"""The largest e4m3 number."""


def fp8_dtype() -> torch.dtype:
    """The e4m3 dtype. Raises OptionError where this torch has none."""
    if not hasattr(torch, "float8_e4m3fn"):
        raise OptionError(
            "This version of torch has no 8-bit floats.", "Take --kv-dtype model, or pip install -U torch."
        )
    return torch.float8_e4m3fn


def quantize(x: Tensor) -> tuple[Tensor, Tensor]:
    """x (..., S, D) as e4m3 numbers and their scales (...), float32."""
    scales = (x.float().abs().amax((-2, -1)) / LARGEST).clamp(min=torch.finfo(torch.float32).tiny)
    return (x.float() / scales[..., None, None]).clamp(-LARGEST, LARGEST).to(fp8_dtype()), scales


def dequantize(x: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """The opposite of `quantize`, up to rounding."""
    return (x.float() * scales[..., None, None]).to(dtype)
