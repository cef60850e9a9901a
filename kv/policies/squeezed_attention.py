"""Single keys chosen by their clusters: what a document keeps for it, and one threshold over all layers and heads.

Squeezed Attention (arXiv 2411.09688), sections 3.1 to 3.3. The last 100 tokens are always seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from catena.kv.cache.kv_document import WINDOW, DocumentKV, Index

SHARE = 0.05
"""Clusters per key."""
COARSE_SHARE = 0.01
"""Clusters per key of the upper level, made of the lower level's centroids."""
MAX_STEPS = 300
_ROWS = 8192
"""Keys compared with all centroids at once."""
_UPPER = "upper_"
COARSE_KEPT = 0.5
"""Share of the keys that the upper level lets through."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """`centroids` (Hkv, C, D) are means of the raw keys, `sizes` (Hkv, C) may be 0, `labels` (Hkv, N)."""

    centroids: Tensor
    sizes: Tensor
    labels: Tensor

    def scores(self, q: Tensor, scale: float) -> Tensor:
        """exp(q C_j) / sum_m N_m exp(q C_m) for q (Hkv, M, D): (Hkv, M, C). Empty clusters score 0."""
        logits = (q.float() @ self.centroids.transpose(1, 2)) * scale
        logits = logits.masked_fill(self.sizes[:, None] == 0, -torch.inf)
        weights = (logits - logits.amax(-1, keepdim=True)).exp()
        return weights / (weights * self.sizes[:, None]).sum(-1, keepdim=True)

    def spread(self, values: Tensor) -> Tensor:
        """Give every key its cluster's value: (Hkv, M, C) to (Hkv, M, N)."""
        return values.gather(2, self.labels[:, None].expand(-1, values.shape[1], -1))


def cluster(keys: Tensor, count: int, *, seed: int = 0) -> Clusters:
    """k-means of keys (Hkv, N, D) by direction, k-means++ start; centroids are means of the keys themselves.

    Of no keys all clusters are empty.
    """
    if not keys.shape[1]:
        nothing = torch.zeros(len(keys), count, keys.shape[-1])
        return Clusters(nothing, nothing[..., 0], torch.zeros(keys.shape[:2], dtype=torch.int64))
    points = torch.nn.functional.normalize(keys.float(), dim=-1)
    centres = _start(points, count, torch.Generator().manual_seed(seed))
    labels = _nearest(points, centres)
    for _ in range(MAX_STEPS):
        means, sizes = _means(points, labels, count)
        centres = torch.where(sizes[..., None] > 0, means, centres)
        before, labels = labels, _nearest(points, centres)
        if torch.equal(before, labels):
            break
    return Clusters(*_means(keys.float(), labels, count), labels)


def _start(points: Tensor, count: int, random: torch.Generator) -> Tensor:
    """k-means++: each next centre with odds of its squared distance to the nearest one so far."""
    heads, total, channels = points.shape
    rows = torch.arange(heads)
    centres = torch.empty(heads, count, channels)
    centres[:, 0] = points[rows, torch.randint(total, (heads,), generator=random)]
    distance = torch.full((heads, total), torch.inf)
    for n in range(1, count):
        distance = torch.minimum(distance, (points - centres[:, n - 1, None]).square().sum(-1))
        odds = distance + 1e-12  # all points may be centres already
        centres[:, n] = points[rows, torch.multinomial(odds, 1, generator=random)[:, 0]]
    return centres


def _nearest(points: Tensor, centres: Tensor) -> Tensor:
    half_norms = centres.square().sum(-1) / 2
    parts = [
        (part @ centres.transpose(1, 2) - half_norms[:, None]).argmax(-1)
        for part in torch.split(points, _ROWS, 1)
    ]
    return torch.cat(parts, 1)


def _means(points: Tensor, labels: Tensor, count: int) -> tuple[Tensor, Tensor]:
    sums = torch.zeros(points.shape[0], count, points.shape[-1])
    sums.scatter_add_(1, labels[..., None].expand_as(points), points)
    sizes = torch.zeros(points.shape[0], count).scatter_add_(1, labels, torch.ones(labels.shape))
    return sums / sizes.clamp(min=1)[..., None], sizes


@dataclass(slots=True, eq=False)
class SqueezedKeys:
    """The clusters of every layer of one document; `upper` are clusters of clusters, for the two-level search."""

    document: DocumentKV
    layers: Sequence[Clusters]
    upper: Sequence[Clusters]
    _thresholds: dict[tuple[float, bool], float] = field(default_factory=dict)

    @property
    def num_seen(self) -> int:
        """Tokens that clusters decide on; those behind are always seen."""
        return max(0, self.document.num_tokens - WINDOW)

    def is_kept(self, layer: int, q: Tensor, budget: float, *, is_two_level: bool = False) -> Tensor:
        """Return the tokens that each query head sees, for its queries q (Hq, T, D): (Hq, num_tokens)."""
        if not self.num_seen:
            return torch.ones(len(q), self.document.num_tokens, dtype=torch.bool)
        share = (budget * self.document.num_tokens - WINDOW) / self.num_seen
        share = min(1.0, max(0.0, share))
        kept = self._scores(self.layers, layer, q) >= self._threshold(share, is_upper=False)
        if is_two_level:
            kept &= self._scores(self.upper, layer, q) >= self._threshold(COARSE_KEPT, is_upper=True)
        return torch.nn.functional.pad(kept, (0, self.document.num_tokens - self.num_seen), value=True)

    def _threshold(self, share: float, *, is_upper: bool) -> float:
        """The score above which that share of all keys lies, judged by the document's own last queries."""
        if share >= 1:
            return -torch.inf
        if (share, is_upper) not in self._thresholds:
            levels = self.upper if is_upper else self.layers
            scores = [
                self._scores(levels, layer, queries).flatten()
                for layer, queries in enumerate(self.document.queries)
            ]
            order = torch.cat(scores).sort(descending=True).values
            place = min(len(order) - 1, max(0, round(share * len(order)) - 1))
            self._thresholds[share, is_upper] = float(order[place]) if share > 0 else torch.inf
        return self._thresholds[share, is_upper]

    def _scores(self, levels: Sequence[Clusters], layer: int, q: Tensor) -> Tensor:
        """Each key's score by its cluster, averaged over the queries q (Hq, T, D): (Hq, N)."""
        spec = self.document.spec
        folded = q.reshape(spec.num_kv_heads, -1, spec.head_dim)
        by_cluster = levels[layer].scores(folded, spec.head_dim**-0.5)
        by_head = by_cluster.view(spec.num_kv_heads, spec.group, q.shape[1], -1).mean(2)
        return levels[layer].spread(by_head).flatten(0, 1)


def squeeze(document: DocumentKV, *, seed: int = 0) -> SqueezedKeys:
    """Cluster the keys of a document that has been read, and the clusters; what a store has kept is not made again."""
    name = f"clusters-{SHARE:g}-{COARSE_SHARE:g}-{seed}"
    lower, upper = [], []
    for layer in range(document.spec.num_layers):
        index = document.made_once(name, layer, partial(_clusters, document, layer, seed))
        lower.append(_level(index, ""))
        upper.append(_level(index, _UPPER))
    return SqueezedKeys(document, lower, upper)


def _clusters(document: DocumentKV, layer: int, seed: int) -> Index:
    """Both levels of one layer. Labels are kept in 32 bits: there are as many as keys."""
    seen = max(0, document.num_tokens - WINDOW)
    keys = document.whole(layer)[0][:, :seen].float()
    lower = cluster(keys, max(1, round(SHARE * seen)), seed=seed)
    groups = cluster(lower.centroids, max(1, round(COARSE_SHARE * seen)), seed=seed)
    labels = groups.labels.gather(1, lower.labels)
    sizes = torch.zeros_like(groups.sizes).scatter_add_(1, labels, torch.ones(labels.shape))
    return {
        "centroids": lower.centroids,
        "sizes": lower.sizes,
        "labels": lower.labels.int(),
        f"{_UPPER}centroids": groups.centroids,
        f"{_UPPER}sizes": sizes,
        f"{_UPPER}labels": labels.int(),
    }


def _level(index: Index, prefix: str) -> Clusters:
    centroids, sizes, labels = (index[prefix + part] for part in ("centroids", "sizes", "labels"))
    return Clusters(centroids, sizes, labels.long())
