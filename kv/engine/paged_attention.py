"""Attention over a table of KV pages: float64 by definition, on the CPU, and on the GPU with Triton.

What the policies choose is a table: for each row of a batch and each head that chooses, which KV pages it sees, and how
many tokens of each. Rows may be over different documents, as long as their KV pages lie in one tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Literal

import torch
from torch import Tensor

from catena.errors import MissingExtra, OptionError

Backend = Literal["reference", "cpu", "triton"]
Part = tuple[Tensor, Tensor]
"""Output (H, T, D) and float32 log-sum-exp (H, T)."""


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


def attend(q: Tensor, k: Tensor, v: Tensor, scale: float, mask: Tensor | None = None) -> Part:
    """Attention of q (Hq, T, D) over k, v (H, N, D); the Hq / H query heads of a group share their keys.

    `mask` (H or 1, T or 1, N): False hides a key. The group is folded into the query rows: on CPU that is 3 to 10
    times faster than repeating the keys.
    """
    heads, length, _ = q.shape
    group = heads // k.shape[0]
    folded = q.reshape(k.shape[0], group * length, -1)
    if mask is not None and mask.shape[1] > 1:
        mask = mask.repeat(1, group, 1)
    out, lse = _attend(folded, k, v, scale, mask)
    if mask is not None:  # a query that sees nothing weighs nothing in a merge
        blind = ~mask.any(-1).expand(lse.shape)
        out, lse = out.masked_fill(blind[..., None], 0.0), lse.masked_fill(blind, -torch.inf)
    return out.reshape(heads, length, -1), lse.reshape(heads, length)


def attend_causal(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Part:
    """The same where the last T of the N keys are the queries' own tokens, and none sees a later one."""
    length, total = q.shape[1], k.shape[1]
    if length == 1:
        return attend(q, k, v, scale)
    if length == total and q.device.type == "cpu":
        return _attend_triangle(q, k, v, scale)
    sees = torch.ones(length, total, dtype=torch.bool, device=q.device).tril(total - length)
    return attend(q, k, v, scale, sees[None])


def merge(parts: Sequence[Part]) -> Tensor:
    """Combine attention over disjoint sets of keys into attention over their union: (H, T, D)."""
    if len(parts) == 1:
        return parts[0][0]
    lse = torch.stack([part[1] for part in parts])
    weights = torch.softmax(lse, dim=0)[..., None]
    return (
        torch.stack([part[0] * weight for part, weight in zip(parts, weights, strict=True)])
        .sum(0)
        .to(parts[0][0].dtype)
    )


def attend_reference(q: Tensor, k: Tensor, v: Tensor, scale: float, mask: Tensor | None = None) -> Part:
    """Return the reference for `attend`, in float64 and by definition."""
    group = q.shape[0] // k.shape[0]
    keys, values = (x.double().repeat_interleave(group, dim=0) for x in (k, v))
    scores = q.double() @ keys.transpose(1, 2) * scale
    if mask is not None:
        hidden = ~mask.repeat_interleave(group, dim=0) if mask.shape[0] > 1 else ~mask
        scores = scores.masked_fill(hidden, -torch.inf)
    lse = scores.logsumexp(-1)
    return (scores - lse.clamp(min=torch.finfo(lse.dtype).min)[..., None]).exp() @ values, lse


def _attend(q: Tensor, k: Tensor, v: Tensor, scale: float, mask: Tensor | None) -> Part:
    bias = None
    if mask is not None:
        bias = torch.zeros(mask.shape, dtype=q.dtype, device=q.device).masked_fill_(~mask, -torch.inf)
    if q.device.type == "cpu":
        # PyTorch's own CPU flash attention; its public wrapper does not hand out the log-sum-exp.
        out, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            q[None], k[None], v[None], 0.0, False, attn_mask=None if bias is None else bias[None], scale=scale
        )
        return out[0], lse[0]
    return attend_in_parts(q, k, v, scale, bias)


def _attend_triangle(q: Tensor, k: Tensor, v: Tensor, scale: float) -> Part:
    """Causal attention of tokens among themselves: without a mask, and half of it is never computed."""
    group = q.shape[0] // k.shape[0]
    keys, values = (x.repeat_interleave(group, dim=0)[None] for x in (k, v))
    out, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
        q[None], keys, values, 0.0, True, scale=scale
    )
    return out[0], lse[0]


def attend_in_parts(
    q: Tensor, k: Tensor, v: Tensor, scale: float, bias: Tensor | None, max_scores: int = 1 << 28
) -> Part:
    """Softmax by definition for q (H, T, D), as many queries at once as make `max_scores` scores: any device has it."""
    rows = max(1, max_scores // (k.shape[0] * max(1, k.shape[1])))
    keys, outs, sums = k.float().transpose(1, 2), [], []
    for start in range(0, q.shape[1], rows):
        scores = q[:, start : start + rows].float() @ keys * scale
        if bias is not None:
            scores = scores + (bias if bias.shape[1] == 1 else bias[:, start : start + rows])
        outs.append(scores.softmax(-1).to(v.dtype) @ v)
        sums.append(scores.logsumexp(-1))
    return torch.cat(outs, 1), torch.cat(sums, 1)
