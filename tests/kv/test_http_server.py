"""The server over real HTTP, with a saved checkpoint that truly recalls, by the clients that people use."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catena.benchmarks.kv.recall_model import Recall, make_recall, words_of
from catena.benchmarks.kv.recall_server import load_recall, served
from catena.kv.server.http_server import ServerLimits

KEYS = ("first-key-of-sixteen", "second-key-of-sixteen")
RECALL = make_recall(600, 20, seed=7)
TEXT = words_of(RECALL.tokens)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("model")
    limits = ServerLimits(max_body_bytes=100_000)
    local = load_recall(folder)
    with served(local, folder / "kv", keys=KEYS, limits=limits, max_document_tokens=2000) as address:
        yield address


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=KEYS[0], base_url=f"{url}/v1", max_retries=0) as made:
        yield made


@pytest.fixture(scope="module")
def document(client: openai.OpenAI) -> str:
    """The key of a document that has been read."""
    made: dict[str, Any] = client.post("/documents", body={"text": TEXT}, cast_to=dict[str, Any])
    return wait_until_ready(client, made["id"])


def wait_until_ready(client: openai.OpenAI, key: str) -> str:
    for _ in range(500):
        found: dict[str, Any] = client.get(f"/documents/{key}", cast_to=dict[str, Any])
        if found["status"] == "ready":
            return key
        assert found["status"] != "failed", found
        time.sleep(0.02)
    raise AssertionError("the document was not read in time")


def question(recall: Recall, fact: int) -> list[Any]:
    return [{"role": "user", "content": words_of(recall.question(fact))}]


def right(recall: Recall, fact: int) -> str:
    return words_of(recall.values[fact : fact + 1])


@pytest.mark.parametrize("policy", ["full", "quest", "squeezed", "mean"])
def test_answers_from_a_document_that_was_read_once(
    client: openai.OpenAI, document: str, policy: str
) -> None:
    kv = {"document_id": document, "policy": policy, "budget": 1.0}
    for fact in range(5):
        answer = client.chat.completions.create(
            model="recall",
            messages=question(RECALL, fact),
            max_tokens=1,
            temperature=0,
            extra_body={"kv": kv},
        )
        assert answer.choices[0].message.content == right(RECALL, fact)
        assert answer.usage and answer.usage.prompt_tokens_details
        assert answer.usage.prompt_tokens_details.cached_tokens == 600


@pytest.mark.parametrize("policy", ["infllm", "look-m", "lm-infinite"])
def test_a_document_is_read_with_the_policy_that_it_names(client: openai.OpenAI, policy: str) -> None:
    body = {"text": TEXT, "policy": policy, "goes_first": [[0, 20]] if policy == "look-m" else []}
    made: dict[str, Any] = client.post("/documents", body=body, cast_to=dict[str, Any])
    answer = client.chat.completions.create(
        model="recall",
        messages=question(RECALL, 2),
        max_tokens=1,
        temperature=0,
        extra_body={
            "kv": {"document_id": wait_until_ready(client, made["id"]), "policy": policy, "budget": 1.0}
        },
    )
    assert made["policy"] == policy
    assert policy == "lm-infinite" or answer.choices[0].message.content == right(RECALL, 2)


def test_no_document_is_read_with_what_needs_a_read_one(client: openai.OpenAI) -> None:
    for policy, message in (("squeezed", "needs one that was read"), ("retro", "a trained retriever")):
        with pytest.raises(openai.BadRequestError, match=message):
            client.post("/documents", body={"text": TEXT, "policy": policy}, cast_to=dict[str, Any])


def test_a_prompt_that_begins_with_a_document_finds_it(client: openai.OpenAI, document: str) -> None:
    asked = f"{TEXT} {words_of(RECALL.question(3))}"
    answer = client.completions.create(model="recall", prompt=asked, max_tokens=1, temperature=0)
    assert answer.choices[0].text == right(RECALL, 3)
    assert answer.usage and answer.usage.prompt_tokens_details
    assert answer.usage.prompt_tokens_details.cached_tokens == 600


def test_a_prompt_that_shares_a_beginning_uses_whole_kv_pages(client: openai.OpenAI, document: str) -> None:
    asked = f"{words_of(RECALL.tokens[:100])} noise1 {words_of(RECALL.question(0))}"
    answer = client.completions.create(model="recall", prompt=asked, max_tokens=1, temperature=0)
    assert answer.usage and answer.usage.prompt_tokens_details
    assert answer.usage.prompt_tokens_details.cached_tokens == 96


def test_streams_what_it_would_say_at_once(client: openai.OpenAI, document: str) -> None:
    options: dict[str, Any] = {
        "model": "recall",
        "messages": question(RECALL, 1),
        "max_tokens": 6,
        "temperature": 0,
        "extra_body": {"kv": {"document_id": document}},
    }
    whole = client.chat.completions.create(**options)
    chunks = list(
        client.chat.completions.create(**options, stream=True, stream_options={"include_usage": True})
    )
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "length"
    assert chunks[-1].usage == whole.usage


def test_says_where_in_the_text_the_attention_went(client: openai.OpenAI, document: str) -> None:
    kv = {"document_id": document, "policy": "quest", "spans": True}
    answer = client.chat.completions.create(
        model="recall", messages=question(RECALL, 2), max_tokens=1, temperature=0, extra_body={"kv": kv}
    )
    start, end, share = answer.model_extra["kv"]["spans"][0]  # type: ignore[index]
    assert f"{words_of(RECALL.keys[2:3])} {right(RECALL, 2)}" in TEXT[max(0, start - 10) : end + 10]
    assert 0 < share <= 1


def test_the_same_seed_says_the_same(client: openai.OpenAI, document: str) -> None:
    said = {
        client.chat.completions.create(
            model="recall",
            messages=question(RECALL, 1),
            max_tokens=8,
            temperature=1.5,
            seed=5,
            extra_body={"kv": {"document_id": document}},
        )
        .choices[0]
        .message.content
        for _ in range(3)
    }
    assert len(said) == 1


def test_stops_before_a_stop_text(client: openai.OpenAI, document: str) -> None:
    answer = client.chat.completions.create(
        model="recall",
        messages=question(RECALL, 1),
        max_tokens=5,
        temperature=0,
        stop=[right(RECALL, 1)],
        extra_body={"kv": {"document_id": document}},
    )
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("", "stop")


def test_two_keys_do_not_see_each_other(url: str, client: openai.OpenAI, document: str) -> None:
    with openai.OpenAI(api_key=KEYS[1], base_url=f"{url}/v1", max_retries=0) as other:
        with pytest.raises(openai.NotFoundError):
            other.get(f"/documents/{document}", cast_to=dict[str, Any])
        with pytest.raises(openai.NotFoundError):
            other.delete(f"/documents/{document}", cast_to=dict[str, Any])
        assert other.get("/documents", cast_to=dict[str, Any])["data"] == []
        with pytest.raises(openai.BadRequestError, match="no document"):
            other.chat.completions.create(
                model="recall", messages=question(RECALL, 0), extra_body={"kv": {"document_id": document}}
            )
        answer = other.completions.create(model="recall", prompt=f"{TEXT} ask key1", max_tokens=1)
        assert answer.usage and answer.usage.prompt_tokens_details
        assert answer.usage.prompt_tokens_details.cached_tokens == 0


@pytest.mark.parametrize("stream", [False, True])
def test_chances_are_told_of_each_token(client: openai.OpenAI, stream: bool) -> None:
    asked: Any = {"model": "recall", "messages": question(RECALL, 1), "max_tokens": 3, "temperature": 0}
    found: Any = client.chat.completions.create(**asked, stream=stream, logprobs=True, top_logprobs=4)
    choices = [one.choices[0] for one in found if one.choices] if stream else [found.choices[0]]
    places = [place for one in choices if one.logprobs for place in one.logprobs.content or ()]
    assert len(places) == 3
    for place in places:
        chances = [one.logprob for one in place.top_logprobs]
        assert len(chances) == 4 and chances == sorted(chances, reverse=True)
        assert place.token == place.top_logprobs[0].token and place.logprob == chances[0]
        assert 0 < sum(math.exp(one) for one in chances) <= 1.001


def test_a_prompt_that_begins_like_the_last_is_not_read_twice(url: str) -> None:
    long = "word " * 200

    def asked(end: str, key: str) -> tuple[str, int]:
        with openai.OpenAI(api_key=key, base_url=f"{url}/v1", max_retries=0) as client:
            found = client.chat.completions.create(
                model="recall",
                messages=[{"role": "user", "content": f"{long}{end}"}],
                max_tokens=4,
                temperature=0,
            )
        details = found.usage.prompt_tokens_details if found.usage else None
        assert details is not None and details.cached_tokens is not None
        return found.choices[0].message.content or "", details.cached_tokens

    alone, none = asked("ask key1", KEYS[1])
    assert none == 0
    assert asked("ask key2", KEYS[0])[1] == 0, "of another owner"
    again, reused = asked("ask key1", KEYS[0])
    assert again == alone and reused > 150


def test_a_document_from_queue_to_deletion(client: openai.OpenAI) -> None:
    text = words_of(make_recall(900, seed=3).tokens)
    made: dict[str, Any] = client.post("/documents", body={"text": text}, cast_to=dict[str, Any])
    again: dict[str, Any] = client.post("/documents", body={"text": text}, cast_to=dict[str, Any])
    assert made["status"] == "queued" and again["id"] == made["id"]
    key = wait_until_ready(client, made["id"])
    assert key in {found["id"] for found in client.get("/documents", cast_to=dict[str, Any])["data"]}
    assert client.delete(f"/documents/{key}", cast_to=dict[str, Any])["deleted"]
    with pytest.raises(openai.NotFoundError):
        client.get(f"/documents/{key}", cast_to=dict[str, Any])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tools": [{"type": "function"}]}, "tools is not supported"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"n": 2}, "n: "),
        ({"temperature": 3}, "temperature"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages"),
        ({"kv": {"policy": "best"}}, "no KV-page policy"),
        ({"kv": {"budget": 2}}, "budget"),
        ({"kv": {"policy": "full", "budget": 0.5}}, "sees everything"),
        ({"kv": {"document_id": "nothing"}}, "no document"),
        ({"kv": {"policies": "quest"}}, "policies is not supported"),
    ],
)
def test_what_is_not_served_is_refused(url: str, changed: dict[str, Any], message: str) -> None:
    body = {
        "model": "recall",
        "messages": [{"role": "user", "content": "ask key1"}],
        "max_tokens": 1,
        **changed,
    }
    reply = httpx.post(
        f"{url}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {KEYS[0]}"}, timeout=60
    )
    assert reply.status_code == 400
    assert message in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"model": "recall", "prompt": "", "max_tokens": 1}', "The prompt is empty"),
        (b"{bad", "The body is not JSON"),
    ],
)
def test_nothing_asked_and_no_json_are_refused(url: str, body: bytes, message: str) -> None:
    headers = {"Authorization": f"Bearer {KEYS[0]}", "Content-Type": "application/json"}
    reply = httpx.post(f"{url}/v1/completions", content=body, headers=headers, timeout=60)
    assert reply.status_code == 400
    assert message in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    "more",
    [
        {
            "store": False,
            "metadata": {"run": "7"},
            "user": "me",
            "service_tier": "auto",
            "safety_identifier": "x",
        },
        {
            "top_k": -1,
            "min_p": 0,
            "repetition_penalty": 1.0,
            "logit_bias": {},
            "logprobs": False,
            "top_logprobs": 0,
        },
        {"tools": [], "tool_choice": "auto", "functions": [], "parallel_tool_calls": True},
        {"tools": None, "tool_choice": None, "response_format": None, "stream_options": None, "stop": None},
        {"response_format": {"type": "text"}, "modalities": ["text"], "top_k": 20, "n": 1},
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"stream_options": {"include_usage": False, "include_obfuscation": False}},
        {
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": "Which key?", "name": "me"},
                {"role": "assistant", "content": None, "tool_calls": [], "refusal": None, "audio": None},
                {"role": "tool", "content": "key1", "tool_call_id": "c1"},
                {"role": "user", "content": [{"type": "text", "text": "ask key1"}]},
            ]
        },
    ],
)
def test_what_changes_nothing_is_taken(url: str, more: dict[str, Any]) -> None:
    messages = [{"role": "user", "content": "ask key1"}]
    body = {"model": "recall", "messages": messages, "max_tokens": 1, "temperature": 0, **more}
    headers = {"Authorization": f"Bearer {KEYS[0]}"}
    reply = httpx.post(f"{url}/v1/chat/completions", json=body, headers=headers, timeout=60)
    assert reply.status_code == 200, reply.text


def test_one_model_is_told_of_by_its_name(client: openai.OpenAI) -> None:
    assert client.models.retrieve("recall").id == "recall"
    with pytest.raises(openai.NotFoundError, match="The model here is recall"):
        client.models.retrieve("other/model")


@pytest.mark.parametrize("ids", [[999_999], [0, 2**40], [2**70], [-1]])
def test_ids_that_no_token_has_are_refused_and_the_engine_goes_on(
    client: openai.OpenAI, url: str, ids: list[int]
) -> None:
    with pytest.raises(openai.BadRequestError):
        client.post("/documents", body={"token_ids": ids}, cast_to=dict[str, Any])
    assert client.completions.create(model="recall", prompt="ask key1", max_tokens=1).choices
    health = httpx.get(f"{url}/health", timeout=60)
    assert (health.status_code, health.json()["status"]) == (200, "ok")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "document_id", "policy"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
FIELDS = [
    "messages",
    "prompt",
    "model",
    "max_tokens",
    "temperature",
    "stop",
    "kv",
    "tools",
    "text",
    "token_ids",
    "stream",
]


@given(
    st.sampled_from(["chat/completions", "completions", "documents"]),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5),
)
@hypothesis_settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_body_is_answered_or_refused(url: str, path: str, body: dict[str, Any]) -> None:
    given_body = {"model": "recall", "max_tokens": 1, **body} if path != "documents" else body
    content = json.dumps(given_body)
    headers = {"Authorization": f"Bearer {KEYS[0]}", "Content-Type": "application/json"}
    reply = httpx.post(f"{url}/v1/{path}", content=content, headers=headers, timeout=60)
    assert reply.status_code < 500, reply.text
    assert httpx.get(f"{url}/health", timeout=60).status_code == 200


def test_another_model_is_not_answered_for(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="The model here is recall"):
        client.completions.create(model="gpt", prompt="ask key1")


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer wrong-key-of-sixteen"}, {"Authorization": KEYS[0]}]
)
def test_a_wrong_key_gets_nothing(url: str, header: dict[str, str]) -> None:
    reply = httpx.get(f"{url}/v1/models", headers=header, timeout=60)
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "invalid_api_key")


def test_a_body_that_is_too_large_is_refused(url: str) -> None:
    headers = {"Authorization": f"Bearer {KEYS[0]}"}
    reply = httpx.post(f"{url}/v1/documents", json={"text": "noise1 " * 20_000}, headers=headers, timeout=60)
    assert (reply.status_code, reply.json()["error"]["message"]) == (
        413,
        "The request is larger than 100,000 bytes.",
    )


def test_a_document_that_is_too_long_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match=r"3,000 tokens; 1 to 2,000"):
        client.post("/documents", body={"text": "noise1 " * 3000}, cast_to=dict[str, Any])


def test_a_client_that_leaves_ends_its_answer(url: str, client: openai.OpenAI, document: str) -> None:
    stream = client.chat.completions.create(
        model="recall",
        messages=question(RECALL, 1),
        max_tokens=100_000,
        stream=True,
        extra_body={"kv": {"document_id": document}},
    )
    next(iter(stream))
    stream.close()
    for _ in range(250):
        if "catena_rows_active 0" in metrics(url):
            return
        time.sleep(0.02)
    raise AssertionError("the answer goes on")


def test_health_needs_no_key_and_metrics_count(url: str, client: openai.OpenAI) -> None:
    assert httpx.get(f"{url}/health", timeout=60).json() == {"status": "ok", "model": "recall"}
    before = metrics(url)
    client.completions.create(model="recall", prompt="ask key1", max_tokens=1)
    assert metrics(url) != before


def test_metrics_show_what_came_from_disk(url: str, client: openai.OpenAI, document: str) -> None:
    kv = {"document_id": document, "policy": "mean", "budget": 0.1}
    asked: list[Any] = [
        client.chat.completions.create(
            model="recall", messages=question(RECALL, 3), max_tokens=1, extra_body={"kv": kv}
        ).model_extra["kv"]  # type: ignore[index]
        for _ in range(2)
    ]
    assert asked[1]["bytes_loaded"] == 0 < asked[1]["bytes_selected"]
    counted = dict(line.split() for line in metrics(url).splitlines() if line[0] != "#")
    assert int(counted["catena_kv_pages_hit_total"]) > 0 < int(counted["catena_kv_bytes_loaded_total"])
    assert 0 < int(counted["catena_kv_pool_bytes"]) <= int(counted["catena_kv_pool_limit_bytes"])


def metrics(url: str) -> str:
    return httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {KEYS[0]}"}, timeout=60).text


def test_many_at_once_get_each_their_own(client: openai.OpenAI, document: str) -> None:
    answers: dict[int, str | None] = {}

    def ask(fact: int) -> None:
        answers[fact] = (
            client.chat.completions.create(
                model="recall",
                messages=question(RECALL, fact),
                max_tokens=1 + fact % 3,
                temperature=0,
                extra_body={"kv": {"document_id": document}},
            )
            .choices[0]
            .message.content
        )

    threads = [threading.Thread(target=ask, args=(fact,)) for fact in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {fact: (said or "").split()[0] for fact, said in answers.items()} == {
        n: right(RECALL, n) for n in range(16)
    }


def test_server_sent_events_are_as_openai_sends_them(url: str, document: str) -> None:
    body = {
        "model": "recall",
        "messages": question(RECALL, 1),
        "max_tokens": 2,
        "stream": True,
        "kv": {"document_id": document},
    }
    headers = {"Authorization": f"Bearer {KEYS[0]}"}
    with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, headers=headers) as reply:
        lines = [line for line in reply.iter_lines() if line]
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert lines[-1] == "data: [DONE]"
    first = json.loads(lines[0].removeprefix("data: "))
    assert (first["object"], first["choices"][0]["delta"]["role"]) == ("chat.completion.chunk", "assistant")
