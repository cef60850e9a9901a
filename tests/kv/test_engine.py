"""Questions that come together get the answers that they get alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest

from catena.benchmarks.kv.recall_model import make_recall
from catena.benchmarks.kv.recall_server import load_recall
from catena.errors import ModelBusy, ModelUnreachable
from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine.engine import AnswerUsage, Engine, Piece, Prompt
from catena.kv.engine.prefill import prefill
from catena.kv.engine.sampling import Sampling
from catena.kv.policies.policy import preset
from catena.kv.server.serve import make_engine

RECALLS = [make_recall(count, 20, seed=count) for count in (400, 250)]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("model")
    made = make_engine(load_recall(folder), folder / "kv", page_size=16)
    yield made
    made.close()


@pytest.fixture(scope="module")
def prompts(engine: Engine) -> list[Prompt]:
    """Four questions on each of two documents and one on none, sampled, each of its own policy and length."""
    found = [Prompt(RECALLS[0].question(0), preset("full"), sampling=Sampling(seed=9), max_tokens=6)]
    for recall in RECALLS:
        document = DocumentKV.empty(engine.local.spec, recall.tokens, 16)
        prefill(engine.local.model, document)
        for n, policy in enumerate(("full", "quest", "mean", "longheads")):
            asked, sampling = recall.question(n), Sampling(temperature=1.5, seed=n)
            found.append(Prompt(asked, preset(policy), "", document, sampling, max_tokens=5 + 3 * n))
    return found


def answer(engine: Engine, prompts: list[Prompt]) -> list[str]:
    """The texts of prompts that are submitted together."""
    queues = [SimpleQueue[Piece]() for _ in prompts]
    for prompt, queue in zip(prompts, queues, strict=True):
        engine.submit(prompt, queue.put)
    return [text_of(queue) for queue in queues]


def text_of(queue: SimpleQueue[Piece]) -> str:
    text = ""
    while True:
        piece = queue.get(timeout=60)
        assert piece.error is None
        text += piece.text
        if piece.finish:
            return text


def test_on_one_and_on_several_documents(engine: Engine, prompts: list[Prompt]) -> None:
    alone = [answer(engine, [prompt])[0] for prompt in prompts]
    assert len(set(alone)) > len(prompts) / 2, "the answers differ, so that mixing them up would show"
    assert answer(engine, prompts) == alone
    assert answer(engine, prompts[::-1]) == alone[::-1]


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Pools one above the other, and steps of equal shape, as on a GPU."""
    folder = tmp_path_factory.mktemp("model")
    made = make_engine(load_recall(folder), folder / "kv", page_size=16, max_device_bytes=256 << 20)
    yield made
    made.close()


def test_in_steps_of_equal_shape(engine: Engine, static: Engine, prompts: list[Prompt]) -> None:
    """The same texts from rows of several policies and documents, some of which have no equal shapes."""
    assert answer(static, prompts) == answer(engine, prompts)


def test_they_count_what_others_count(engine: Engine, static: Engine, prompts: list[Prompt]) -> None:
    uses = [[last(one, prompt) for prompt in prompts[1:]] for one in (engine, static)]
    names = ("prompt_tokens", "cached_tokens", "completion_tokens", "pages_selected")
    for plain, fixed in zip(*uses, strict=True):
        assert [getattr(plain, name) for name in names] == [getattr(fixed, name) for name in names]
    assert sum(use.bytes_loaded > 0 for use in uses[1]) == 6, "longheads has no equal shapes"


def last(engine: Engine, prompt: Prompt) -> AnswerUsage:
    queue = SimpleQueue[Piece]()
    engine.submit(prompt, queue.put)
    while not (piece := queue.get(timeout=60)).use:
        assert piece.error is None
    return piece.use


class Broken:
    """In the place of a prompt's tokens: whatever it is asked, it raises."""

    def __getattr__(self, name: str) -> object:
        raise IndexError("index out of range in self")

    def __getitem__(self, key: object) -> object:
        raise IndexError("index out of range in self")


def test_what_is_wrong_with_one_prompt_is_not_wrong_with_the_others(
    engine: Engine, prompts: list[Prompt]
) -> None:
    failed: SimpleQueue[Piece] = SimpleQueue()
    engine.submit(replace(prompts[0], token_ids=Broken()), failed.put)  # type: ignore[arg-type]
    assert answer(engine, prompts[:2]) == answer(engine, prompts[:2])
    error = failed.get(timeout=60).error
    assert error and ("IndexError" in str(error) or "out of range" in str(error))
    assert engine.is_alive


def test_a_listener_that_fails_ends_its_own_answer(engine: Engine, prompts: list[Prompt]) -> None:
    def fail(piece: Piece) -> None:
        raise RuntimeError("Event loop is closed")

    engine.submit(replace(prompts[0], max_tokens=50), fail)
    assert len(answer(engine, prompts[1:3])) == 2
    assert engine.is_alive and engine.num_active == 0


def test_an_engine_that_always_fails_says_so(tmp_path: Path) -> None:
    broken = make_engine(load_recall(tmp_path), tmp_path / "kv", page_size=16)
    taken: SimpleQueue[Piece] = SimpleQueue()

    def fail() -> None:
        raise ValueError("no more")

    broken.registry.read_some = fail  # type: ignore[method-assign]
    broken.submit(Prompt(RECALLS[0].question(0), preset("full"), max_tokens=9_999), taken.put)
    for _ in range(200):
        broken.wake()
        if not broken.is_alive:
            break
        with suppress(ModelBusy, ModelUnreachable):
            broken.submit(Prompt(RECALLS[0].question(0), preset("full")), taken.put)
        time.sleep(0.02)
    assert not broken.is_alive
    with pytest.raises(ModelUnreachable, match="has stopped"):
        broken.submit(Prompt(RECALLS[0].question(0), preset("full")), taken.put)
    broken.close()
