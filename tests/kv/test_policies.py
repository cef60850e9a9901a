"""What a policy selects is what is attended to, where it says it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from catena.errors import OptionError
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine.generation import start
from catena.kv.engine.paged_attention import attend_reference
from catena.kv.engine.question_session import Session
from catena.kv.policies.page_selection import PolicyInputs
from catena.kv.policies.policy import PRESETS, preset
from catena.kv.policies.squeezed_attention import squeeze
from tests.kv import tiny

DOCUMENT, QUESTION = tiny.tokens(150), tiny.tokens(9, seed=2)
HALF = replace(preset("mean"), budget=0.3)


def document() -> DocumentKV:
    return tiny.read_tokens("llama", DOCUMENT)


@pytest.mark.parametrize("granularity", ["query_head", "kv_head", "layer"])
@pytest.mark.parametrize("score", ["bound", "exact", "random", "window"])
def test_selected_attention_is_float64_attention_to_those_tokens(score: str, granularity: str) -> None:
    read = document()
    session = Session(read, replace(HALF, score=score, granularity=granularity))  # type: ignore[arg-type]
    q = torch.randn(4, 3, 16)
    k, v = torch.randn(2, 2, 3, 16)
    found = session.attend(1, q, k, v, 0.25)
    pages = session.selections[1].pages
    assert pages is not None
    for head in range(4):
        row = {1: 0, 2: head // 2, 4: head}[len(pages)]
        seen = torch.cat([torch.arange(p * 16, p * 16 + 16) for p in pages[row].tolist()])
        seen = seen[seen < 150]
        keys, values = (
            torch.cat((x[head // 2][seen], y[head // 2])) for x, y in zip(read.whole(1), (k, v), strict=True)
        )
        mask = torch.ones(1, 3, len(keys), dtype=torch.bool)
        mask[0, :, -3:] = torch.ones(3, 3, dtype=torch.bool).tril()
        wanted, _ = attend_reference(q[head : head + 1], keys[None], values[None], 0.25, mask)
        assert torch.allclose(found[head].double(), wanted[0], atol=1e-5)


def test_clipped_beyond_the_trained_length_is_its_formula() -> None:
    """LM-Infinite: a distance above `reach` counts as `reach`, for each pair of query and key."""
    read = document()
    session = Session(read, replace(preset("lm-infinite"), reach=40, sink_pages=1, local_pages=9))
    q, (k, v) = torch.randn(4, 2, 16), torch.randn(2, 2, 2, 16)
    found = session.attend(0, q, k, v, 0.25)
    turn, positions = read.spec.rope.rotate, torch.arange(150)
    plain_k = turn(read.whole(0)[0], -positions)
    for head, query in ((0, 0), (3, 1)):
        at = torch.tensor(150 + query)
        plain_q = turn(q[head, query][None], -at[None])
        moved_q = turn(plain_q.expand(150, -1), (at - positions).clamp(max=40))
        logits = (moved_q * plain_k[head // 2]).sum(-1)
        own = k[head // 2, : query + 1] @ q[head, query]
        weights = (torch.cat((logits, own)) * 0.25).softmax(-1)
        wanted = weights @ torch.cat((read.whole(0)[1][head // 2], v[head // 2, : query + 1]))
        assert torch.allclose(found[head, query], wanted, atol=1e-4)


def test_constant_distance_leaves_local_kv_pages_where_they_are() -> None:
    policy = replace(HALF, score="window", budget=0.2, positions="constant", sink_pages=0, local_pages=2)
    same = replace(policy, positions="absolute")
    logits = [start(tiny.model(), Session(document(), each), QUESTION).logits for each in (policy, same)]
    assert tiny.distance(*logits) < 1e-5


def test_end_to_end_positions_never_leave_the_budget() -> None:
    session = Session(document(), replace(HALF, positions="consecutive"))
    row = start(tiny.model(), session, QUESTION)
    assert row.position == session.policy.num_pages(10) * 16 + len(QUESTION) < 150


@pytest.mark.parametrize(
    ("refresh", "num_written", "is_kept"), [(0, 5, True), (1, 1, False), (3, 1, True), (3, 2, False)]
)
def test_selects_anew_as_often_as_it_says(refresh: int, num_written: int, is_kept: bool) -> None:
    session = Session(document(), replace(HALF, refresh=refresh))
    row = start(tiny.model(), session, QUESTION)
    assert len(list(tiny.generate_greedy(tiny.model(), row, num_written))) == num_written
    assert bool(session.selections) == is_kept


def test_squeezed_keeps_the_share_it_was_asked_for() -> None:
    read = tiny.read_tokens("llama", tiny.tokens(600))
    squeezed = squeeze(read)
    shares = [squeezed.is_kept(layer, read.queries[layer], 0.4).float().mean() for layer in range(3)]
    assert abs(float(torch.stack(shares).mean()) - 0.4) < 0.05


def test_squeezed_in_two_levels_keeps_a_part_of_one_level() -> None:
    read = tiny.read_tokens("llama", tiny.tokens(600))
    squeezed = squeeze(read)
    q = torch.randn(4, 2, 16)
    flat, deep = (squeezed.is_kept(0, q, 0.4, is_two_level=is_two_level) for is_two_level in (False, True))
    assert (deep <= flat).all() and deep.sum() < flat.sum()


def test_two_levels_that_let_all_through_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catena.kv.policies.squeezed_attention.COARSE_KEPT", 1.0)
    squeezed, q = squeeze(tiny.read_tokens("llama", tiny.tokens(600))), torch.randn(4, 2, 16)
    flat, deep = (squeezed.is_kept(1, q, 0.4, is_two_level=is_two_level) for is_two_level in (False, True))
    assert torch.equal(flat, deep)


def test_squeezed_that_keeps_all_is_exact() -> None:
    read = tiny.read_tokens("llama", DOCUMENT)
    session = Session(read, replace(preset("squeezed"), budget=1.0), PolicyInputs(squeezed=squeeze(read)))
    row = start(tiny.model(), session, QUESTION)
    assert tiny.distance(row.logits, tiny.plain_logits("llama", torch.cat((DOCUMENT, QUESTION)))) < 1e-5


@pytest.mark.parametrize("num_tokens", [1, 100, 101])
def test_squeezed_needs_no_long_document(num_tokens: int) -> None:
    read = tiny.read_tokens("llama", tiny.tokens(num_tokens))
    row = start(
        tiny.model(), Session(read, preset("squeezed"), PolicyInputs(squeezed=squeeze(read))), QUESTION
    )
    wanted = tiny.plain_logits("llama", torch.cat((tiny.tokens(num_tokens), QUESTION)))
    assert num_tokens > 100 or tiny.distance(row.logits, wanted) < 1e-5


@pytest.mark.parametrize("name", sorted(tiny.NEED_AIDS))
def test_what_a_policy_lacks_is_named(name: str) -> None:
    with pytest.raises(OptionError, match=name):
        start(tiny.model(), Session(document(), preset(name)), QUESTION)


@pytest.mark.parametrize(
    "name", sorted(name for name in PRESETS if PRESETS[name].score not in ("clusters", "trained"))
)
def test_reading_with_few_kv_pages_in_sight(name: str) -> None:
    """Chunk after chunk under a policy: all tokens are read, and the first chunk is as in full."""
    read = tiny.read_tokens("llama", DOCUMENT, policy=preset(name), chunk=32)
    full = tiny.read_tokens("llama", DOCUMENT, chunk=32)
    assert read.num_tokens == 150
    assert torch.allclose(read.whole(2)[0][:, :32], full.whole(2)[0][:, :32], atol=1e-5)
