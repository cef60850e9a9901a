"""Answers written in buffers that never move: every step has the same shapes, so on a GPU it is captured and replayed.

A model's own launches take longer than a short step computes; a CUDA graph has none. Each row has a fixed number of
table entries for its document, and KV pages of its own behind it for question and answer, in the same table: one kernel
attends both. Equal to `answering.step`, which any policy can be asked with.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from catena.errors import OptionError
from catena.retrieval.kv.digests import DIGESTS, Digest
from catena.retrieval.kv.policy import Policy
from catena.retrieval.kv.trained import PageRetriever
from catena.serving.answering import Row
from catena.serving.hooks import Passing
from catena.serving.paged import attend_pages
from catena.serving.resident import Resident
from catena.serving.selecting import needed
from catena.serving.tables import RowPages, choose_rows, write_row

_Table = tuple[Tensor, Tensor]
_WARM_UPS = 3
"""Runs before the capture: kernels are compiled, and libraries take their memory."""


def can_decode(policy: Policy) -> bool:
    """Whether a policy's steps have the same shapes: KV pages where they were read, judged by what stands for them."""
    judged = ("all", "window", "trained", *DIGESTS)
    return policy.score in judged and policy.positions == "absolute" and policy.space != "distant"


class Decoder:
    """`num_rows` rows of one policy, over documents of up to `max_pages` KV pages, `max_tail` tokens behind each."""

    def __init__(
        self,
        model: Any,
        memory: Resident,
        policy: Policy,
        *,
        num_rows: int,
        max_pages: int,
        max_tail: int,
        retriever: PageRetriever | None = None,
        uses_graph: bool = True,
    ) -> None:
        """Raises OptionError for a policy that it cannot decode, and when memory has no room for the tails."""
        if not can_decode(policy):
            raise OptionError(f"The KV-page policy {policy.name} has no steps of equal shape.", "Take quest.")
        if policy.score == "trained":
            needed(retriever, policy)
        spec, size = memory.spec, memory.page_size
        self._model = model
        self._memory = memory
        self._policy = policy
        self._retriever = retriever if policy.score == "trained" else None
        device = memory.records[0].device
        self._queries = deepcopy(self._retriever.queries).to(device) if self._retriever else None
        self._uses_graph = uses_graph and device.type == "cuda"
        self._graphs: dict[bool, tuple[torch.cuda.CUDAGraph, Tensor]] = {}
        self._rows: list[Row | None] = [None] * num_rows
        self._max_tail = max_tail
        tail_pages = -(-max_tail // size)
        self._tails = memory.take(num_rows * tail_pages).view(num_rows, tail_pages).to(device)
        self._tail_starts = torch.arange(tail_pages, device=device) * size
        self._pages = RowPages.empty(num_rows, max_pages, device)
        self._num_tail = self._pages.num_tokens.new_zeros(num_rows)
        self._is_active = self._pages.num_tokens.new_zeros(num_rows)
        self._token_ids = torch.zeros(num_rows, 1, dtype=torch.int64, device=device)
        self._is_choosing = True
        self._at = (self._num_tail, self._num_tail)
        self._num_dense = (
            spec.num_layers if policy.score == "all" else min(policy.dense_layers, spec.num_layers)
        )
        heads = {"query_head": spec.num_heads, "kv_head": spec.num_kv_heads, "layer": 1}[policy.granularity]
        self._whole = self._make_table(1, 1, max_pages)
        self._chosen = self._make_table(spec.num_layers - self._num_dense, heads, policy.num_pages(max_pages))

    def place(self, n: int, row: Row) -> None:
        """Let row n go on where a question stands that was asked already. Raises OptionError when it does not fit."""
        document, pages = row.session.document, self._pages
        count, num_tail = document.num_pages(0), row.tail.of(0)[0].shape[1]
        assert row.position == document.num_tokens + num_tail, "a row's tail holds all that it was given"
        if count > pages.slots.shape[1] or num_tail > self._max_tail:
            raise OptionError(
                f"A document of {count:,} KV pages and {num_tail:,} tokens behind it are more than there is room for.",
                "Make the decoder with larger max_pages and max_tail.",
            )
        self.clear(n)
        slots = self._memory.hold(document)
        self._rows[n] = row
        pages.slots[n, :count] = slots.to(pages.slots.device)
        pages.num_pages[n], pages.num_tokens[n] = count, document.num_tokens
        pages.num_chosen[n] = self._policy.num_pages(count)
        self._num_tail[n], self._is_active[n] = num_tail, 1
        write_row(
            torch.arange(count)[None],
            pages,
            n,
            document.page_size,
            *(x[0, n] for x in self._document(self._whole)),
        )
        for layer in range(document.spec.num_layers):
            self._place_layer(n, row, layer)

    def clear(self, n: int) -> None:
        """End row n; what it computes from now on is of no use to anybody."""
        row, self._rows[n] = self._rows[n], None
        if row is None:
            return
        self._memory.give_back(row.session.document)
        for counter in (self._pages.num_pages, self._pages.num_tokens, self._num_tail, self._is_active):
            counter[n] = 0
        for _, lengths in (self._whole, self._chosen):
            lengths[:, n] = 0

    def step(self, token_ids: Tensor) -> Tensor:
        """Give each row its next token, token ids (B); logits (B, V), which the rows get too."""
        active = [(n, row) for n, row in enumerate(self._rows) if row]
        for _, row in active:
            if row.position - row.session.document.num_tokens >= self._max_tail:
                raise OptionError(f"An answer is longer than {self._max_tail:,} tokens, question included.")
        is_due = [int(row is not None and self._is_due(row)) for row in self._rows]
        self._token_ids.copy_(token_ids[:, None])
        self._pages.is_due.copy_(torch.tensor(is_due, dtype=torch.int32))
        with torch.inference_mode():
            logits = self.run(is_choosing=any(is_due)) if not self._uses_graph else self._replay(any(is_due))
        self._num_tail += self._is_active
        for n, row in active:
            row.logits = logits[n]
            row.position += 1
            row.session.advance()
        return logits

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """Attention of all rows' tokens q (B, Hq, 1, D); their keys and values (B, Hkv, 1, D) are kept."""
        records = self._memory.records[layer]
        slots, offsets = self._at
        records[slots, :, :, offsets] = torch.stack((k[:, :, 0], v[:, :, 0]), 1)
        if layer < self._num_dense:
            table, lengths = (x[0] for x in self._whole)
        else:
            table, lengths = (x[layer - self._num_dense] for x in self._chosen)
            if self._is_choosing:
                self._choose(layer, q[:, :, 0])
        return attend_pages(q, records, table, lengths, scale)[0]

    def _choose(self, layer: int, q: Tensor) -> None:
        """Choose for all rows that are due, for queries q (B, Hq, D)."""
        spec, policy = self._memory.spec, self._policy
        if policy.space == "unrotated":
            q = spec.rope.turn(q, -(self._pages.num_tokens + self._num_tail)[:, None])
        asked = q.view(len(q), spec.num_kv_heads, spec.group, -1)
        if self._queries:
            asked = self._queries[layer](asked.float().mean(2, keepdim=True))
        digests = None
        if policy.score != "window":
            digests = self._memory.digests(layer, self._make(layer), is_rotated=policy.space == "rotated")
        table, lengths = (x[layer - self._num_dense] for x in self._document(self._chosen))
        choose_rows(asked, digests, self._pages, policy, self._memory.page_size, table, lengths)

    def _place_layer(self, n: int, row: Row, layer: int) -> None:
        """Copy a row's tail, what stands for its document, and what its question chose."""
        size, (keys, values) = self._memory.page_size, row.tail.of(layer)
        places = torch.arange(keys.shape[1], device=self._tails.device)
        slots = self._tails[n][places // size]
        x = torch.stack((keys, values)).permute(2, 0, 1, 3)  # (N, 2, Hkv, D)
        self._memory.records[layer][slots, :, :, places % size] = x
        if layer < self._num_dense:
            return
        if self._policy.score != "window":
            self._memory.judge(
                row.session.document, layer, self._make(layer), is_rotated=self._policy.space == "rotated"
            )
        chosen = row.session.selections.get(layer)
        if chosen and chosen.pages is not None:
            table, lengths = (x[layer - self._num_dense, n] for x in self._document(self._chosen))
            write_row(chosen.pages, self._pages, n, size, table, lengths)

    def _make(self, layer: int) -> Digest:
        return self._retriever.of_layer(layer) if self._retriever else DIGESTS[self._policy.score]

    def _is_due(self, row: Row) -> bool:
        """Whether a row chooses anew, as `Session.advance` says."""
        refresh = self._policy.refresh
        return bool(refresh) and row.session.num_steps % refresh == 0

    def run(self, *, is_choosing: bool) -> Tensor:
        """One pass of the model over what is in the buffers; again does the same. Reads nothing back."""
        self._is_choosing = is_choosing
        size, behind = self._memory.page_size, self._num_tail[:, None]
        ends = (behind + 1 - self._tail_starts).clamp(0, size).to(torch.int32)
        for _, lengths in (self._whole, self._chosen):
            lengths[..., -len(self._tail_starts) :] = ends[:, None]
        self._at = self._tails.gather(1, (behind // size).long())[:, 0], self._num_tail % size
        out = self._model(
            self._token_ids,
            position_ids=(self._pages.num_tokens[:, None] + behind).long(),
            past_key_values=Passing(self._memory.spec.num_layers),
            use_cache=True,
            logits_to_keep=1,
            sessions=self,
        )
        logits: Tensor = out.logits[:, -1]
        return logits

    def _replay(self, is_choosing: bool) -> Tensor:
        if is_choosing not in self._graphs:
            self._graphs[is_choosing] = self._capture(is_choosing)
        graph, logits = self._graphs[is_choosing]
        graph.replay()
        return logits.clone()

    def _capture(self, is_choosing: bool) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        for _ in range(_WARM_UPS):
            self.run(is_choosing=is_choosing)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            logits = self.run(is_choosing=is_choosing)
        return graph, logits

    def _make_table(self, num_layers: int, heads: int, width: int) -> _Table:
        """Tables and lengths (L, B, H, k), each row's own tail behind its document."""
        tails = self._tails[None, :, None].expand(num_layers, -1, heads, -1)
        table = torch.cat((tails.new_zeros(*tails.shape[:3], width), tails), -1)
        return table, torch.zeros_like(table)

    def _document(self, table: _Table) -> _Table:
        """The part that is about the documents."""
        count = len(self._tail_starts)
        return table[0][..., :-count], table[1][..., :-count]
