"""Attention over a table of KV pages: float64 by definition, on the CPU, and on the GPU with Triton.

What the policies choose is a table: for each row of a batch and each head that chooses, which KV pages it sees, and how
many tokens of each. Rows may be over different documents, as long as their KV pages lie in one tensor.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal

import torch
from torch import Tensor

from catena.errors import MissingExtra, OptionError
from catena.kv.engine.partial_attention import Part, attend, attend_reference

Backend = Literal["reference", "cpu", "triton"]


def attend_pages(
    q: Tensor, records: Tensor, table: Tensor, lengths: Tensor, scale: float, backend: Backend | None = None
) -> Part:
    """Attention of q (B, Hq, T, D) over KV pages of `records` (N, 2, Hkv, S, D): (B, Hq, T, D) and (B, Hq, T).

    `table` (B, H, k) are numbers of KV pages for each head that chooses (H is 1, Hkv or Hq), `lengths` (B, H, k) how
    many tokens of each are seen, 0 for an entry that is padding. All T queries see the same. A query that sees nothing
    gets zeros and a log-sum-exp of -inf. The backend goes with the device. Raises OptionError for a
    device without one, MissingExtra without Triton.
    """
    backend = backend or backend_of(q.device)
    rows, num_heads, length, channels = q.shape
    heads = max(table.shape[1], records.shape[2])  # a table for all heads is one for each key head
    table, lengths = (x.to(torch.int32).expand(rows, heads, -1) for x in (table, lengths))
    folded = q.reshape(rows, heads, -1, channels)
    if backend == "triton":
        from catena.kv.kernels import attention_kernel  # Triton comes with CUDA builds of torch alone

        out, lse = attention_kernel.attend_pages(folded, records, table, lengths, scale)
    else:
        attend_part = attend if backend == "cpu" else attend_reference
        parts = []
        for n in range(rows):
            keys, values, is_token = _gather(records, table[n], lengths[n])
            parts.append(attend_part(folded[n], keys, values, scale, is_token))
        out, lse = (torch.stack(x) for x in zip(*parts, strict=True))
    return out.view(rows, num_heads, length, channels), lse.view(rows, num_heads, length)


def backend_of(device: torch.device) -> Backend:
    """The backend for tensors there. Raises OptionError, MissingExtra."""
    if device.type == "cpu":
        return "cpu"
    if device.type != "cuda":
        raise OptionError(f"KV pages cannot be attended on {device.type}.", "Load the model on cpu or cuda.")
    if find_spec("triton") is None:
        raise MissingExtra("Triton", "kernels")
    return "triton"


def _gather(records: Tensor, table: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Keys, values (H, k*S, D) of a table (H, k), and which of them are tokens (H, 1, k*S)."""
    heads = torch.arange(len(table), device=table.device) // (len(table) // records.shape[2])
    found = records[table, :, heads[:, None]]  # (H, k, 2, S, D)
    is_token = torch.arange(records.shape[3], device=table.device) < lengths[..., None]
    return found[:, :, 0].flatten(1, 2), found[:, :, 1].flatten(1, 2), is_token.flatten(1)[:, None]
