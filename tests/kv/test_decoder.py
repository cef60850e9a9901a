"""Steps of equal shape, which can be captured, write what steps of any shape write."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor

from catena.errors import OptionError, StoreError
from catena.kv import kernels
from catena.kv.cache.device_pages import DevicePages
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine import page_tables, paged_attention, transformers_hooks
from catena.kv.engine.decoder import Decoder
from catena.kv.engine.decoder_buffers import Buffers, has_equal_shapes
from catena.kv.engine.generation import Row, start, step
from catena.kv.engine.question_session import Session
from catena.kv.model_spec import spec_of
from catena.kv.policies.page_selection import PolicyInputs
from catena.kv.policies.policy import PRESETS, Policy, preset
from catena.kv.policies.trained_retriever import PageRetriever
from tests.kv import tiny

QUESTIONS = [tiny.tokens(9, seed=2), tiny.tokens(3, seed=4), tiny.tokens(21, seed=5)]
STEPS = 14
"""More than what is left of a KV page behind any of the questions."""
HALF = replace(preset("mean"), budget=0.3)
POLICIES = {
    "full": preset("full"),
    "quest": replace(preset("quest"), budget=0.2, dense_layers=1, refresh=3),
    "arkvale": replace(preset("arkvale"), budget=0.2, dense_layers=1),
    "mean": HALF,
    "unrotated": replace(HALF, space="unrotated"),
    "a layer chooses": replace(HALF, granularity="layer"),
    "once a question": replace(HALF, refresh=0),
    "window": replace(HALF, score="window", local_pages=2),
    "retro": replace(preset("retro"), budget=0.3),
}


@cache
def documents() -> list[DocumentKV]:
    """Two documents; the last question is on the second, the others are on the first."""
    read = [tiny.read_tokens("llama", tiny.tokens(count, seed=count)) for count in (150, 70)]
    return [read[0], read[0], read[1]]


def alone(policy: Policy, n: int) -> Row:
    """A question that was asked by itself, in shapes as they come."""
    return start(
        tiny.model(), Session(documents()[n], policy, PolicyInputs(retriever=retriever())), QUESTIONS[n]
    )


@cache
def retriever() -> PageRetriever:
    torch.manual_seed(0)
    return PageRetriever(3, 16).requires_grad_(False)


def decoder(policy: Policy, *, model: Any = None, num_pages: int = 40, device: str = "cpu") -> Decoder:
    """Of three rows."""
    memory = DevicePages(spec_of(tiny.model()), tiny.PAGE, num_pages, torch.device(device))
    buffers = Buffers(memory, policy, num_rows=3, max_pages=10, max_tail=40, retriever=retriever())
    return Decoder(model or tiny.model(), buffers)


def begin(fixed: Decoder, place: int, n: int) -> Tensor:
    """Ask a question in some row: logits (V)."""
    fixed.begin(place, documents()[n])
    return fixed.extend(place, QUESTIONS[n])


@pytest.mark.parametrize("name", POLICIES)
def test_equals_steps_of_any_shape(name: str, num_steps: int = STEPS) -> None:
    """Three questions on two documents, together in buffers, and each alone."""
    rows, fixed = [alone(POLICIES[name], n) for n in range(3)], decoder(POLICIES[name])
    found = [begin(fixed, n, n) for n in range(3)]
    for _ in range(num_steps):
        assert max(tiny.distance(one, row.logits) for one, row in zip(found, rows, strict=True)) < 1e-5
        tokens = torch.stack([row.logits.argmax() for row in rows])
        for row, token in zip(rows, tokens, strict=True):
            step(tiny.model(), [row], token[None])
        found = list(fixed.step(tokens))


@pytest.mark.skipif(
    find_spec("triton") is None, reason='Triton is not installed (pip install "catena-qa[kernels]")'
)
@pytest.mark.parametrize("name", ["quest", "retro"])
def test_equals_them_with_kernels_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the CPU in Triton's interpreter."""
    for module in (paged_attention, page_tables):
        monkeypatch.setattr(module, "backend_of", lambda device: "triton")
    test_equals_steps_of_any_shape(name, num_steps=2)


@pytest.mark.parametrize("name", POLICIES)
def test_a_row_leaves_and_another_comes(name: str) -> None:
    """The next question in the same place is not disturbed by what was there."""
    fixed, row = decoder(POLICIES[name]), alone(POLICIES[name], 0)
    begin(fixed, 1, 2)
    fixed.step(torch.zeros(3, dtype=torch.int64))
    assert tiny.distance(begin(fixed, 1, 0), row.logits) < 1e-5
    step(tiny.model(), [row], torch.tensor([7]))
    assert tiny.distance(fixed.step(torch.full((3,), 7))[1], row.logits) < 1e-5


@pytest.mark.parametrize("parts", [[21], [4, 17], [1] * 21])
def test_a_question_in_parts(parts: list[int]) -> None:
    fixed = decoder(preset("full"))
    fixed.begin(0, documents()[2])
    logits = [fixed.extend(0, part) for part in torch.split(QUESTIONS[2], parts)][-1]
    assert tiny.distance(logits, alone(preset("full"), 2).logits) < 1e-5


def test_documents_that_nobody_asks_make_room() -> None:
    fixed = decoder(HALF, num_pages=20)
    for n in (0, 2, 1):
        begin(fixed, 0, n)
    with pytest.raises(OptionError, match="are free"):
        begin(fixed, 1, 2)


def test_a_damaged_document_takes_no_room() -> None:
    def refuse(layer: int, pages: Tensor) -> None:
        raise StoreError("damaged")

    memory = DevicePages(spec_of(tiny.model()), tiny.PAGE, 10, torch.device("cpu"))
    with pytest.raises(StoreError):
        memory.acquire(replace(documents()[0], check=refuse))
    assert len(memory.allocate(10)) == 10


def test_an_answer_ends_where_its_room_ends() -> None:
    fixed = decoder(HALF)
    begin(fixed, 0, 0)
    with pytest.raises(OptionError, match="longer than 40"):
        for _ in range(32):
            fixed.step(torch.zeros(3, dtype=torch.int64))


@pytest.mark.parametrize("name", ["longheads", "lm-infinite", "squeezed", "random"])
def test_a_policy_without_equal_shapes_is_refused(name: str) -> None:
    assert not has_equal_shapes(PRESETS[name])
    with pytest.raises(OptionError, match=name):
        decoder(preset(name))


class Kernels:
    """Results of the right shape; what they hold is tested elsewhere."""

    @staticmethod
    def attend_pages(q: Tensor, *args: object) -> tuple[Tensor, Tensor]:
        return torch.empty_like(q), q.new_empty(q.shape[:3])

    @staticmethod
    def score_pages(q: Tensor, digest: Tensor, slots: Tensor, *args: object, is_shared: bool) -> Tensor:
        return q.new_empty(3, q.shape[1] if is_shared else q.shape[1] * q.shape[2], slots.shape[1])

    @staticmethod
    def choose_pages(*args: object, **sizes: int) -> None:
        """Writes in place."""


@pytest.mark.parametrize("name", POLICIES)
def test_a_step_reads_nothing_back(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be captured runs on tensors that have no values, and on no other device's."""
    for module in (paged_attention, page_tables):
        monkeypatch.setattr(module, "backend_of", lambda device: "triton")
    for kernel in ("attention_kernel", "choice_kernel"):
        monkeypatch.setattr(kernels, kernel, Kernels, raising=False)
    transformers_hooks.register()
    with torch.device("meta"):
        made = transformers.LlamaForCausalLM(transformers.LlamaConfig(**tiny.SIZES))
        made.set_attn_implementation(transformers_hooks.NAME)
    fixed = decoder(POLICIES[name], model=made, device="meta")
    assert fixed.run(is_choosing=True).shape == (3, 101)
