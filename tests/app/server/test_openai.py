"""The library as a model of OpenAI's protocol, by OpenAI's own client over a real port."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from catena import Catena
from catena.app.server.chat_tasks import chore
from tests.app.server.serving import KEY, library, served

QUESTION = "How long does the battery of the lantern last?"
MISSING = "Who won the chess tournament in Lisbon?"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with library(tmp_path_factory.mktemp("chat")) as client, served(client) as address:
        yield f"{address}/openai/v1"


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=KEY, base_url=url, max_retries=0, timeout=300) as made:
        yield made


def said(*texts: str) -> list[Any]:
    roles = ("user", "assistant")
    return [{"role": roles[place % 2], "content": text} for place, text in enumerate(texts)]


def check_citation(content: str, annotation: dict[str, Any]) -> None:
    """The link in the text, the quote, and the picture that opens without a key."""
    cited = annotation["url_citation"]
    assert content[cited["start_index"] : cited["end_index"]] == f"[p. 1]({cited['url']})"
    assert "forty hours" in cited["quote"] and cited["quote_status"] == "verified" and cited["boxes"]
    assert httpx.get(cited["url"]).content.startswith(b"\x89PNG")


def test_models_are_the_library_and_its_documents(client: openai.OpenAI) -> None:
    assert [one.id for one in client.models.list()] == [
        "catena/library", "catena/collection/Lights", "catena/lantern", "catena/bakery"
    ]  # fmt: skip
    assert client.models.retrieve("catena/lantern").owned_by == "catena"
    assert client.models.retrieve("catena/collection/lights").owned_by == "catena"
    for nothing in ("catena/nothing", "catena/collection/nothing"):
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve(nothing)


@pytest.mark.parametrize("model", ["catena/library", "catena/collection/Lights", "catena/lantern"])
def test_an_answer_has_links_and_annotations(client: openai.OpenAI, model: str) -> None:
    reply = client.chat.completions.create(model=model, messages=said(QUESTION), temperature=0.3)
    message = reply.choices[0].message
    assert message.content and "forty hours" in message.content and message.refusal is None
    check_citation(message.content, message.annotations[0].model_dump())  # type: ignore[index]
    assert reply.choices[0].finish_reason == "stop"
    assert reply.model_dump()["catena"]["statements"][0]["support"] == "quoted"


def test_a_streamed_answer_has_them_too(client: openai.OpenAI) -> None:
    content, thoughts, found, last = "", "", list[Any](), dict[str, Any]()
    options: Any = {"include_usage": True}
    for chunk in client.chat.completions.create(
        model="catena/lantern", messages=said(QUESTION), stream=True, stream_options=options
    ):
        last = {**last, **{key: value for key, value in chunk.model_dump().items() if value}}
        for choice in chunk.choices:
            delta = choice.delta.model_dump()
            content += delta.get("content") or ""
            thoughts += delta.get("reasoning_content") or ""
            found += delta.get("annotations") or []
    check_citation(content, found[0])
    assert thoughts and last["usage"]["total_tokens"] == 0 and last["catena"]["citations"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_is_an_answer_that_a_program_knows(client: openai.OpenAI, stream: bool) -> None:
    reply = client.chat.completions.create(model="catena/bakery", messages=said(MISSING), stream=stream)
    if isinstance(reply, openai.Stream):
        parts = [choice.delta for chunk in reply for choice in chunk.choices]
        content = "".join(part.content or "" for part in parts)
        refusal = next(part.refusal for part in parts if part.refusal)
    else:
        content, refusal = reply.choices[0].message.content or "", reply.choices[0].message.refusal or ""
    assert refusal and content.startswith(refusal)


def test_a_follow_up_is_understood_by_what_was_said(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(model="catena/lantern", messages=said("Who makes the lantern?"))
    answer = first.choices[0].message.content or ""
    second = client.chat.completions.create(
        model="catena/lantern",
        messages=said("Who makes the lantern?", answer, "And how long is its warranty?"),
    )
    assert "five years" in (second.choices[0].message.content or "")
    assert "lantern" in second.model_dump()["catena"]["read_as"]


def test_documents_and_options_may_be_named_beside(client: openai.OpenAI) -> None:
    beside = {"catena": {"documents": ["bakery"], "options": {"strategy": "retrieve"}}}
    reply = client.chat.completions.create(
        model="any", messages=said("When does it open?"), extra_body=beside
    )
    assert "six" in (reply.choices[0].message.content or "")
    assert reply.model_dump()["catena"]["strategy"] == "retrieve"


def test_what_a_chat_program_keeps_is_not_kept_here(tmp_path_factory: pytest.TempPathFactory) -> None:
    with library(tmp_path_factory.mktemp("kept")) as catena, served(catena) as address:
        asked = {"model": "catena/lantern", "messages": said(QUESTION)}
        keys = {"Authorization": f"Bearer {KEY}"}
        for options in ({}, {"thread_id": "kept"}):
            body = {**asked, "catena": {"options": options}}
            assert httpx.post(
                f"{address}/openai/v1/chat/completions", json=body, headers=keys, timeout=300
            ).is_success
        assert [one.thread_id for one in catena.threads.all()] == ["kept"]


@pytest.mark.parametrize(
    "body, kind",
    [
        ({"model": "catena/nothing"}, openai.NotFoundError),
        ({"messages": said("x", "y")}, openai.BadRequestError),
        ({"messages": said(" ")}, openai.BadRequestError),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, openai.BadRequestError),
        ({"n": 2}, openai.UnprocessableEntityError),
        ({"response_format": {"type": "json_object"}}, openai.UnprocessableEntityError),
        ({"extra_body": {"catena": {"thing": 1}}}, openai.UnprocessableEntityError),
        ({"stream": True, "model": "catena/nothing"}, openai.NotFoundError),
    ],
)
def test_what_cannot_be_answered_says_why(
    client: openai.OpenAI, body: dict[str, Any], kind: type[openai.APIStatusError]
) -> None:
    asked = {"model": "catena/lantern", "messages": said(QUESTION), **body}
    with pytest.raises(kind) as raised:
        client.chat.completions.create(**asked)
    assert isinstance(raised.value.body, dict) and raised.value.body["message"] and raised.value.body["code"]


def test_a_wrong_key_is_told_in_openais_form(url: str) -> None:
    with (
        openai.OpenAI(api_key="wrong", base_url=url, max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()


HISTORY = (
    "### Chat History:\n<chat_history>\nUSER: How long does the battery last on one charge at sea?\nASSISTANT: x\n"
    "</chat_history>"
)
CHORES: dict[str, tuple[str, str, Any]] = {
    "title": ("Generate a 3-5 word title", '{ "title": "…" }', "How long does the battery last on one…"),
    "tags": ("Generate 1-3 broad tags", '{ "tags": ["tag1", "tag2"] }', []),
    "follow_ups": ("Suggest 3-5 relevant follow-up questions", '{ "follow_ups": ["Question 1?"] }', []),
    "queries": ("Determine the necessity of generating search queries", '{ "queries": ["query1"] }', []),
    "text": ("You are an autocompletion system.", '{ "text": "<your_completion>" }', ""),
}


@pytest.mark.parametrize("name", CHORES)
def test_chores_of_chat_programs_are_not_answered_from_documents(client: openai.OpenAI, name: str) -> None:
    what, form, wanted = CHORES[name]
    asked = f"### Task:\n{what}\n### Output:\nJSON format: {form}\n{HISTORY}"
    reply = client.chat.completions.create(model="catena/library", messages=said(asked))
    assert json.loads(reply.choices[0].message.content or "") == {name: wanted}
    assert not reply.choices[0].message.annotations


def test_a_question_is_no_chore() -> None:
    assert chore("What does ### Task: mean?") is None and chore("Generate a concise title") is None


def test_markup_of_a_document_is_no_link_of_ours(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("markup")
    (folder / "trap.txt").write_text(
        "The code of the gate is [seven](http://evil.example/?q=1) ![x](http://evil.example)."
    )
    with Catena(folder / "home") as catena, served(catena) as address:
        catena.add(folder / "trap.txt")
        body = {"model": "catena/library", "messages": said("What is the code of the gate?")}
        reply = httpx.post(
            f"{address}/openai/v1/chat/completions",
            json=body,
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=300,
        )
    assert "](http://evil" not in reply.json()["choices"][0]["message"]["content"]
