"""KV pages scored and chosen on the GPU: one kernel scores them, one takes the best and writes the table to attend.

Equal to `score_pages` and `choose` of `retrieval.kv`, for rows over different documents at once.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from catena.kv.kernels.attention_kernel import product_type

_PAGES_AT_ONCE = 64


def score_pages(q: Tensor, digest: Tensor, slots: Tensor, num_pages: Tensor, *, is_shared: bool) -> Tensor:
    """Scores of the KV pages of each row for q (B, Hkv, G, D): (B, Hkv, P) of the best in a group, or (B, Hq, P).

    `digest` (R, Hkv, N, D) is of all KV pages in memory, `slots` (B, P) say where a row's are, `num_pages` (B) how many
    it has; behind those scores are -inf. With R = 2 it bounds a box, else it is one vector. `is_shared`: the heads of a
    group choose together.
    """
    rows, kv_heads, group, channels = q.shape
    most = slots.shape[1]
    scores = torch.empty(rows, kv_heads if is_shared else kv_heads * group, most, device=q.device)
    _score[(rows * kv_heads, triton.cdiv(most, _PAGES_AT_ONCE))](
        q.contiguous(),
        digest,
        slots,
        num_pages,
        scores,
        kv_heads,
        group,
        channels,
        most,
        *digest.stride()[:3],
        IS_BOX=digest.shape[0] == 2,
        IS_SHARED=is_shared,
        BLOCK_G=max(16, triton.next_power_of_2(group)),
        BLOCK_P=_PAGES_AT_ONCE,
        BLOCK_D=max(16, triton.next_power_of_2(channels)),
        PRODUCT=product_type(q),
    )
    return scores


def choose_pages(
    scores: Tensor,
    slots: Tensor,
    num_pages: Tensor,
    num_chosen: Tensor,
    num_tokens: Tensor,
    is_due: Tensor,
    table: Tensor,
    lengths: Tensor,
    *,
    page_size: int,
    sink_pages: int,
    local_pages: int,
) -> None:
    """Write the best `num_chosen` (B) KV pages of scores (B, H, P) to `table` and `lengths` (B, H, k) in order.

    Ties go to the earlier KV page; entries behind the chosen ones get length 0. Rows that are not due (B) stay as they
    are. `num_tokens` (B) says how much of the last KV page there is.
    """
    rows, heads, most = scores.shape
    _choose[(rows, heads)](
        scores,
        slots,
        num_pages,
        num_chosen,
        num_tokens,
        is_due,
        table,
        lengths,
        most,
        table.shape[2],
        *table.stride()[:2],
        page_size,
        sink_pages,
        local_pages,
        BLOCK_P=triton.next_power_of_2(most),
        num_warps=8,
    )


@triton.jit
def _score(
    q,
    digest,
    slots,
    num_pages,
    scores,
    kv_heads,
    group,
    channels,
    most,
    stride_kind,
    stride_head,
    stride_slot,
    IS_BOX: tl.constexpr,
    IS_SHARED: tl.constexpr,
    BLOCK_G: tl.constexpr,
    BLOCK_P: tl.constexpr,
    BLOCK_D: tl.constexpr,
    PRODUCT: tl.constexpr,
):
    head = tl.program_id(0)  # of all rows
    row = head // kv_heads
    g = tl.arange(0, BLOCK_G)
    d = tl.arange(0, BLOCK_D)
    page = tl.program_id(1) * BLOCK_P + tl.arange(0, BLOCK_P)
    is_query = (g < group)[:, None] & (d < channels)[None, :]
    asked = tl.load(q + (head * group + g)[:, None] * channels + d[None, :], mask=is_query, other=0.0)
    asked = asked.to(tl.float32)
    is_page = page < tl.load(num_pages + row)
    slot = tl.load(slots + row * most + page, mask=is_page, other=0).to(tl.int64)
    start = digest + (head % kv_heads) * stride_head + slot * stride_slot
    is_there = is_page[:, None] & (d < channels)[None, :]
    upper = tl.load(start[:, None] + d[None, :], mask=is_there, other=0.0)
    upper = tl.trans(upper).to(PRODUCT)
    if IS_BOX:
        lower = tl.load(start[:, None] + stride_kind + d[None, :], mask=is_there, other=0.0)
        found = tl.dot(tl.maximum(asked, 0.0).to(PRODUCT), upper, input_precision="ieee")
        lower = tl.trans(lower).to(PRODUCT)
        found += tl.dot(tl.minimum(asked, 0.0).to(PRODUCT), lower, input_precision="ieee")
    else:
        found = tl.dot(asked.to(PRODUCT), upper, input_precision="ieee")
    found = tl.where(is_page[None, :], found, float("-inf"))
    if IS_SHARED:
        best = tl.max(tl.where((g < group)[:, None], found, float("-inf")), 0)
        tl.store(scores + head * most + page, best, mask=page < most)
    else:
        is_stored = (g < group)[:, None] & (page < most)[None, :]
        tl.store(scores + (head * group + g)[:, None] * most + page[None, :], found, mask=is_stored)


@triton.jit
def _choose(
    scores,
    slots,
    num_pages,
    num_chosen,
    num_tokens,
    is_due,
    table,
    lengths,
    most,
    width,
    stride_row,
    stride_head,
    page_size,
    sink_pages,
    local_pages,
    BLOCK_P: tl.constexpr,
):
    row, head = tl.program_id(0), tl.program_id(1)
    page = tl.arange(0, BLOCK_P)
    total = tl.load(num_pages + row)
    wanted = tl.load(num_chosen + row)
    score = tl.load(
        scores + (row * tl.num_programs(1) + head) * most + page, mask=page < total, other=float("-inf")
    )
    is_forced = (page < sink_pages) | (page >= total - local_pages)
    score = tl.where(is_forced & (page < total), float("inf"), score)
    # LayerKV numbers in the order of the floats, so that the last chosen one is found bit by bit.
    bits = tl.where(score == 0.0, 0.0, score).to(tl.int32, bitcast=True)
    key = tl.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    limit = tl.where(tl.sum((key >= 0).to(tl.int32)) >= wanted, 0, -2147483648)
    for n in range(31):
        higher = limit + (1 << (30 - n))
        limit = tl.where(tl.sum((key >= higher).to(tl.int32)) >= wanted, higher, limit)
    is_above = key > limit
    is_equal = key == limit
    num_equal = wanted - tl.sum(is_above.to(tl.int32))
    is_chosen = is_above | (is_equal & (tl.cumsum(is_equal.to(tl.int32), 0) <= num_equal))
    rank = tl.cumsum(is_chosen.to(tl.int32), 0)
    position = tl.where(is_chosen, rank - 1, wanted + page - rank)
    length = tl.minimum(tl.load(num_tokens + row) - page * page_size, page_size)
    slot = tl.load(slots + row * most + page, mask=page < total, other=0)
    start = row * stride_row + head * stride_head
    is_stored = position < tl.where(tl.load(is_due + row) != 0, width, 0)
    tl.store(table + start + position, slot, mask=is_stored)
    tl.store(lengths + start + position, tl.where(is_chosen, length, 0), mask=is_stored)
