"""The server by LiteLLM, which is how Catena and many others reach any model: over HTTP, with a saved checkpoint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator
from typing import Any

import httpx
import pytest

from catena.benchmarks.kv.recall_model import make_recall, words_of
from catena.benchmarks.kv.recall_server import load_recall, served
from catena.llm.litellm_catalogue import load

KEYS = ("first-key-of-sixteen", "second-key-of-sixteen")
RECALL = make_recall(600, 20, seed=7)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("model")
    with served(load_recall(folder), folder / "kv", keys=KEYS) as address:
        yield address


@pytest.fixture(scope="module")
def document(url: str) -> str:
    """The key of a document that has been read."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEYS[0]}"}, timeout=60) as client:
        made = client.post("/v1/documents", json={"text": words_of(RECALL.tokens)}).json()
        while made["status"] != "ready":
            assert made["status"] != "failed"
            time.sleep(0.02)
            made = client.get(f"/v1/documents/{made['id']}").json()
    return str(made["id"])


def asking(
    url: str, document: str, fact: int, *, key: str = KEYS[0], **options: Any
) -> Coroutine[Any, Any, Any]:
    """Its synchronous twin leaves an event loop open."""
    options = {"max_tokens": 1, "kv": {"document_id": document, "policy": "quest"}, **options}
    completion: Coroutine[Any, Any, Any] = load().acompletion(
        model="openai/recall",
        api_base=f"{url}/v1",
        api_key=key,
        messages=[{"role": "user", "content": words_of(RECALL.question(fact))}],
        temperature=0,
        num_retries=0,
        extra_body={"kv": options.pop("kv")},
        **options,
    )
    return completion


def right(fact: int) -> str:
    return words_of(RECALL.values[fact : fact + 1])


def test_an_answer_and_what_it_took(url: str, document: str) -> None:
    answer = asyncio.run(asking(url, document, 4))
    assert answer.choices[0].message.content == right(4)
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (602, 1)
    assert answer.usage.prompt_tokens_details.cached_tokens == 600


def test_a_stream_is_the_answer_in_parts_and_ends_with_what_it_took(url: str, document: str) -> None:
    async def stream() -> list[Any]:
        options: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
        return [chunk async for chunk in await asking(url, document, 2, max_tokens=4, **options)]

    whole = asyncio.run(asking(url, document, 2, max_tokens=4))
    chunks = asyncio.run(stream())
    said = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    assert said == whole.choices[0].message.content and said.split()[0] == right(2)
    assert chunks[-1].usage.completion_tokens == 4


def test_a_client_that_leaves_ends_its_answer(url: str, document: str) -> None:
    async def leave() -> None:
        stream = await asking(url, document, 1, max_tokens=100_000, stream=True)
        async for _ in stream:
            break
        await stream.aclose()

    asyncio.run(leave())
    for _ in range(500):
        found = httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {KEYS[0]}"}, timeout=60).text
        if "catena_rows_active 0" in found:
            return
        time.sleep(0.02)
    raise AssertionError("the answer goes on")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kv": {"policy": "best"}}, "BadRequestError", "no KV-page policy"),
        ({"kv": {"document_id": "nothing"}}, "BadRequestError", "no document"),
        ({"top_logprobs": 21}, "BadRequestError", "top_logprobs"),
        ({"key": "wrong-key-of-sixteen"}, "AuthenticationError", "API key is missing or wrong"),
        ({"key": KEYS[1]}, "BadRequestError", "no document"),
    ],
)
def test_an_error_is_one_that_litellm_knows(
    url: str, document: str, options: dict[str, Any], error: str, message: str
) -> None:
    with pytest.raises(getattr(load(), error), match=message):
        asyncio.run(asking(url, document, 0, **options))
