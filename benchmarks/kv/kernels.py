"""One layer of attention for one new token a row: kernels against float64, and against the bytes they must move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

from catena.benchmarks.kv.clock import GIGA, Ceilings, Clock, Table, error_of
from catena.kv.cache.digests import bound
from catena.kv.engine.page_tables import RowPages, choose_rows
from catena.kv.engine.paged_attention import Backend, attend_pages
from catena.kv.policies.policy import preset

Kernel = Callable[[], Tensor]
PEERS = {
    "SDPA flash": SDPBackend.FLASH_ATTENTION,
    "SDPA cuDNN": SDPBackend.CUDNN_ATTENTION,
    "SDPA efficient": SDPBackend.EFFICIENT_ATTENTION,
}
TOLERANCES = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
SAME = 0.99
"""Of the chosen KV pages: sums in another order turn a few near ties."""


@dataclass(frozen=True, slots=True)
class Case:
    """Rows ask one document together, or each its own; heads are those of a model's layer."""

    num_tokens: int
    budget: float = 0.0625
    num_rows: int = 1
    is_shared: bool = True
    num_heads: int = 32
    num_kv_heads: int = 8
    head_dim: int = 128
    page_size: int = 64
    dtype: torch.dtype = torch.bfloat16

    def __str__(self) -> str:
        documents = "" if self.num_rows == 1 else " on one" if self.is_shared else " on as many"
        return f"{self.num_tokens:,} tokens, {self.budget:.1%}, {self.num_rows} row{documents}"


class Layer:
    """Random keys, values and queries of a case on a device, and tables of what is chosen of them."""

    def __init__(self, case: Case, device: torch.device, backend: Backend) -> None:
        self.case = case
        self.backend: Backend = backend
        self.scale = case.head_dim**-0.5
        self.policy = replace(preset("mean"), score="bound", budget=case.budget)
        pages = -(-case.num_tokens // case.page_size)
        documents = 1 if case.is_shared else case.num_rows
        random = torch.Generator(device).manual_seed(0)
        shape = (documents * pages, 2, case.num_kv_heads, case.page_size, case.head_dim)
        self.records = torch.randn(shape, generator=random, device=device).to(case.dtype)
        asked = (case.num_rows, case.num_heads, 1, case.head_dim)
        self.q = torch.randn(asked, generator=random, device=device).to(case.dtype)
        positions = torch.arange(documents * pages * case.page_size, device=device) % (pages * case.page_size)
        is_token = (positions < case.num_tokens).view(-1, case.page_size)
        self.digest = bound(self.records[:, 0].transpose(0, 1), is_token)
        self.rows = RowPages.empty(case.num_rows, pages, device)
        first = torch.arange(case.num_rows, device=device) * (0 if case.is_shared else pages)
        self.rows.slots.copy_(first[:, None] + torch.arange(pages, device=device))
        self.rows.num_pages.fill_(pages)
        self.rows.num_chosen.fill_(self.policy.num_pages(pages))
        self.rows.num_tokens.fill_(case.num_tokens)
        self.rows.is_due.fill_(1)
        chosen = (case.num_rows, case.num_kv_heads, self.policy.num_pages(pages))
        self.table = torch.zeros(chosen, dtype=torch.int32, device=device)
        self.lengths = torch.zeros_like(self.table)
        self.whole = self.rows.slots[:, None]
        starts = torch.arange(pages, device=device) * case.page_size
        ends = (case.num_tokens - starts).clamp(max=case.page_size)
        self.whole_lengths = ends.expand(case.num_rows, 1, -1)

    @property
    def token_bytes(self) -> int:
        """Keys and values of a token."""
        return 2 * self.case.num_kv_heads * self.case.head_dim * self.records.element_size()

    @property
    def full_bytes(self) -> int:
        """Every document is read once, however many rows ask it."""
        return self.case.num_tokens * self.token_bytes * (1 if self.case.is_shared else self.case.num_rows)

    @property
    def selected_bytes(self) -> int:
        """Return the digests of the KV pages, and the pages that each row chooses."""
        chosen = self.table.shape[2] * self.case.page_size * self.token_bytes
        index = self.digest.numel() * self.digest.element_size()
        return index + self.case.num_rows * chosen

    def selected(self) -> Tensor:
        """Judge, choose, attend."""
        self.choose()
        return attend_pages(self.q, self.records, self.table, self.lengths, self.scale, self.backend)[0]

    def choose(self) -> None:
        case = self.case
        asked = self.q.view(case.num_rows, case.num_kv_heads, -1, case.head_dim)
        choose_rows(
            asked, self.digest, self.rows, self.policy, case.page_size, self.table, self.lengths, self.backend
        )

    def gathered(self) -> Tensor:
        """The same without a kernel of our own for attention."""
        self.choose()
        heads = torch.arange(self.case.num_kv_heads, device=self.q.device)[:, None]
        found = self.records[self.table.long(), :, heads]  # (B, Hkv, k, 2, S, D)
        k, v = (found[:, :, :, kind].flatten(2, 3) for kind in (0, 1))
        is_seen = torch.arange(self.case.page_size, device=self.q.device) < self.lengths[..., None]
        folded = self.q.view(self.case.num_rows, self.case.num_kv_heads, -1, self.case.head_dim)
        out = scaled_dot_product_attention(folded, k, v, is_seen.flatten(2)[:, :, None], scale=self.scale)
        return out.reshape(self.q.shape)

    def full(self) -> Tensor:
        """All KV pages by the same kernel; rows on one document read it together."""
        q, rows = self.q, 1 if self.case.is_shared else self.case.num_rows
        if self.case.is_shared:
            q = q.permute(2, 1, 0, 3)  # (1, Hq, B, D)
        out, _ = attend_pages(
            q, self.records, self.whole[:rows], self.whole_lengths[:rows], self.scale, self.backend
        )
        return out.permute(2, 1, 0, 3) if self.case.is_shared else out

    def peers(self) -> Iterator[tuple[str, Kernel]]:
        """Full attention by PyTorch's kernels, the group's heads folded into the queries, rows on one document too."""
        case = self.case
        rows = 1 if case.is_shared else case.num_rows
        flat = self.records.view(rows, -1, *self.records.shape[1:]).permute(2, 0, 3, 1, 4, 5).flatten(3, 4)
        k, v = (x[:, :, : case.num_tokens].contiguous() for x in flat)  # (B, Hkv, T, D)
        grouped = self.q.view(case.num_rows, case.num_kv_heads, -1, case.head_dim)
        folded = grouped.transpose(0, 1).flatten(1, 2)[None] if case.is_shared else grouped

        def unfold(out: Tensor) -> Tensor:
            if not case.is_shared:
                return out.reshape(self.q.shape)
            parts = out.reshape(case.num_kv_heads, case.num_rows, -1, case.head_dim)
            return parts.transpose(0, 1).reshape(self.q.shape)

        for name, backend in PEERS.items():
            yield name, lambda backend=backend: unfold(_sdpa(folded, k, v, self.scale, backend))  # type: ignore[misc]
        if self.q.device.type == "cuda":
            from torch.nn.attention.flex_attention import flex_attention

            flex = torch.compile(flex_attention, dynamic=False)
            yield "FlexAttention", lambda: unfold(flex(folded, k, v, scale=self.scale))

    def wanted(self, *, is_full: bool) -> Tensor:
        """By definition, in float64, over the same table."""
        table, lengths = (self.whole, self.whole_lengths) if is_full else (self.table, self.lengths)
        return attend_pages(self.q, self.records, table, lengths, self.scale, "reference")[0]


def check(cases: Sequence[Case], device: torch.device) -> tuple[Table, bool]:
    """The kernels on fresh inputs against float64; whether all of them are within the tolerance."""
    rows, is_right = [], True
    for case in cases:
        layer = Layer(case, device, "triton")
        for name, kernel in (("all KV pages", layer.full), ("chosen KV pages", layer.selected)):
            error = error_of(kernel(), layer.wanted(is_full=name == "all KV pages"))
            is_right &= error <= TOLERANCES[case.dtype]
            heads = f"{case.num_heads} on {case.num_kv_heads} of {case.head_dim}"
            limit = f"{TOLERANCES[case.dtype]:.0e}"
            rows.append(
                (str(case), heads, str(case.dtype).removeprefix("torch."), name, limit, f"{error:.1e}")
            )
        table = layer.table.clone()
        layer.backend = "cpu"
        layer.choose()
        share = float((table == layer.table).float().mean())
        is_right &= share >= SAME
        rows.append((str(case), "", "", "chosen as by the rule", f"{SAME:.0%} of them", f"{share:.2%}"))
    columns = ("case", "heads", "dtype", "what", "allowed", "found")
    return Table("Triton against float64", columns, rows), is_right


def sweep(cases: Sequence[Case], clock: Clock, ceilings: Ceilings) -> Table:
    """Every kernel of every case, with its bytes, and how often as fast as the best full attention it is."""
    rows: list[Sequence[str]] = []
    for case in cases:
        layer = Layer(case, clock.device, "triton")
        kernels = {"triton, all KV pages": layer.full, **dict(layer.peers())}
        full = {name: _timed(clock, kernel) for name, kernel in kernels.items()}
        best = min(seconds for seconds, _ in full.values())
        wanted = layer.wanted(is_full=True)
        for name, (seconds, out) in full.items():
            rows.append(_row(case, name, seconds, layer.full_bytes, ceilings, best, out, wanted))
        selected = {"triton, chosen": layer.selected, "gather and SDPA, chosen": layer.gathered}
        for name, kernel in selected.items():
            seconds, out = _timed(clock, kernel)
            chosen = layer.wanted(is_full=False)
            rows.append(_row(case, name, seconds, layer.selected_bytes, ceilings, best, out, chosen))
    columns = ("case", "kernel", "µs", "MB", "GB/s", "of copy rate", "× best full", "relative error")
    return Table("One layer, one token a row", columns, rows)


def sweep_splits(case: Case, counts: Sequence[int], clock: Clock, ceilings: Ceilings) -> Table:
    """Attention to the chosen KV pages alone, by the number of splits."""
    from catena.kv.kernels.attention_kernel import attend_pages as attend_split  # Triton: only on a GPU

    layer = Layer(case, clock.device, "triton")
    layer.choose()
    folded = layer.q.view(case.num_rows, case.num_kv_heads, -1, case.head_dim)
    num_bytes = case.num_rows * layer.table.shape[2] * case.page_size * layer.token_bytes
    rows = []
    for count in counts:
        seconds = clock.seconds(
            lambda count=count: attend_split(  # type: ignore[misc]
                folded, layer.records, layer.table, layer.lengths, layer.scale, num_splits=count
            )
        )
        rate = num_bytes / seconds
        rows.append((str(case), str(count), f"{seconds * 1e6:,.1f}", f"{rate / ceilings.copy:.0%}"))
    return Table("By the number of splits", ("case", "splits", "µs", "of copy rate"), rows)


def _timed(clock: Clock, kernel: Kernel) -> tuple[float, Tensor | None]:
    """Seconds and result; infinity for a kernel that does not take these shapes."""
    try:
        out = kernel()
        return clock.seconds(kernel), out
    except RuntimeError:  # PyTorch's word for it
        return float("inf"), None


def _row(
    case: Case,
    name: str,
    seconds: float,
    num_bytes: int,
    ceilings: Ceilings,
    best: float,
    out: Tensor | None,
    wanted: Tensor,
) -> tuple[str, ...]:
    if out is None:
        return (str(case), name, "not supported", *[""] * 5)
    rate = num_bytes / seconds
    return (
        str(case),
        name,
        f"{seconds * 1e6:,.1f}",
        f"{num_bytes / 1e6:,.1f}",
        f"{rate / GIGA:,.0f}",
        f"{rate / ceilings.copy:.0%}",
        f"{best / seconds:.2f}",
        f"{error_of(out, wanted):.0e}",
    )


def _sdpa(q: Tensor, k: Tensor, v: Tensor, scale: float, backend: SDPBackend) -> Tensor:
    with sdpa_kernel(backend):
        return scaled_dot_product_attention(q, k, v, scale=scale)
