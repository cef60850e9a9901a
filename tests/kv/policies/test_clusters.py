"""Keys in clusters, by the formulas of Squeezed Attention."""

from __future__ import annotations

import torch

from catena.kv.policies.squeezed_attention import Clusters, cluster

RANDOM = torch.Generator().manual_seed(0)
KEYS = torch.randn(2, 60, 16, generator=RANDOM)
Q = torch.randn(2, 5, 16, generator=RANDOM)


def test_scores_are_the_formula() -> None:
    found = cluster(KEYS, 6)
    wanted = torch.empty(2, 5, 6)
    for head in range(2):
        for query in range(5):
            weights = (Q[head, query] @ found.centroids[head].T * 0.25).exp()
            wanted[head, query] = weights / (weights * found.sizes[head]).sum()
    assert torch.allclose(found.scores(Q, 0.25), wanted, atol=1e-6)


def test_with_a_cluster_for_each_key_scores_are_attention() -> None:
    found = cluster(KEYS, 60)
    exact = (Q @ KEYS.transpose(1, 2) * 0.25).softmax(-1)
    assert torch.allclose(found.spread(found.scores(Q, 0.25)), exact, atol=1e-5)


def test_centroids_are_means_of_the_raw_keys() -> None:
    found = cluster(KEYS, 6)
    for label in range(6):
        assert torch.allclose(found.centroids[0, label], KEYS[0, found.labels[0] == label].mean(0), atol=1e-5)


def test_planted_clusters_are_found() -> None:
    centres = torch.eye(16)[:4] * 10
    keys = (centres.repeat(15, 1) + torch.randn(60, 16, generator=RANDOM) * 0.1)[None]
    labels = cluster(keys, 4).labels[0].view(15, 4)
    assert (labels == labels[0]).all() and len(torch.unique(labels[0])) == 4


def test_an_empty_cluster_and_large_logits_stay_finite() -> None:
    found = Clusters(
        torch.full((1, 2, 16), 100.0), torch.tensor([[3.0, 0.0]]), torch.zeros(1, 3, dtype=torch.int64)
    )
    scores = found.scores(torch.full((1, 1, 16), 100.0), 1.0)
    assert torch.allclose(scores, torch.tensor([[[1 / 3, 0.0]]]))
