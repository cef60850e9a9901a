"""What stands for a KV page: bounds are bounds, and one key stands for itself."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from catena.kv.cache.digests import DIGESTS, bound, cuboid, score_pages
from catena.kv.policies.page_selection import best_logits


def keys_of(seed: int, pages: int = 5, size: int = 8) -> tuple[Tensor, Tensor, Tensor]:
    """Keys (2, P, S, 16), which are tokens (the last KV page is half full), queries (2, 3, 16)."""
    random = torch.Generator().manual_seed(seed)
    valid = torch.ones(pages, size, dtype=torch.bool)
    valid[-1, (size + 1) // 2 :] = False
    keys = torch.randn(2, pages, size, 16, generator=random) * valid[..., None]
    return keys, valid, torch.randn(2, 3, 16, generator=random)


@given(seed=st.integers(0, 10_000))
def test_no_key_of_a_kv_page_exceeds_its_bound(seed: int) -> None:
    keys, valid, q = keys_of(seed)
    assert (score_pages(q, bound(keys, valid)) >= best_logits(q, keys, valid) - 1e-4).all()


@given(seed=st.integers(0, 10_000))
def test_a_bound_is_its_formula(seed: int) -> None:
    """sum_d max(q_d max_d, q_d min_d), one KV page after the other."""
    keys, valid, q = keys_of(seed)
    wanted = torch.stack(
        [
            torch.maximum(q * part.amax(1)[:, None], q * part.amin(1)[:, None]).sum(-1)
            for part in (keys[:, page, valid[page]] for page in range(len(valid)))
        ],
        dim=-1,
    )
    assert torch.allclose(score_pages(q, bound(keys, valid)), wanted, atol=1e-4)


@pytest.mark.parametrize("kind", DIGESTS)
def test_a_kv_page_of_one_key_is_judged_exactly(kind: str) -> None:
    keys, valid, q = keys_of(1, size=1)
    scores = score_pages(q, DIGESTS[kind](keys, valid))
    assert torch.allclose(scores, best_logits(q, keys, valid), atol=1e-5)


@given(seed=st.integers(0, 10_000))
def test_a_cuboid_lies_inside_the_bounds(seed: int) -> None:
    keys, valid, q = keys_of(seed)
    assert (score_pages(q, cuboid(keys, valid)) <= score_pages(q, bound(keys, valid)) + 1e-4).all()


@pytest.mark.parametrize("kind", DIGESTS)
def test_padding_does_not_count(kind: str) -> None:
    keys, valid, _ = keys_of(2)
    noisy = torch.where(valid[..., None], keys, 100.0)
    assert torch.allclose(DIGESTS[kind](keys, valid), DIGESTS[kind](noisy, valid), atol=1e-5)
