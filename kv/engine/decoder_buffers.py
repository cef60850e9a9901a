"""Buffers of a decoder's rows, in tensors that never move: documents in slots, a tail behind each, tables of both."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor

from catena.errors import OptionError
from catena.kv.cache.device_pages import DevicePages
from catena.kv.cache.digests import DIGESTS, Digest, score_pages
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine.page_tables import RowPages, choose_rows, write_row
from catena.kv.policies.page_selection import choose, needed, reduce_heads, window_scores
from catena.kv.policies.policy import Policy
from catena.kv.policies.trained_retriever import PageRetriever

Table = tuple[Tensor, Tensor]
"""KV pages and how many tokens of each: (B, H, k), or those of several layers (L, B, H, k)."""


def has_equal_shapes(policy: Policy) -> bool:
    """Tell whether all steps of a policy are alike: KV pages where they were read, scored by what stands for them."""
    scored = ("all", "window", "trained", *DIGESTS)
    return policy.score in scored and policy.positions == "absolute" and policy.space != "distant"


class Buffers:
    """Rows of one policy over documents of up to `max_pages` KV pages; `max_tail` tokens fit behind each."""

    def __init__(
        self,
        memory: DevicePages,
        policy: Policy,
        *,
        num_rows: int,
        max_pages: int,
        max_tail: int,
        retriever: PageRetriever | None = None,
    ) -> None:
        """Raises OptionError for a policy whose steps differ, and when memory has no room for the tails."""
        if not has_equal_shapes(policy):
            raise OptionError(f"The KV-page policy {policy.name} has no steps of equal shape.", "Take quest.")
        spec, size = memory.spec, memory.page_size
        self.memory = memory
        self.policy = policy
        self.max_tail = max_tail
        self.documents: list[DocumentKV | None] = [None] * num_rows
        device = memory.records[0].device
        self._retriever = needed(retriever, policy) if policy.score == "trained" else None
        self._queries = deepcopy(self._retriever.queries).to(device) if self._retriever else None
        tail_pages = -(-max_tail // size)
        self._tails = memory.allocate(num_rows * tail_pages).view(num_rows, tail_pages).to(device)
        self._tail_starts = torch.arange(tail_pages, device=device) * size
        self.pages = RowPages.empty(num_rows, max_pages, device)
        self.num_tail = torch.zeros_like(self.pages.num_tokens)
        self.is_active = torch.zeros_like(self.pages.num_tokens)
        self._num_dense = (
            spec.num_layers if policy.score == "all" else min(policy.dense_layers, spec.num_layers)
        )
        heads = {"query_head": spec.num_heads, "kv_head": spec.num_kv_heads, "layer": 1}[policy.granularity]
        self._whole = self._make_table(1, 1, max_pages)
        self._chosen = self._make_table(spec.num_layers - self._num_dense, heads, policy.num_pages(max_pages))

    def put(self, n: int, document: DocumentKV) -> None:
        """Bring a document in for row n, which is empty. Raises OptionError when it does not fit."""
        count, pages = document.num_pages(0), self.pages
        if count > pages.slots.shape[1]:
            raise OptionError(
                f"A document of {count:,} KV pages is more than there is room for, {pages.slots.shape[1]:,}.",
                "Make the decoder with a larger max_pages.",
            )
        pages.slots[n, :count] = self.memory.acquire(document).to(pages.slots.device)
        self.documents[n] = document
        pages.num_pages[n], pages.num_tokens[n] = count, document.num_tokens
        pages.num_chosen[n] = self.policy.num_pages(count)
        self.is_active[n] = 1
        table, lengths = (x[0, n] for x in self._of_documents(self._whole))
        write_row(torch.arange(count)[None], pages, n, document.page_size, table, lengths)
        if self.policy.score != "window":
            for layer in range(self._num_dense, document.spec.num_layers):
                self.memory.add_digest(document, layer, self._make(layer), is_rotated=self._is_rotated)

    def clear(self, n: int) -> None:
        """Empty row n; what it computes from now on is of no use to anybody."""
        document, self.documents[n] = self.documents[n], None
        if document is None:
            return
        self.memory.release(document)
        for counter in (self.pages.num_pages, self.pages.num_tokens, self.num_tail, self.is_active):
            counter[n] = 0
        for _, lengths in (self._whole, self._chosen):
            lengths[:, n] = 0

    def close(self) -> None:
        """Give the memory of the tails back; of no use from then on."""
        for n in range(len(self.documents)):
            self.clear(n)
        self.memory.free(self._tails.flatten())

    def pages_seen(self, n: int, *, is_choosing: bool) -> int:
        """KV pages of its document that row n sees, each layer and head for itself: in all layers, or where chosen."""
        count, (num_layers, _, heads, _) = int(self.pages.num_pages[n]), self._chosen[0].shape
        if is_choosing:
            return num_layers * heads * int(self.pages.num_chosen[n])
        return self._num_dense * self.memory.spec.num_kv_heads * count

    def grow_tails(self) -> tuple[Tensor, Tensor]:
        """Let each row see one token more behind its document; slots and offsets (B) where that is to be kept."""
        size, behind = self.memory.page_size, self.num_tail[:, None]
        ends = (behind + 1 - self._tail_starts).clamp(0, size).to(torch.int32)
        for _, lengths in (self._whole, self._chosen):
            lengths[..., -len(self._tail_starts) :] = ends[:, None]
        return self._tails.gather(1, (behind // size).long())[:, 0], self.num_tail % size

    def tail_of(self, n: int, length: int) -> tuple[Tensor, Tensor]:
        """Slots and offsets (N) of row n's first tokens behind its document."""
        positions = torch.arange(length, device=self._tails.device)
        return self._tails[n][positions // self.memory.page_size], positions % self.memory.page_size

    def is_choosing(self, layer: int) -> bool:
        return layer >= self._num_dense

    def table(self, layer: int) -> Table:
        """Return the slots that all rows see in a layer (B, H, k), tails included, and their numbers."""
        table, lengths = self._chosen if self.is_choosing(layer) else self._whole
        index = layer - self._num_dense if self.is_choosing(layer) else 0
        return table[index], lengths[index]

    def document_table(self, layer: int) -> Table:
        """The same without the tails."""
        return self._of_documents(self.table(layer))

    def choose(self, layer: int, q: Tensor) -> None:
        """Choose for all rows that are due, for their next tokens q (B, Hq, D). Reads nothing back."""
        positions = self.pages.num_tokens + self.num_tail
        grouped = self._grouped(layer, q[:, :, None], positions[:, None, None])[:, :, :, 0]
        table, lengths = self.document_table(layer)
        choose_rows(
            grouped, self._digests(layer), self.pages, self.policy, self.memory.page_size, table, lengths
        )

    def choose_for(self, n: int, layer: int, q: Tensor, positions: Tensor) -> None:
        """Choose for row n and queries q (Hq, T, D) at `positions` (T)."""
        slots = self.pages.slots[n, : int(self.pages.num_pages[n])]
        table, lengths = (x[n] for x in self.document_table(layer))
        digests = self._digests(layer)
        scores = window_scores(len(slots), q.device).repeat(len(table), 1)
        if digests is not None:
            grouped = self._grouped(layer, q[None], positions)[0]
            scores = score_pages(grouped.flatten(1, 2), digests[:, :, slots])
            scores = reduce_heads(scores.view(*grouped.shape[:3], -1), self.policy)
        write_row(choose(scores, self.policy), self.pages, n, self.memory.page_size, table, lengths)

    def _grouped(self, layer: int, q: Tensor, positions: Tensor) -> Tensor:
        """Queries (B, Hq, T, D) as KV pages are scored by them: (B, Hkv, G, T, D), or (B, Hkv, 1, T, D) if trained."""
        spec = self.memory.spec
        if not self._is_rotated:
            q = spec.rope.rotate(q, -positions)
        grouped = q.view(len(q), spec.num_kv_heads, spec.group, *q.shape[2:])
        return self._queries[layer](grouped.float().mean(2, keepdim=True)) if self._queries else grouped

    @property
    def _is_rotated(self) -> bool:
        return self.policy.space == "rotated"

    def _make(self, layer: int) -> Digest:
        return self._retriever.of_layer(layer) if self._retriever else DIGESTS[self.policy.score]

    def _digests(self, layer: int) -> Tensor | None:
        if self.policy.score == "window":
            return None
        return self.memory.digests(layer, self._make(layer), is_rotated=self._is_rotated)

    def _make_table(self, num_layers: int, heads: int, width: int) -> Table:
        tails = self._tails[None, :, None].expand(num_layers, -1, heads, -1)
        table = torch.cat((tails.new_zeros(*tails.shape[:3], width), tails), -1)
        return table, torch.zeros_like(table)

    def _of_documents(self, table: Table) -> Table:
        count = len(self._tail_starts)
        return table[0][..., :-count], table[1][..., :-count]
