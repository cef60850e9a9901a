"""Attention over parts and their merge, against float64 and the joint softmax."""

from __future__ import annotations

import pytest
import torch

from catena.kv.engine.paged_attention import attend, attend_causal, attend_reference, merge

RANDOM = torch.Generator().manual_seed(0)
Q = torch.randn(8, 5, 64, generator=RANDOM)
K, V = torch.randn(2, 2, 40, 64, generator=RANDOM)
SCALE = 0.125
MASKS = {
    "none": None,
    "each head its own": torch.rand(2, 1, 40, generator=RANDOM) < 0.6,
    "each query its own": torch.rand(1, 5, 40, generator=RANDOM) < 0.7,
    "both": torch.rand(2, 5, 40, generator=RANDOM) < 0.7,
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_equals_float64(mask: torch.Tensor | None) -> None:
    out, lse = attend(Q, K, V, SCALE, mask)
    wanted, wanted_lse = attend_reference(Q, K, V, SCALE, mask)
    assert torch.allclose(out.double(), wanted, atol=1e-5)
    assert torch.allclose(lse.double(), wanted_lse, atol=1e-5)


@pytest.mark.parametrize("cuts", [[40], [13, 27], [1, 38, 1], [8] * 5])
def test_merged_parts_are_the_joint_softmax(cuts: list[int]) -> None:
    parts = [
        attend(Q, k, v, SCALE) for k, v in zip(torch.split(K, cuts, 1), torch.split(V, cuts, 1), strict=True)
    ]
    assert torch.allclose(merge(parts).double(), attend_reference(Q, K, V, SCALE)[0], atol=1e-5)


def test_what_sees_nothing_weighs_nothing() -> None:
    blind = attend(Q, K, V, SCALE, torch.zeros(1, 1, 40, dtype=torch.bool))
    assert torch.allclose(merge([attend(Q, K, V, SCALE), blind]), attend(Q, K, V, SCALE)[0])


def test_no_query_sees_a_later_token() -> None:
    sees = torch.ones(5, 40, dtype=torch.bool).tril(35)
    out, _ = attend_causal(Q, K, V, SCALE)
    assert torch.allclose(out.double(), attend_reference(Q, K, V, SCALE, sees[None])[0], atol=1e-5)


def test_tokens_among_themselves_see_no_later_one_either() -> None:
    k, v = K[:, :5], V[:, :5]
    out, lse = attend_causal(Q, k, v, SCALE)
    sees = torch.ones(5, 5, dtype=torch.bool).tril()
    wanted, wanted_lse = attend_reference(Q, k, v, SCALE, sees[None])
    assert torch.allclose(out.double(), wanted, atol=1e-5)
    assert torch.allclose(lse.double(), wanted_lse, atol=1e-5)
