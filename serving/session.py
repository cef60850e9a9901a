"""One question over one document: which KV pages each layer sees, where they stand, and attention over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from catena.retrieval.kv.choosing import choose, reduce_heads
from catena.retrieval.kv.digests import judge
from catena.retrieval.kv.policy import Policy
from catena.serving.attention import Part, attend, attend_causal, merge
from catena.serving.document import DocumentKV

PageScorer = Callable[[int, Tensor, DocumentKV], Tensor]
"""A trained retriever: layer, un-rotated queries (Hkv, G*T, D), document -> scores (Hkv, G*T, P)."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What heads see of a layer: KV pages (H, k) or single tokens (H, n); H is 1, Hkv or Hq.

    `valid` (H, n) is False for padding, where heads see different numbers of tokens.
    """

    pages: Tensor | None = None
    tokens: Tensor | None = None
    valid: Tensor | None = None


@dataclass(slots=True, eq=False)
class Session:
    """Answers layer by layer what a question sees of its document.

    `start` is the position that the model gives the first token behind the document; keys are turned to fit it.
    """

    document: DocumentKV
    policy: Policy
    scorer: PageScorer | None = None
    seed: int = 0
    on_queries: Callable[[int, Tensor], None] | None = None
    """Told the queries (Hq, T, D) of each layer while a document is read."""
    num_steps: int = 0
    selections: dict[int, Selection] = field(default_factory=dict)
    _whole: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    @property
    def start(self) -> int:
        """Consecutive KV pages take no more room than they have tokens; else the document's length."""
        total = self.document.num_tokens
        if self.policy.positions != "consecutive" or self.policy.score == "all":
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
        """Count one step of the answer; when it is time, the next step selects anew."""
        self.num_steps += 1
        if self.policy.refresh and self.num_steps % self.policy.refresh == 0:
            self.selections.clear()

    def _attend_document(self, layer: int, q: Tensor, places: Tensor, scale: float) -> list[Part]:
        if self.policy.score == "all" or layer < self.policy.dense_layers:
            if layer not in self._whole:
                self._whole[layer] = self.document.whole(layer)
            return [attend(q, *self._whole[layer], scale)]
        if layer not in self.selections:
            self.selections[layer] = self._select(layer, q, places)
        return self._attend_selected(layer, q, places, scale)

    def _select(self, layer: int, q: Tensor, places: Tensor) -> Selection:
        return Selection(pages=choose(self._scores(layer, q, places), self.policy))

    def _scores(self, layer: int, q: Tensor, places: Tensor) -> Tensor:
        """How much each KV page matters to each head that chooses: (H, P)."""
        spec, policy, count = self.document.spec, self.policy, self.document.num_pages(layer)
        if policy.score == "window":
            return torch.zeros(1, count)
        if policy.score == "random":
            generator = torch.Generator().manual_seed(hash((self.seed, self.num_steps, layer)))
            return torch.rand(spec.num_kv_heads, count, generator=generator)
        is_rotated = policy.space == "rotated"
        asked = q if is_rotated else spec.rope.turn(q, -places)
        asked = asked.reshape(spec.num_kv_heads, -1, spec.head_dim)
        if policy.score == "exact":
            scores = exact_scores(asked, *self.document.paged_keys(layer, is_rotated=is_rotated))
        elif policy.score == "trained":
            assert self.scorer, "a session with a trained policy is made with its retriever"
            scores = self.scorer(layer, asked, self.document)
        else:
            scores = judge(asked, self.document.digest(layer, policy.score, is_rotated=is_rotated))
        return reduce_heads(scores.view(spec.num_kv_heads, spec.group, -1, count), policy)

    def _attend_selected(self, layer: int, q: Tensor, places: Tensor, scale: float) -> list[Part]:
        pages = self.selections[layer].pages
        assert pages is not None, "KV pages were selected"
        heads = self._heads(len(pages))
        k, v, stood = self.document.gather_pages(layer, pages.expand(len(heads), -1), heads)
        is_token = stood < self.document.filled[layer]
        if self.policy.positions == "absolute":
            return [attend(q, k, v, scale, is_token[:, None])]
        rope = self.document.spec.rope
        if self.policy.positions == "consecutive":
            slots = self.start - is_token.sum(-1, keepdim=True) + is_token.cumsum(-1) - 1
            return [attend(q, rope.turn(k, slots - stood), v, scale, is_token[:, None])]
        is_near = self._is_near(stood, places)
        far_q = rope.turn(q, self._reach - places)
        far_k = rope.turn(k, -stood)
        return [
            attend(q, k, v, scale, is_token[:, None] & is_near),
            attend(far_q, far_k, v, scale, is_token[:, None] & ~is_near),
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


def exact_scores(q: Tensor, keys: Tensor, valid: Tensor) -> Tensor:
    """The best true logit in each KV page: q (Hkv, N, D), keys (Hkv, P, S, D) -> (Hkv, N, P)."""
    logits = torch.einsum("hnd,hpsd->hnps", q.float(), keys)
    return logits.masked_fill(~valid, -torch.inf).amax(-1)
