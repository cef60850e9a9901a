"""Tables of KV pages: for each row of a batch, and each head that chooses, what it sees next."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from catena.kv.cache.digests import score_pages
from catena.kv.engine.paged_attention import Backend, backend_of
from catena.kv.policies.page_selection import choose, reduce_heads, window_scores
from catena.kv.policies.policy import Policy


@dataclass(frozen=True, slots=True, eq=False)
class RowPages:
    """The documents of B rows in memory, int32: `slots` (B, P) of their KV pages; how many KV pages and tokens a row
    has, how many KV pages of them are chosen, and whether now is the time to choose (B).
    """

    slots: Tensor
    num_pages: Tensor
    num_chosen: Tensor
    num_tokens: Tensor
    is_due: Tensor

    @classmethod
    def empty(cls, num_rows: int, max_pages: int, device: torch.device) -> RowPages:
        slots = torch.zeros(num_rows, max_pages, dtype=torch.int32, device=device)
        return cls(slots, *(slots.new_zeros(num_rows) for _ in range(4)))


def choose_rows(
    q: Tensor,
    digest: Tensor | None,
    rows: RowPages,
    policy: Policy,
    page_size: int,
    table: Tensor,
    lengths: Tensor,
    backend: Backend | None = None,
) -> None:
    """Write to `table` and `lengths` (B, H, k) what a policy chooses for queries (B, Hkv, G, D), one token a row.

    `digest` (R, Hkv, N, D) stands for all KV pages in memory; without one, nothing is scored. Rows that are not due
    keep what they saw. On a GPU nothing is read back, so that the step can be captured.
    """
    if (backend or backend_of(q.device)) != "triton":
        for row in torch.nonzero(rows.is_due)[:, 0].tolist():
            _choose_row(q[row], digest, rows, row, policy, page_size, table[row], lengths[row])
        return
    from catena.kv.kernels import choice_kernel  # Triton is there where there is a GPU

    is_shared = policy.granularity == "kv_head"
    if digest is None:
        scores = window_scores(rows.slots.shape[1], q.device).expand(*table.shape[:2], -1).contiguous()
    else:
        scores = choice_kernel.score_pages(q, digest, rows.slots, rows.num_pages, is_shared=is_shared)
    if policy.granularity == "layer":
        scores = scores.sum(1, keepdim=True)
    choice_kernel.choose_pages(
        scores,
        rows.slots,
        rows.num_pages,
        rows.num_chosen,
        rows.num_tokens,
        rows.is_due,
        table,
        lengths,
        page_size=page_size,
        sink_pages=policy.sink_pages,
        local_pages=policy.local_pages,
    )


def _choose_row(
    q: Tensor,
    digest: Tensor | None,
    rows: RowPages,
    row: int,
    policy: Policy,
    page_size: int,
    table: Tensor,
    lengths: Tensor,
) -> None:
    count = int(rows.num_pages[row])
    slots = rows.slots[row, :count]
    if digest is None:
        scores = window_scores(count).repeat(len(table), 1)
    else:
        scores = score_pages(q, digest[:, :, slots])
        scores = reduce_heads(scores[:, :, None], policy)
    write_row(choose(scores, policy), rows, row, page_size, table, lengths)


def write_row(
    pages: Tensor, rows: RowPages, row: int, page_size: int, table: Tensor, lengths: Tensor
) -> None:
    """Write a row's KV pages (H, k), numbers in its document, to its part of a table (H, w)."""
    count = pages.shape[-1]
    pages = pages.to(table.device)
    table[:, :count] = rows.slots[row][pages]
    lengths[:, :count] = (rows.num_tokens[row] - pages * page_size).clamp(max=page_size)
    lengths[:, count:] = 0
