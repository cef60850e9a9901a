"""Keys merged into their likest, by the formulas of LOOK-M."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from catena.kv.policies.accumulated_attention import Merge, MergedKeys, merge_keys

N = 24


def made(seed: int, keep: int, how: Merge = "average") -> tuple[Tensor, Tensor, Tensor, Tensor, MergedKeys]:
    """Keys and values (2, N, 8), attention received (2, N), which go first (N), and what is left."""
    random = torch.Generator().manual_seed(seed)
    keys, values = torch.randn(2, 2, N, 8, generator=random)
    received, goes_first = torch.rand(2, N, generator=random), torch.rand(N, generator=random) < 0.3
    return keys, values, received, goes_first, merge_keys(
        keys, values, received, keep=keep, goes_first=goes_first, how=how
    )  # fmt: skip


@given(seed=st.integers(0, 10_000), keep=st.integers(1, N), how=st.sampled_from(["average", "pivotal"]))
def test_merged_is_its_formula(seed: int, keep: int, how: Merge) -> None:
    """Token after token: each that goes is averaged into the one that stays with the largest cosine."""
    keys, values, _, _, found = made(seed, keep, how)
    for head in range(2):
        stays = found.positions[head].tolist()
        sets = {place: [place] for place in stays}
        for place in set(range(N)) - set(stays):
            cosines = torch.cosine_similarity(keys[head, place][None], keys[head, stays], dim=-1)
            sets[stays[int(cosines.argmax())]].append(place)
        for n, place in enumerate(stays):
            for x, new in ((keys[head], found.keys[head, n]), (values[head], found.values[head, n])):
                parts = [x[one] if how == "average" else (x[one] + x[place]) / 2 for one in sets[place]]
                assert torch.allclose(new, torch.stack(parts).mean(0), atol=1e-5)


@given(seed=st.integers(0, 10_000), keep=st.integers(2, N))
def test_no_text_goes_while_a_figure_is_left(seed: int, keep: int) -> None:
    _, _, received, goes_first, found = made(seed, keep)
    first_recent = N - (keep + 1) // 2
    for head in range(2):
        old = [place for place in found.positions[head].tolist() if place < first_recent]
        text = [n for n in range(first_recent) if not goes_first[n]]
        if any(goes_first[place] for place in old):
            assert set(text) <= set(old)
        best = sorted(text, key=lambda n: -float(received[head, n]))[: len(old)]
        assert set(best) <= set(old)


@given(seed=st.integers(0, 10_000), keep=st.integers(1, N))
def test_the_last_half_stays(seed: int, keep: int) -> None:
    found = made(seed, keep)[-1]
    assert set(range(N - (keep + 1) // 2, N)) <= set(found.positions[0].tolist())
    assert found.positions.shape == (2, keep)


@pytest.mark.parametrize("keep", [N, N + 5])
def test_with_room_for_all_nothing_is_merged(keep: int) -> None:
    keys, values, _, _, found = made(3, keep)
    assert torch.equal(found.keys, keys) and torch.equal(found.values, values)


def test_equal_keys_lose_nothing_by_merging() -> None:
    """A key that stands for n equal ones is that key."""
    keys = torch.eye(4)[torch.arange(N) % 4][None].repeat(2, 1, 1)
    found = merge_keys(keys, keys, torch.rand(2, N), keep=8, goes_first=torch.zeros(N, dtype=torch.bool))
    assert torch.equal(found.keys, keys.gather(1, found.positions[..., None].expand(-1, -1, 4)))
