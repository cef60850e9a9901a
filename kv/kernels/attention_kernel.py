"""Attention over a table of KV pages: split over the keys, then merged (Flash-Decoding), the group's heads together.

One program has one head of the table, a tile of its queries and one split of its keys; a key is read once for all the
query heads that share it. A token's index in the table says which KV page it is in, so KV pages may have any size.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK_N = 64
"""Keys of a step."""
MAX_QUERIES = 64
"""Rows of a tile of queries; `tl.dot` wants 16 at least."""
PROGRAMS_PER_PROCESSOR = 3
"""Splits are made until there are that many programs for every multiprocessor: it has registers for no more."""
_MERGED_AT_ONCE = 32


def attend_pages(
    q: Tensor, records: Tensor, table: Tensor, lengths: Tensor, scale: float, *, num_splits: int | None = None
) -> tuple[Tensor, Tensor]:
    """See `catena.kv.engine.paged_attention.attend_pages`; q is (B, H, M, D): M queries of a head of the table."""
    rows, heads, count, channels = q.shape
    width, page_size = table.shape[2], records.shape[3]
    most = MAX_QUERIES if q.element_size() == 2 else 16  # without tensor cores, code grows with the tile
    tile = min(most, max(16, triton.next_power_of_2(count)))
    num_tiles = triton.cdiv(count, tile)
    steps = _steps_of_a_split(
        triton.cdiv(width * page_size, BLOCK_N), rows * heads * num_tiles, num_splits, q
    )
    num_splits = triton.cdiv(triton.cdiv(width * page_size, BLOCK_N), steps)
    parts = torch.empty(num_splits, rows, heads, count, channels, dtype=torch.float32, device=q.device)
    part_lse = torch.empty(num_splits, rows, heads, count, dtype=torch.float32, device=q.device)
    block_d = max(16, triton.next_power_of_2(channels))
    _attend_split[(rows * heads, num_splits, num_tiles)](
        q.contiguous(),
        records,
        table.contiguous(),
        lengths.contiguous(),
        parts,
        part_lse,
        scale,
        count,
        channels,
        width,
        heads,
        heads // records.shape[2],
        *records.stride()[:4],
        PAGE=page_size,
        BLOCK_M=tile,
        BLOCK_N=BLOCK_N,
        BLOCK_D=block_d,
        STEPS=steps,
        PRODUCT=product_type(q),
        PRECISION="ieee",
        num_warps=4,
        num_stages=3,  # a table's loads go before those of keys; with more, nothing else is made of it
    )
    out = torch.empty_like(q, memory_format=torch.contiguous_format)
    lse = torch.empty(rows, heads, count, dtype=torch.float32, device=q.device)
    _merge_splits[(rows * heads * count,)](
        parts,
        part_lse,
        out,
        lse,
        num_splits,
        channels,
        rows * heads * count,
        BLOCK_S=min(_MERGED_AT_ONCE, triton.next_power_of_2(num_splits)),
        ROUNDS=triton.cdiv(num_splits, _MERGED_AT_ONCE),
        BLOCK_D=block_d,
    )
    return out, lse


def _steps_of_a_split(steps: int, programs: int, num_splits: int | None, q: Tensor) -> int:
    """Return the number of steps that one program takes: a power of two, since each number is compiled for itself."""
    if num_splits is None:
        num_splits = triton.cdiv(_num_processors(q) * PROGRAMS_PER_PROCESSOR, programs)
    wanted = triton.cdiv(steps, min(num_splits, steps))
    return int(triton.next_power_of_2(wanted))


def product_type(q: Tensor) -> Any:
    """Return the type to multiply: bfloat16 as it is, but Triton's interpreter, which alone runs on the CPU, cannot."""
    is_interpreted = q.device.type == "cpu"
    widths = {torch.float32: tl.float32, torch.float16: tl.float16, torch.bfloat16: tl.bfloat16}
    return tl.float32 if is_interpreted else widths[q.dtype]


def _num_processors(q: Tensor) -> int:
    if q.device.type != "cuda":
        return 1  # the interpreter
    return int(torch.cuda.get_device_properties(q.device).multi_processor_count)


@triton.jit
def _attend_split(
    q,
    records,
    table,
    lengths,
    parts,
    part_lse,
    scale,
    count,
    channels,
    width,
    heads,
    heads_per_kv_head,
    stride_page,
    stride_kind,
    stride_head,
    stride_token,
    PAGE: tl.constexpr,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_D: tl.constexpr,
    STEPS: tl.constexpr,
    PRODUCT: tl.constexpr,
    PRECISION: tl.constexpr,
):
    row, split, tile = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    m = tile * BLOCK_M + tl.arange(0, BLOCK_M)
    d = tl.arange(0, BLOCK_D)
    is_query = (m < count)[:, None] & (d < channels)[None, :]
    at = (row * count + m)[:, None] * channels + d[None, :]
    asked = tl.load(q + at, mask=is_query, other=0.0).to(PRODUCT)
    head_start = records + ((row % heads) // heads_per_kv_head).to(tl.int64) * stride_head

    best = tl.full([BLOCK_M], float("-inf"), tl.float32)
    total = tl.zeros([BLOCK_M], tl.float32)
    out = tl.zeros([BLOCK_M, BLOCK_D], tl.float32)
    for step in range(STEPS):
        n = (split * STEPS + step) * BLOCK_N + tl.arange(0, BLOCK_N)
        entry, offset = n // PAGE, n % PAGE
        is_entry = entry < width
        page = tl.load(table + row * width + entry, mask=is_entry, other=0)
        length = tl.load(lengths + row * width + entry, mask=is_entry, other=0)
        is_token = offset < length
        token = head_start + page.to(tl.int64) * stride_page + offset * stride_token
        is_there = is_token[:, None] & (d < channels)[None, :]
        k = tl.load(token[:, None] + d[None, :], mask=is_there, other=0.0)
        v = tl.load(token[:, None] + stride_kind + d[None, :], mask=is_there, other=0.0)
        scores = tl.dot(asked, tl.trans(k).to(PRODUCT), input_precision=PRECISION) * scale
        scores = tl.where(is_token[None, :], scores, float("-inf"))
        new_best = tl.maximum(best, tl.max(scores, 1))
        # Nothing seen yet: -inf minus -inf is no number.
        level = tl.where(new_best == float("-inf"), 0.0, new_best)
        weights = tl.exp(scores - level[:, None])
        kept = tl.exp(best - level)
        total = total * kept + tl.sum(weights, 1)
        out = out * kept[:, None] + tl.dot(
            weights.to(v.dtype).to(PRODUCT), v.to(PRODUCT), input_precision=PRECISION
        )
        best = new_best
    total = tl.where(total == 0.0, 1.0, total)  # of nothing seen: `out` is 0, `best` is -inf
    index = (split * tl.num_programs(0) + row) * count + m
    tl.store(parts + index.to(tl.int64)[:, None] * channels + d[None, :], out / total[:, None], mask=is_query)
    tl.store(part_lse + index, best + tl.log(total), mask=m < count)


@triton.jit
def _merge_splits(
    parts,
    part_lse,
    out,
    lse,
    num_splits,
    channels,
    num_queries,
    BLOCK_S: tl.constexpr,
    ROUNDS: tl.constexpr,
    BLOCK_D: tl.constexpr,
):
    query = tl.program_id(0)
    d = tl.arange(0, BLOCK_D)
    best = float("-inf")
    total = 0.0
    merged = tl.zeros([BLOCK_D], tl.float32)
    for turn in range(ROUNDS):
        split = turn * BLOCK_S + tl.arange(0, BLOCK_S)
        index = split * num_queries + query
        levels = tl.load(part_lse + index, mask=split < num_splits, other=float("-inf"))
        is_there = (split < num_splits)[:, None] & (d < channels)[None, :]
        part = tl.load(parts + index.to(tl.int64)[:, None] * channels + d[None, :], mask=is_there, other=0.0)
        new_best = tl.maximum(best, tl.max(levels, 0))
        level = tl.where(new_best == float("-inf"), 0.0, new_best)
        weights = tl.exp(levels - level)
        kept = tl.exp(best - level)
        total = total * kept + tl.sum(weights, 0)
        merged = merged * kept + tl.sum(part * weights[:, None], 0)
        best = new_best
    total = tl.where(total == 0.0, 1.0, total)
    tl.store(lse + query, best + tl.log(total))
    merged = (merged / total).to(out.dtype.element_ty)
    tl.store(out + query.to(tl.int64) * channels + d, merged, mask=d < channels)
