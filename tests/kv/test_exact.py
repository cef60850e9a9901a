"""With all KV pages in sight, reading in KV pages is the model's own forward pass."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from catena.kv.engine.generation import extend, start, step
from catena.kv.engine.question_session import Session
from catena.kv.policies.policy import PRESETS, Policy, preset
from tests.kv import tiny

EXACT = 1e-5
DOCUMENT, QUESTION = tiny.tokens(150), tiny.tokens(9, seed=2)
ALL = replace(preset("mean"), budget=1.0)
FULL_SIGHT = {
    "full": preset("full"),
    "every KV page selected": ALL,
    "every query head selects": replace(ALL, granularity="query_head"),
    "a layer selects": replace(ALL, granularity="layer"),
    "end to end": replace(ALL, positions="consecutive"),
    "nothing is far": replace(ALL, positions="clipped", reach=1000),
    "all is local": replace(ALL, positions="constant", local_pages=10),
}


@pytest.mark.parametrize("name", tiny.CONFIGS)
@pytest.mark.parametrize("chunk", [1000, 16, 7])
def test_every_family_read_in_chunks_of_any_size(name: str, chunk: int) -> None:
    document = tiny.read_tokens(name, DOCUMENT, chunk=chunk)
    row = start(tiny.model(name), Session(document, preset("full")), QUESTION)
    assert tiny.distance(row.logits, tiny.plain_logits(name, torch.cat((DOCUMENT, QUESTION)))) < EXACT


@pytest.mark.parametrize("policy", FULL_SIGHT.values(), ids=FULL_SIGHT)
def test_any_policy_that_sees_all(policy: Policy) -> None:
    document = tiny.read_tokens("qwen3", DOCUMENT)
    row = start(tiny.model("qwen3"), Session(document, policy), QUESTION)
    assert tiny.distance(row.logits, tiny.plain_logits("qwen3", torch.cat((DOCUMENT, QUESTION)))) < EXACT


@pytest.mark.parametrize("parts", [[9], [4, 5], [1] * 9])
def test_question_in_parts(parts: list[int]) -> None:
    made, document = tiny.model(), tiny.read_tokens("llama", DOCUMENT)
    first, *rest = torch.split(QUESTION, parts)
    row = start(made, Session(document, preset("full")), first)
    for part in rest:
        extend(made, row, part)
    assert tiny.distance(row.logits, tiny.plain_logits("llama", torch.cat((DOCUMENT, QUESTION)))) < EXACT


@pytest.mark.parametrize("length", [1, 15, 16, 17])
def test_documents_around_one_kv_page(length: int) -> None:
    document = tiny.read_tokens("llama", DOCUMENT[:length])
    row = start(tiny.model(), Session(document, ALL), QUESTION)
    assert (
        tiny.distance(row.logits, tiny.plain_logits("llama", torch.cat((DOCUMENT[:length], QUESTION))))
        < EXACT
    )


def test_rows_together_as_one_by_one() -> None:
    """Two documents, three questions of different lengths: each gets what it gets alone."""
    made = tiny.model()
    documents = [tiny.read_tokens("llama", DOCUMENT), tiny.read_tokens("llama", tiny.tokens(70, seed=3))]
    asked = [(documents[0], QUESTION), (documents[0], QUESTION[:3]), (documents[1], QUESTION[:5])]
    alone = [
        list(tiny.generate_greedy(made, start(made, Session(d, preset("quest")), q), 6)) for d, q in asked
    ]
    rows = [start(made, Session(d, preset("quest")), q) for d, q in asked]
    together: list[list[int]] = [[], [], []]
    for _ in range(6):
        chosen = torch.stack([row.logits.argmax() for row in rows])
        for said, token in zip(together, chosen.tolist(), strict=True):
            said.append(token)
        step(made, rows, chosen)
    assert together == alone


@pytest.mark.parametrize("name", sorted(PRESETS.keys() - tiny.NEED_AIDS))
def test_same_question_same_answer(name: str) -> None:
    made, document = tiny.model(), tiny.read_tokens("llama", DOCUMENT, policy=preset("look-m"))
    answers = [
        list(tiny.generate_greedy(made, start(made, Session(document, preset(name)), QUESTION), 5))
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
