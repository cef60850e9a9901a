"""One question over one document: what each layer sees of it, where that stands, and attention over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from catena.retrieval.kv.policy import Policy
from catena.serving.attention import Part, attend, attend_causal, merge
from catena.serving.document import DocumentKV
from catena.serving.selecting import Aids, Selection, select


@dataclass(slots=True, eq=False)
class Session:
    """`seed` serves the random policy. `on_queries` is told the queries (Hq, T, D) of each layer."""

    document: DocumentKV
    policy: Policy
    aids: Aids = field(default_factory=Aids)
    seed: int = 0
    on_queries: Callable[[int, Tensor], None] | None = None
    num_steps: int = 0
    selections: dict[int, Selection] = field(default_factory=dict)
    _whole: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    @property
    def start(self) -> int:
        """The position of the first token behind the document.

        KV pages laid end to end take no more room than they have tokens; else it is the document's length.
        """
        total = self.document.num_tokens
        if self.policy.positions != "consecutive":
            return total
        count = self.policy.num_pages(-(-total // self.document.page_size))
        return min(total, count * self.document.page_size)

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, scale: float) -> Tensor:
        """Attention of q (Hq, T, D) over the selected part of the document and the tail k, v (Hkv, N, D).

        The last T of the tail's N tokens are the queries' own. Returns (Hq, T, D).
        """
        if self.on_queries:
            self.on_queries(layer, q)
        parts = [attend_causal(q, k, v, scale)]
        if self.document.filled[layer]:
            places = self.start + k.shape[1] - q.shape[1] + torch.arange(q.shape[1])
            parts += self._attend_document(layer, q, places, scale)
        return merge(parts)

    def advance(self) -> None:
        """Count one pass of the model; when it is time, the next one selects anew."""
        self.num_steps += 1
        if self.policy.refresh and self.num_steps % self.policy.refresh == 0:
            self.selections.clear()

    def _attend_document(self, layer: int, q: Tensor, places: Tensor, scale: float) -> list[Part]:
        if self.policy.score == "all" or layer < self.policy.dense_layers:
            return [self._attend_whole(layer, q, places, scale)]
        if layer not in self.selections:
            seed = hash((self.seed, self.num_steps, layer))
            behind, at = self._behind(q, places)
            self.selections[layer] = select(self.document, self.policy, self.aids, layer, behind, at, seed)
        if self.selections[layer].tokens is not None:
            return [self._attend_tokens(layer, q, scale)]
        return self._attend_pages(layer, q, places, scale)

    def _behind(self, q: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """The queries as if they stood right behind the document, where its keys expect them."""
        moved = self.document.num_tokens - self.start
        return (
            (self.document.spec.rope.turn(q, torch.full_like(places, moved)), places + moved)
            if moved
            else (q, places)
        )

    def _attend_whole(self, layer: int, q: Tensor, places: Tensor, scale: float) -> Part:
        if layer not in self._whole:
            self._whole[layer] = self.document.whole(layer)
        return attend(self._behind(q, places)[0], *self._whole[layer], scale)

    def _attend_tokens(self, layer: int, q: Tensor, scale: float) -> Part:
        chosen = self.selections[layer]
        assert chosen.tokens is not None and chosen.is_seen is not None, "single tokens were selected"
        k, v = self.document.gather_tokens(layer, chosen.tokens, self._heads(len(chosen.tokens)))
        return attend(q, k, v, scale, chosen.is_seen[:, None])

    def _attend_pages(self, layer: int, q: Tensor, places: Tensor, scale: float) -> list[Part]:
        pages = self.selections[layer].pages
        assert pages is not None, "KV pages were selected"
        heads = self._heads(len(pages))
        k, v, stood = self.document.gather_pages(layer, pages.expand(len(heads), -1), heads)
        is_token = (stood < self.document.filled[layer])[:, None]
        rope = self.document.spec.rope
        if self.policy.positions == "absolute":
            return [attend(q, k, v, scale, is_token)]
        if self.policy.positions == "consecutive":
            slots = self.start - is_token.sum(-1) + is_token[:, 0].cumsum(-1) - 1
            return [attend(q, rope.turn(k, slots - stood), v, scale, is_token)]
        is_near = self._is_near(stood, places)
        far_q, far_k = rope.turn(q, self._reach - places), rope.turn(k, -stood)
        return [
            attend(q, k, v, scale, is_token & is_near),
            attend(far_q, far_k, v, scale, is_token & ~is_near),
        ]

    @property
    def _reach(self) -> int:
        return self.policy.reach or self.document.spec.trained_length

    def _is_near(self, stood: Tensor, places: Tensor) -> Tensor:
        """Which keys (H, n) keep their distance to the queries at `places` (T): (H, T, n)."""
        if self.policy.positions == "clipped":
            return places[:, None] - stood[:, None] < self._reach
        size = self.document.page_size
        first_local = (-(-self.document.num_tokens // size) - self.policy.local_pages) * size
        return (stood >= first_local)[:, None].expand(-1, len(places), -1)

    def _heads(self, rows: int) -> Tensor:
        """The key head of each row of a selection: all for one common row, else one each or one per group."""
        spec = self.document.spec
        heads = torch.arange(spec.num_kv_heads)
        return heads.repeat_interleave(spec.group) if rows == spec.num_heads else heads
