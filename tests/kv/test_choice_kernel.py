"""KV pages chosen by the kernels are those that the policy's own rule chooses."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch import Tensor

from catena.kv.cache import digests
from catena.kv.policies.page_selection import choose
from catena.kv.policies.policy import preset

if find_spec("triton") is None:
    pytest.skip('Triton is not installed (pip install "catena-qa[kernels]")', allow_module_level=True)

from catena.kv.kernels.choice_kernel import choose_pages, score_pages

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
PAGES = torch.tensor([70, 3, 1])
"""Of three rows; each row's lie anywhere among all."""
TOKENS = PAGES * 16 - torch.tensor([0, 5, 15])


def slots(random: torch.Generator) -> Tensor:
    found = torch.zeros(3, 70, dtype=torch.int32)
    order = torch.randperm(int(PAGES.sum()), generator=random).int()
    for row, part in enumerate(torch.split(order, PAGES.tolist())):
        found[row, : len(part)] = part
    return found


@pytest.mark.parametrize("kinds", [1, 2])
@pytest.mark.parametrize("is_shared", [True, False])
@pytest.mark.parametrize("group", [1, 4, 7])
def test_scores_are_the_judge_s(kinds: int, is_shared: bool, group: int) -> None:
    random = torch.Generator().manual_seed(group)
    q = torch.randn(3, 2, group, 80, generator=random)
    digest, where = torch.randn(kinds, 2, 74, 80, generator=random), slots(random)
    tensors = (x.to(DEVICE) for x in (q, digest, where, PAGES.int()))
    found = score_pages(*tensors, is_shared=is_shared).cpu()
    for row, count in enumerate(PAGES.tolist()):
        wanted = digests.score_pages(q[row], digest[:, :, where[row, :count].long()])
        wanted = wanted.amax(1) if is_shared else wanted.flatten(0, 1)
        assert torch.allclose(found[row, :, :count], wanted, atol=1e-4)
        assert (found[row, :, count:] == -torch.inf).all()


@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    seed=st.integers(0, 1000),
    levels=st.sampled_from([2, 1000]),
    sink=st.integers(0, 2),
    local=st.integers(0, 2),
    budget=st.sampled_from([0.01, 0.3, 1.0]),
)
def test_the_chosen_are_the_rule_s(seed: int, levels: int, sink: int, local: int, budget: float) -> None:
    """With two levels nearly all scores are ties; they go to the earlier KV page."""
    policy = replace(preset("mean"), sink_pages=sink, local_pages=local, budget=budget)
    random = torch.Generator().manual_seed(seed)
    scores = torch.randint(-levels, levels, (3, 2, 70), generator=random).float() / 7
    where = slots(random)
    counts = torch.tensor([policy.num_pages(count) for count in PAGES.tolist()])
    table = torch.full((3, 2, policy.num_pages(70) + 4), -1, dtype=torch.int32)
    lengths = table.clone()
    tensors = [
        x.to(DEVICE) for x in (scores, where, PAGES, counts, TOKENS, torch.ones(3).int(), table, lengths)
    ]
    choose_pages(*tensors, page_size=16, sink_pages=sink, local_pages=local)
    table, lengths = (x.cpu() for x in tensors[-2:])
    for row, (total, count) in enumerate(zip(PAGES.tolist(), counts.tolist(), strict=True)):
        wanted = choose(scores[row, :, :total], policy)
        assert torch.equal(table[row, :, :count], where[row][wanted])
        assert torch.equal(lengths[row, :, :count], (int(TOKENS[row]) - wanted * 16).clamp(max=16).int())
        assert (lengths[row, :, count:] <= 0).all()
