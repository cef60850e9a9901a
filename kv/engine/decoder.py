"""Answers written in steps of equal shape: on a GPU a step is captured once and replayed.

A model's own launches take longer than a short step computes; a CUDA graph has none. Equal to `generation.step`, which
any policy can be asked with.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from catena.errors import OptionError
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine.decoder_buffers import Buffers
from catena.kv.engine.paged_attention import attend_causal, attend_pages, merge
from catena.kv.engine.transformers_hooks import PassThroughCache, Sessions

_WARM_UPS = 3
"""Runs before the capture: kernels are compiled, and libraries take their memory."""


class Decoder:
    """Gives rows their tokens: `begin` a document, `extend` it by the question, then `step` all rows together."""

    def __init__(self, model: Any, buffers: Buffers, *, uses_graph: bool = True) -> None:
        self._model = model
        self._buffers = buffers
        self._uses_graph = uses_graph and buffers.num_tail.device.type == "cuda"
        self._graphs: dict[bool, tuple[torch.cuda.CUDAGraph, Tensor]] = {}
        self._token_ids = torch.zeros(
            len(buffers.documents), 1, dtype=torch.int64, device=buffers.num_tail.device
        )
        self._num_taken = [0] * len(buffers.documents)
        self._num_passes = [0] * len(buffers.documents)
        self._num_pages = [0] * len(buffers.documents)

    @property
    def free_row(self) -> int | None:
        """A row that asks nothing."""
        return next((n for n, document in enumerate(self._buffers.documents) if document is None), None)

    @property
    def is_idle(self) -> bool:
        return not any(self._buffers.documents)

    def num_pages(self, n: int) -> int:
        """KV pages that row n selected so far, each layer and head for itself."""
        return self._num_pages[n]

    def close(self) -> None:
        """Give the memory of the rows back."""
        self._graphs.clear()
        self._buffers.close()

    def begin(self, n: int, document: DocumentKV) -> None:
        """Let row n ask a document; what was there is over. Raises OptionError when it does not fit."""
        self.end(n)
        self._buffers.put(n, document)
        self._num_pages[n] = self._buffers.pages_seen(n, is_choosing=False)

    def end(self, n: int) -> None:
        """Let row n be; its document may make room for others."""
        self._buffers.clear(n)
        self._num_taken[n] = self._num_passes[n] = 0

    def extend(self, n: int, token_ids: Tensor) -> Tensor:
        """Give row n T more tokens at once; logits (V) after the last."""
        self._check_room(n, len(token_ids))
        start = int(self._buffers.pages.num_tokens[n]) + self._num_taken[n]
        positions = start + torch.arange(len(token_ids), device=self._token_ids.device)
        question = _Question(self._buffers, n, self._num_taken[n], positions, is_due=self._is_due(n))
        with torch.inference_mode():
            logits = self._forward(token_ids.to(positions.device)[None], positions[None], question)[0]
        self._buffers.num_tail[n] += len(token_ids)
        self._count(n, len(token_ids))
        return logits

    def step(self, token_ids: Tensor) -> Tensor:
        """Give each row its next token, token ids (B); logits (B, V). Rows that ask nothing get any."""
        active = [n for n, document in enumerate(self._buffers.documents) if document]
        for n in active:
            self._check_room(n, 1)
        is_due = [n in active and self._is_due(n) for n in range(len(self._num_taken))]
        self._token_ids.copy_(token_ids[:, None])
        self._buffers.pages.is_due.copy_(torch.tensor(is_due, dtype=torch.int32))
        with torch.inference_mode():
            logits = self._replay(any(is_due)) if self._uses_graph else self.run(is_choosing=any(is_due))
        self._buffers.num_tail += self._buffers.is_active
        for n in active:
            self._count(n, 1)
        return logits

    def run(self, *, is_choosing: bool) -> Tensor:
        """One pass over what is in the buffers: logits (B, V). Again does the same; reads nothing back."""
        buffers = self._buffers
        step = _Step(buffers, buffers.grow_tails(), is_choosing=is_choosing)
        positions = (buffers.pages.num_tokens + buffers.num_tail).long()
        return self._forward(self._token_ids, positions[:, None], step)

    def _forward(self, token_ids: Tensor, positions: Tensor, sessions: Sessions) -> Tensor:
        out = self._model(
            token_ids,
            position_ids=positions,
            past_key_values=PassThroughCache(self._buffers.memory.spec.num_layers),
            use_cache=True,
            logits_to_keep=1,
            sessions=sessions,
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

    def _count(self, n: int, num_tokens: int) -> None:
        """Note a pass of row n."""
        if self._is_due(n):
            self._num_pages[n] += self._buffers.pages_seen(n, is_choosing=True)
        self._num_taken[n] += num_tokens
        self._num_passes[n] += 1

    def _is_due(self, n: int) -> bool:
        """Tell whether row n chooses anew: for its question, and then as often as its policy says."""
        refresh, passes = self._buffers.policy.refresh, self._num_passes[n]
        return passes % refresh == 0 if refresh else passes == 0

    def _check_room(self, n: int, count: int) -> None:
        if self._num_taken[n] + count > self._buffers.max_tail:
            raise OptionError(
                f"Question and answer are longer than {self._buffers.max_tail:,} tokens.",
                "Make the buffers with a larger max_tail.",
            )


class _Step:
    """One token for every row."""

    def __init__(self, buffers: Buffers, at: tuple[Tensor, Tensor], *, is_choosing: bool) -> None:
        self._buffers = buffers
        self._at = at
        self._is_choosing = is_choosing

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """q (B, Hq, 1, D), k and v (B, Hkv, 1, D)."""
        records = self._buffers.memory.records[layer]
        slots, offsets = self._at
        records[slots, :, :, offsets] = torch.stack((k[:, :, 0], v[:, :, 0]), 1)
        if self._is_choosing and self._buffers.is_choosing(layer):
            self._buffers.choose(layer, q[:, :, 0])
        return attend_pages(q, records, *self._buffers.table(layer), scale)[0]


class _Question:
    """Several tokens for row n, behind `num_before` others."""

    def __init__(self, buffers: Buffers, n: int, num_before: int, positions: Tensor, *, is_due: bool) -> None:
        self._buffers = buffers
        self._n = n
        self._at = buffers.tail_of(n, num_before + len(positions))
        self._places = positions
        self._is_due = is_due

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """q (1, Hq, T, D), k and v (1, Hkv, T, D)."""
        records, (slots, offsets) = self._buffers.memory.records[layer], self._at
        new = slice(len(slots) - len(self._places), None)
        records[slots[new], :, :, offsets[new]] = torch.stack((k[0], v[0])).permute(2, 0, 1, 3)
        if self._is_due and self._buffers.is_choosing(layer):
            self._buffers.choose_for(self._n, layer, q[0], self._places)
        own = records[slots, :, :, offsets].permute(1, 2, 0, 3)  # (2, Hkv, N, D)
        table, lengths = (x[self._n, None] for x in self._buffers.document_table(layer))
        out, lse = attend_pages(q, records, table, lengths, scale)
        return merge([attend_causal(q[0], own[0], own[1], scale), (out[0], lse[0])])[None]
