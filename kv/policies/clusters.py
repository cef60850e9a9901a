"""Keys in clusters, and the keys that a question needs by the score of their cluster (Squeezed Attention, 2411.09688).

Shapes: Hkv key heads, N keys, C clusters, M queries of a key head, D channels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

SHARE = 0.05
"""Clusters per key."""
COARSE_SHARE = 0.01
"""Clusters per key of the upper level, made of the lower level's centroids."""
MAX_STEPS = 300
_ROWS = 8192
"""Keys compared with all centroids at once."""


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
