"""The attention that tokens get while a document is read, and the two policies that judge tokens by it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from catena.errors import OptionError
from catena.kv.engine import transformers_hooks
from catena.kv.engine.generation import start
from catena.kv.engine.question_session import Session
from catena.kv.policies.accumulated_attention import merge_document
from catena.kv.policies.page_selection import PolicyInputs, select
from catena.kv.policies.policy import Policy, preset
from tests.kv import tiny

DOCUMENT, QUESTION = tiny.tokens(150), tiny.tokens(9, seed=2)
ALL = torch.cat((DOCUMENT, QUESTION))
SHORT = replace(preset("infllm"), reach=40, sink_pages=1, local_pages=3)


def plain_attention(layer: int, window: int) -> Tensor:
    """What the model itself gives to each token (Hq, N), from the next `window` tokens."""
    made = tiny.model()
    made.set_attn_implementation("eager")
    try:
        shares: Tensor = made(DOCUMENT[None], output_attentions=True).attentions[layer][0].detach()
    finally:
        made.set_attn_implementation(transformers_hooks.NAME)
    return shares.tril().triu(-window + 1).sum(1) if window < 150 else shares.sum(1)


@pytest.mark.parametrize("chunk", [150, 48, 16])
@pytest.mark.parametrize(("policy", "window"), [(preset("look-m"), 150), (replace(SHORT, budget=1.0), 40)])
def test_counted_is_what_the_model_attends_to(policy: Policy, window: int, chunk: int) -> None:
    """InfLLM's window is read with everything in sight here, where its positions change nothing."""
    policy = replace(policy, positions="absolute")
    read = tiny.read_tokens("llama", DOCUMENT, policy=policy, chunk=chunk)
    for layer in range(3):
        assert torch.allclose(read.counted(layer), plain_attention(layer, window), atol=1e-4)


def test_a_kv_page_is_judged_by_its_four_tokens_that_got_most() -> None:
    """InfLLM: un-rotated keys, the mean query as it stands at the reach, all heads of a layer summed."""
    read = tiny.read_tokens("llama", DOCUMENT, policy=preset("look-m"))
    q, positions, turn = torch.randn(4, 3, 16), torch.arange(150, 153), read.spec.rope.rotate
    chosen = select(
        read, replace(SHORT, budget=0.3, sink_pages=0, local_pages=0), PolicyInputs(), 1, q, positions, 0
    )
    keys = turn(read.whole(1)[0], -torch.arange(150))
    asked = turn(q, 40 - positions).mean(1)
    scores = torch.zeros(10)
    for page in range(10):
        for head in range(4):
            got = read.received[1][head, page * 16 : page * 16 + 16]
            tokens = page * 16 + got.topk(4).indices
            scores[page] += keys[head // 2, tokens].mean(0) @ asked[head]
    assert chosen.pages is not None
    assert chosen.pages.tolist() == [scores.topk(3).indices.sort().values.tolist()]


def test_infllm_reads_a_document_longer_than_its_reach() -> None:
    read = tiny.read_tokens("llama", DOCUMENT, policy=SHORT, chunk=32)
    full = tiny.read_tokens("llama", DOCUMENT, chunk=32)
    assert torch.allclose(read.whole(2)[0][:, :32], full.whole(2)[0][:, :32], atol=1e-5)
    assert read.counted(0).shape == (4, 150)


@pytest.mark.parametrize("name", ["infllm", "look-m"])
def test_with_everything_in_sight_it_is_exact(name: str) -> None:
    read = tiny.read_tokens("llama", DOCUMENT, policy=preset("look-m"))
    policy = replace(preset(name), budget=1.0)
    row = start(tiny.model(), Session(read, policy, PolicyInputs(merged=merge_document(read, 1.0))), QUESTION)
    assert tiny.distance(row.logits, tiny.plain_logits("llama", ALL)) < 1e-5


def test_merged_keys_are_what_is_attended_to() -> None:
    read = tiny.read_tokens("llama", DOCUMENT, policy=preset("look-m"))
    merged = merge_document(read, 0.3)
    q, (k, v) = torch.randn(4, 1, 16), torch.randn(2, 2, 1, 16)
    found = Session(read, preset("look-m"), PolicyInputs(merged=merged)).attend(1, q, k, v, 0.25)
    for head in range(4):
        keys, values = (
            torch.cat((kept[head // 2], own[head // 2]))
            for kept, own in ((merged[1].keys, k), (merged[1].values, v))
        )
        assert torch.allclose(found[head], (q[head] @ keys.T * 0.25).softmax(-1) @ values, atol=1e-5)


def test_a_document_read_without_counting_says_what_to_do() -> None:
    read = tiny.read_tokens("llama", DOCUMENT)
    with pytest.raises(OptionError, match="was not counted"):
        merge_document(read, 0.5)
    with pytest.raises(OptionError, match="was not counted"):
        start(tiny.model(), Session(read, preset("infllm")), QUESTION)
