"""Attention over a table of KV pages: every backend against float64, restricted to the tokens that the table names."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch import Tensor

from catena.errors import OptionError
from catena.kv.engine.paged_attention import Backend, attend_pages, attend_reference, backend_of

needs_triton = pytest.mark.skipif(
    find_spec("triton") is None, reason='Triton is not installed (pip install "catena-qa[kernels]")'
)
BACKENDS = ["reference", "cpu", pytest.param("triton", marks=needs_triton)]
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
"""Of the Triton backend: without a GPU it runs in Triton's interpreter."""
SCALE = 0.125


class Case:
    """Random KV pages and a table of them; what no token stands in is poisoned."""

    def __init__(
        self,
        *,
        heads: tuple[int, int, int] = (8, 2, 2),
        rows: int = 1,
        queries: int = 1,
        width: int = 5,
        size: int = 16,
        channels: int = 64,
        last: int | None = None,
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
    ) -> None:
        random = torch.Generator().manual_seed(seed)
        num_heads, kv_heads, choosing = heads
        num_pages = rows * width + 3
        self.q = torch.randn(rows, num_heads, queries, channels, generator=random).to(dtype)
        self.records = torch.randn(num_pages, 2, kv_heads, size, channels, generator=random).to(dtype)
        order = [torch.randperm(num_pages, generator=random)[:width] for _ in range(rows * choosing)]
        self.table = torch.stack(order).view(rows, choosing, width)
        self.last = size if last is None else last
        self.lengths = torch.full_like(self.table, size)
        self.lengths[..., -1] = self.last
        self.is_cut = ~torch.isin(torch.arange(num_pages), self.table[..., :-1].flatten())

    def attend(self, backend: Backend) -> tuple[Tensor, Tensor]:
        where = DEVICE if backend == "triton" else "cpu"
        self.records[self.is_cut, :, :, self.last :] = torch.nan if backend == "triton" else 1e4
        q, records, table, lengths = (x.to(where) for x in (self.q, self.records, self.table, self.lengths))
        out, lse = attend_pages(q, records, table, lengths, SCALE, backend)
        return out.cpu().double(), lse.cpu().double()

    def wanted(self) -> tuple[Tensor, Tensor]:
        """Head by head, token by token."""
        rows, num_heads, _, _ = self.q.shape
        found = [[self._one(row, head) for head in range(num_heads)] for row in range(rows)]
        outs, lses = ([[part[n] for part in row] for row in found] for n in (0, 1))
        return torch.stack([torch.cat(row) for row in outs]), torch.stack([torch.cat(row) for row in lses])

    def _one(self, row: int, head: int) -> tuple[Tensor, Tensor]:
        num_heads, kv_heads, choosing = self.q.shape[1], self.records.shape[2], self.table.shape[1]
        chooser, kv_head = head * choosing // num_heads, head * kv_heads // num_heads
        pairs = zip(self.table[row, chooser].tolist(), self.lengths[row, chooser].tolist(), strict=True)
        seen = torch.cat([self.records[page, :, kv_head, :length] for page, length in pairs], 1)
        return attend_reference(self.q[row, head][None], seen[:1], seen[1:], SCALE)


def assert_equal(found: tuple[Tensor, Tensor], wanted: tuple[Tensor, Tensor], tolerance: float) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert torch.allclose(one, other, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "heads", [(1, 1, 1), (8, 8, 8), (8, 2, 2), (8, 2, 8), (8, 2, 1), (7, 1, 1), (28, 4, 4)]
)
def test_every_grouping_of_heads(backend: Backend, heads: tuple[int, int, int]) -> None:
    case = Case(heads=heads, last=5)
    assert_equal(case.attend(backend), case.wanted(), 1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 2e-2), (torch.float16, 4e-3)])
def test_half_precision(backend: Backend, dtype: torch.dtype, tolerance: float) -> None:
    case = Case(dtype=dtype, width=20, last=3)
    assert_equal(case.attend(backend), case.wanted(), tolerance)


@needs_triton
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
@given(
    rows=st.integers(1, 2),
    queries=st.sampled_from([1, 2, 20]),
    width=st.integers(1, 9),
    size=st.sampled_from([1, 16, 48, 64]),
    channels=st.sampled_from([16, 64, 80, 128]),
    seed=st.integers(0, 1000),
    data=st.data(),
)
def test_any_shape(
    rows: int, queries: int, width: int, size: int, channels: int, seed: int, data: st.DataObject
) -> None:
    last = data.draw(st.integers(0 if width > 1 else 1, size))
    case = Case(
        heads=(2, 1, 1),
        rows=rows,
        queries=queries,
        width=width,
        size=size,
        channels=channels,
        last=last,
        seed=seed,
    )
    assert_equal(case.attend("triton"), case.wanted(), 2e-5)


@needs_triton
@pytest.mark.parametrize("num_splits", [1, 2, 5, 1000])
def test_one_split_and_many(num_splits: int) -> None:
    from catena.kv.kernels import attention_kernel

    case = Case(width=40, last=7)
    q, records = case.q.view(1, 2, 4, 64).to(DEVICE), case.records.to(DEVICE)
    table, lengths = case.table.int().to(DEVICE), case.lengths.int().to(DEVICE)
    out, lse = attention_kernel.attend_pages(q, records, table, lengths, SCALE, num_splits=num_splits)
    found = out.cpu().double().view(1, 8, 1, 64), lse.cpu().double().view(1, 8, 1)
    assert_equal(found, case.wanted(), 1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_sees_nothing_weighs_nothing(backend: Backend) -> None:
    case = Case()
    case.lengths[:] = 0
    out, lse = case.attend(backend)
    assert (out == 0).all() and (lse == -torch.inf).all()


def test_the_backend_goes_with_the_device() -> None:
    assert backend_of(torch.device("cpu")) == "cpu"
    with pytest.raises(OptionError, match="meta"):
        attend_pages(*(torch.empty(0, device="meta"),) * 4, SCALE)
