"""Selection of KV pages, or of single tokens, by the heads of a layer for a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from catena.errors import OptionError
from catena.kv.cache.digests import DIGESTS, score_pages
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.policies.accumulated_attention import MergedKeys
from catena.kv.policies.policy import Policy
from catena.kv.policies.squeezed_attention import SqueezedKeys
from catena.kv.policies.trained_retriever import PageRetriever

Aid = TypeVar("Aid")
_MISSING = {
    "trained": "a trained retriever",
    "clusters": "clusters of the document's keys",
    "merged": "the document's keys merged",
}


@dataclass(frozen=True, slots=True)
class PolicyInputs:
    """Aids of some policies beside the document: a trained retriever, clusters of its keys, its merged keys."""

    retriever: PageRetriever | None = None
    squeezed: SqueezedKeys | None = None
    merged: Sequence[MergedKeys] | None = None
    """Of each layer."""


@dataclass(frozen=True, slots=True)
class Selection:
    """KV pages (H, k) or single tokens (H, n); H is 1, Hkv or Hq. `is_seen` (H, n) is False for padding."""

    pages: Tensor | None = None
    tokens: Tensor | None = None
    is_seen: Tensor | None = None


def select(
    document: DocumentKV,
    policy: Policy,
    aids: PolicyInputs,
    layer: int,
    q: Tensor,
    positions: Tensor,
    seed: int,
) -> Selection:
    """Select for queries q (Hq, T, D) that stand at `positions` (T), behind the document's own tokens.

    Raises OptionError when the policy needs an aid that is not there.
    """
    if policy.score == "clusters":
        return _select_tokens(needed(aids.squeezed, policy), policy, layer, q)
    if policy.score == "merged":
        positions = needed(aids.merged, policy)[layer].positions.to(q.device)
        return Selection(tokens=positions, is_seen=torch.ones_like(positions, dtype=torch.bool))
    return Selection(pages=choose(_scores(document, policy, aids, layer, q, positions, seed), policy))


def _scores(
    document: DocumentKV,
    policy: Policy,
    aids: PolicyInputs,
    layer: int,
    q: Tensor,
    positions: Tensor,
    seed: int,
) -> Tensor:
    """Return the weight of each KV page for each head that chooses: (H, P)."""
    spec, count = document.spec, document.num_pages(layer)
    if policy.score == "window":
        return window_scores(count, q.device)
    if policy.score == "random":
        random = torch.Generator().manual_seed(seed)
        return torch.rand(spec.num_kv_heads, count, generator=random).to(q.device)
    is_rotated = policy.space == "rotated"
    stand = policy.reach_of(spec.trained_length) if policy.space == "distant" else 0
    rotated = q if is_rotated else spec.rope.rotate(q, stand - positions)
    grouped = rotated.view(spec.num_kv_heads, spec.group, -1, spec.head_dim)
    if policy.score == "trained":
        retriever = needed(aids.retriever, policy)
        digest = document.digest(layer, retriever.of_layer(layer), q.device, is_rotated=is_rotated)
        return reduce_heads(retriever(layer, grouped.mean(1), digest)[:, None], policy)
    if policy.score == "representative":
        scores = score_pages(rotated, document.representatives(layer, q.device))
        return reduce_heads(scores.view(*grouped.shape[:3], count), policy)
    folded = grouped.flatten(1, 2)
    if policy.score == "exact":
        keys, valid = (x.to(q.device) for x in document.paged_keys(layer, is_rotated=is_rotated))
        scores = best_logits(folded, keys, valid)
    else:
        scores = score_pages(
            folded, document.digest(layer, DIGESTS[policy.score], q.device, is_rotated=is_rotated)
        )
    return reduce_heads(scores.view(*grouped.shape[:3], count), policy)


def best_logits(q: Tensor, keys: Tensor, valid: Tensor) -> Tensor:
    """The best true logit in each KV page: q (Hkv, N, D), keys (Hkv, P, S, D), valid (P, S) -> (Hkv, N, P)."""
    logits = torch.einsum("hnd,hpsd->hnps", q.float(), keys)
    return logits.masked_fill(~valid, -torch.inf).amax(-1)


def _select_tokens(squeezed: SqueezedKeys, policy: Policy, layer: int, q: Tensor) -> Selection:
    """Heads see different numbers of tokens; the shorter rows are padded."""
    is_kept = squeezed.is_kept(layer, q.cpu(), policy.budget, is_two_level=policy.is_two_level).to(q.device)
    order = is_kept.int().argsort(dim=-1, descending=True, stable=True)[:, : int(is_kept.sum(-1).max())]
    return Selection(tokens=order, is_seen=is_kept.gather(1, order))


def needed(aid: Aid | None, policy: Policy) -> Aid:
    """The aid, which a policy cannot do without. Raises OptionError."""
    if aid is None:
        raise OptionError(
            f"The KV-page policy {policy.name} needs {_MISSING[policy.score]}.",
            "Serve the model with --retriever (catena train-retriever makes one), or take the policy quest."
            if policy.score == "trained"
            else "Take the policy quest.",
        )
    return aid


def reduce_heads(scores: Tensor, policy: Policy) -> Tensor:
    """(Hkv, G, T, P) to (H, P): one score for the question's tokens, and the best of the heads that choose together.

    Where a whole layer chooses, the heads' scores are summed.
    """
    best = scores.amax(2) if policy.over_tokens == "max" else scores.mean(2)
    if policy.granularity == "query_head":
        return best.flatten(0, 1)
    if policy.granularity == "kv_head":
        return best.amax(1)
    return best.sum((0, 1))[None]


def window_scores(count: int, device: torch.device | None = None) -> Tensor:
    """A window's: the later a KV page, the better (1, P)."""
    return torch.arange(count, dtype=torch.float32, device=device)[None]


def choose(scores: Tensor, policy: Policy) -> Tensor:
    """The KV pages of each row of scores (H, P), in reading order: (H, k). Ties go to the earlier KV page."""
    total = scores.shape[-1]
    count = policy.num_pages(total)
    scores = scores.clone()
    scores[:, : policy.sink_pages] = torch.inf
    if policy.local_pages:
        scores[:, -policy.local_pages :] = torch.inf
    order = scores.argsort(dim=-1, descending=True, stable=True)
    return order[:, :count].sort(dim=-1).values
