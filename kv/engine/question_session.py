"""One question over one document: what each layer sees of it, where that stands, and attention over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from catena.kv.cache.kv_document import DocumentKV, LayerKV
from catena.kv.cache.page_pool import LoadCounts
from catena.kv.engine.paged_attention import attend, attend_causal, merge
from catena.kv.policies.page_selection import PolicyInputs, Selection, needed, select
from catena.kv.policies.policy import Policy


@dataclass(frozen=True, slots=True)
class _Seen:
    """Queries (Hq, T, D), keys, values (H, n, D), mask (H or 1, T or 1, n), key positions in the document (H, n)."""

    q: Tensor
    k: Tensor
    v: Tensor
    mask: Tensor | None
    key_positions: Tensor


@dataclass(slots=True, eq=False)
class Session:
    """`seed` serves the random policy. `on_attention` is told the queries (Hq, T, D) of each layer, and the
    log-sum-exp (Hq, T) of all that they saw.
    """

    document: DocumentKV
    policy: Policy
    aids: PolicyInputs = field(default_factory=PolicyInputs)
    seed: int = 0
    on_attention: Callable[[int, Tensor, Tensor], None] | None = None
    num_steps: int = 0
    num_pages: int = 0
    """KV pages selected so far, each layer and head for itself."""
    num_keys: int = 0
    """Keys selected so far, padding included."""
    loads: LoadCounts = field(default_factory=LoadCounts)
    """KV pages that were loaded from disk for it."""
    mass: Tensor | None = None
    """Attention spent on each KV page (P) over all layers and heads, if a tensor of zeros is put here."""
    selections: dict[int, Selection] = field(default_factory=dict)
    _previous: dict[int, Tensor] = field(default_factory=dict)
    """The KV pages that layers chose last."""
    _whole: dict[int, LayerKV] = field(default_factory=dict)

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
        parts = [attend_causal(q, k, v, scale)]
        seen: list[_Seen] = []
        if self.document.filled[layer]:
            positions = self.start + k.shape[1] - q.shape[1] + torch.arange(q.shape[1], device=q.device)
            seen = self._see(layer, q, positions)
            parts += [attend(one.q, one.k, one.v, scale, one.mask) for one in seen]
        if self.on_attention or self.mass is not None:
            lse = torch.stack([lse for _, lse in parts]).logsumexp(0)
            if self.on_attention:
                self.on_attention(layer, q, lse)
            for one in seen if self.mass is not None else ():
                self._count(one, lse, scale)
        return merge(parts)

    def advance(self) -> None:
        """Count one pass of the model; when it is time, the next one selects anew."""
        self.num_steps += 1
        if self.policy.refresh and self.num_steps % self.policy.refresh == 0:
            self.selections.clear()

    def _see(self, layer: int, q: Tensor, positions: Tensor) -> list[_Seen]:
        if self.policy.score == "all" or layer < self.policy.dense_layers:
            return [self._see_all(layer, q, positions)]
        if layer not in self.selections:
            seed = hash((self.seed, self.num_steps, layer))
            chosen = select(self.document, self.policy, self.aids, layer, *self._behind(q, positions), seed)
            self.selections[layer] = chosen
            self._note(layer, chosen)
        chosen = self.selections[layer]
        if chosen.pages is not None:
            return self._see_pages(layer, q, positions, chosen.pages)
        assert chosen.tokens is not None and chosen.is_seen is not None, (
            "KV pages or single tokens are selected"
        )
        if self.policy.score == "merged":
            merged = needed(self.aids.merged, self.policy)[layer]
            k, v = merged.keys.to(q.device), merged.values.to(q.device)
        else:
            heads = self._heads(len(chosen.tokens), q.device)
            k, v = self.document.gather_tokens(layer, chosen.tokens, heads, self.loads)
        return [_Seen(q, k, v, chosen.is_seen[:, None], chosen.tokens)]

    def _note(self, layer: int, chosen: Selection) -> None:
        if chosen.pages is not None:
            self._previous[layer] = chosen.pages
            self.num_pages += chosen.pages.numel()
            self.num_keys += chosen.pages.numel() * self.document.page_size
        if chosen.is_seen is not None:
            self.num_keys += int(chosen.is_seen.sum())

    def _behind(self, q: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """The queries as if they stood right behind the document, where its keys expect them."""
        moved = self.document.num_tokens - self.start
        if not moved:
            return q, positions
        return self.document.spec.rope.rotate(q, torch.full_like(positions, moved)), positions + moved

    def _see_all(self, layer: int, q: Tensor, positions: Tensor) -> _Seen:
        if layer not in self._whole:
            whole = self._whole[layer] = self.document.shared(layer, q.device, self.loads)
            self.num_pages += len(whole.keys) * self.document.num_pages(layer)
            self.num_keys += whole.keys.shape[0] * whole.keys.shape[1]
        k, v = self._whole[layer].keys, self._whole[layer].values
        key_positions = torch.arange(k.shape[1], device=q.device).expand(len(k), -1)
        return _Seen(self._behind(q, positions)[0], k, v, None, key_positions)

    def _see_pages(self, layer: int, q: Tensor, positions: Tensor, pages: Tensor) -> list[_Seen]:
        heads = self._heads(len(pages), q.device)
        k, v, key_positions = self.document.gather_pages(
            layer, pages.expand(len(heads), -1), heads, self.loads
        )
        self.document.prefetch(layer + 1, self._previous.get(layer + 1, pages), self.loads)
        is_token = (key_positions < self.document.filled[layer])[:, None]
        rope = self.document.spec.rope
        if self.policy.positions == "absolute":
            return [_Seen(q, k, v, is_token, key_positions)]
        if self.policy.positions == "consecutive":
            slots = self.start - is_token.sum(-1) + is_token[:, 0].cumsum(-1) - 1
            return [_Seen(q, rope.rotate(k, slots - key_positions), v, is_token, key_positions)]
        is_near = self._is_near(key_positions, positions)
        far_q, far_k = rope.rotate(q, self._reach - positions), rope.rotate(k, -key_positions)
        return [
            _Seen(q, k, v, is_token & is_near, key_positions),
            _Seen(far_q, far_k, v, is_token & ~is_near, key_positions),
        ]

    @property
    def _reach(self) -> int:
        return self.policy.reach_of(self.document.spec.trained_length)

    def _is_near(self, key_positions: Tensor, positions: Tensor) -> Tensor:
        """Return the keys (H, n) that keep their distance to the queries at `positions` (T): (H, T, n)."""
        if self.policy.positions == "clipped":
            return positions[:, None] - key_positions[:, None] < self._reach
        size = self.document.page_size
        first_local = (-(-self.document.num_tokens // size) - self.policy.local_pages) * size
        return (key_positions >= first_local)[:, None].expand(-1, len(positions), -1)

    def _heads(self, rows: int, device: torch.device) -> Tensor:
        """The key head of each row of a selection: all for one common row, else one each or one per group."""
        spec = self.document.spec
        heads = torch.arange(spec.num_kv_heads, device=device)
        return heads.repeat_interleave(spec.group) if rows == spec.num_heads else heads

    def _count(self, seen: _Seen, total: Tensor, scale: float) -> None:
        """Add the attention of the last token to its KV pages; `total` (Hq, T) is the whole log-sum-exp."""
        assert self.mass is not None, "asked for"
        group = len(seen.q) // len(seen.k)
        keys = seen.k.float().repeat_interleave(group, dim=0)
        logits = seen.q[:, -1:].float() @ keys.transpose(1, 2) * scale
        if seen.mask is not None:
            mask = seen.mask.repeat_interleave(group, dim=0) if len(seen.mask) > 1 else seen.mask
            logits = logits.masked_fill(~mask[:, -1:], -torch.inf)
        weights = (logits - total[:, -1:, None]).exp().sum(1)
        pages = seen.key_positions.repeat_interleave(group, dim=0) // self.document.page_size
        self.mass.index_add_(0, pages.flatten().cpu(), weights.flatten().cpu())
