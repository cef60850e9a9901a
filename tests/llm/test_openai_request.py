"""Servers that speak OpenAI's protocol in their own way: what they send is read, what they refuse is left out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catena.errors import ModelBusy, ModelError, ModelRefused, ModelSilent, ModelUnreachable
from catena.llm import openai_request
from catena.llm.loop_detection import is_looping
from catena.llm.protocol import LLM, Completion, Message
from catena.llm.wire_format import Failed, ServerQuirks
from catena.testing import Fault, StubModel

ASKED: list[Message] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Where is it?"},
]
SAID = "It is here."
Compose = Callable[..., LLM]


def call(llm: LLM, on_text: Callable[[str], None] | None = None) -> Completion:
    return asyncio.run(llm.complete(ASKED, max_tokens=50, on_text=on_text))


def whole(content: object = SAID, **fields: Any) -> Fault:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return Fault("says", body=json.dumps({"id": "x", "model": "m", "choices": [choice], **fields}))


def chunk(content: object, finish: str | None = None) -> str:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return "data: " + json.dumps({"id": "x", "model": "m", "choices": [choice]})


def stream(*lines: str, end: str = "\n\n") -> Fault:
    return Fault("says", body="".join(line + end for line in lines), content_type="text/event-stream")


@pytest.mark.parametrize(
    "fault",
    [
        whole([{"type": "text", "text": SAID}]),
        whole([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": SAID}]),
        whole({"type": "text", "text": SAID}),
        whole(usage={"prompt_tokens": -4, "completion_tokens": 1e30}),
        whole(usage=None, created="now", id=None, model=None),
        whole(usage={"prompt_tokens": {"a": []}}, system_fingerprint=[[[]]]),
        Fault("says", body="\ufeff" + whole().body),
        Fault("says", body=json.dumps({"choices": [{"text": SAID}]})),
        Fault("says", body=json.dumps({"choices": [{"message": {"content": SAID + "\ud800"[:0]}}]})),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_whole_reply_of_any_form_is_read(compose: Compose, fault: Fault, is_streamed: bool) -> None:
    pieces: list[str] = []
    with StubModel([fault]) as stub:
        done = call(compose(stub), pieces.append if is_streamed else None)
    assert done.text == SAID and done.prompt_tokens > 0 and done.completion_tokens > 0
    assert "".join(pieces) == (SAID if is_streamed else "")


@pytest.mark.parametrize(
    "fault",
    [
        stream(chunk("It is "), chunk("here."), chunk("", "stop"), "data: [DONE]"),
        stream(chunk("It is "), chunk("here."), "data: [DONE]"),
        stream(chunk("It is "), chunk("here.", "stop")),
        stream(": ping", chunk("It is "), ": ping", chunk("here."), "data:[DONE]", end="\r\n\r\n"),
        stream(
            "event: message\nid: 7\n" + chunk("It is "),
            chunk([{"type": "text", "text": "here."}]),
            "data: [DONE]",
        ),
        stream(
            'data: {"choices": null}',
            chunk(None),
            chunk("It is here.", "stop"),
            chunk(" More."),
            "data: [DONE]",
        ),
        stream('data: {"choices": [], "usage": {"prompt_tokens": 3}}', chunk("It is here.", "end_turn")),
    ],
)
def test_a_stream_of_any_form_is_read(compose: Compose, fault: Fault) -> None:
    pieces: list[str] = []
    with StubModel([fault]) as stub:
        assert call(compose(stub), pieces.append).text == SAID == "".join(pieces)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (stream(chunk("It is ")), "broke off"),
        (stream(chunk("It is "), 'data: {"error": {"message": "CUDA out of memory"}}'), "out of memory"),
        (stream(chunk("It is "), 'data: {"id": "x", "choi'), "not JSON"),
        (Fault("says", body="<html><h1>Sign in</h1></html>", content_type="text/html"), "web page"),
        (Fault("says", body='{"error": "the model is loading"}'), "is loading"),
        (Fault("says", body='{"choices": []}'), "without choices"),
        (Fault("says", body="[" * 50_000), "not JSON"),
        (Fault("says", body="null"), "no reply"),
        (Fault("says", status=301, body=""), "redirects|status 301"),
        (Fault("says", status=502, body="<html>Bad Gateway</html>", content_type="text/html"), "web page"),
    ],
)
def test_what_is_no_reply_is_named(compose: Compose, fault: Fault, words: str) -> None:
    with StubModel([fault] * 9) as stub, pytest.raises(ModelUnreachable, match=words):
        call(compose(stub), print)


def refusal(message: str, status: int = 400, **fields: str) -> Fault:
    return Fault("says", status=status, body=json.dumps({"error": {"message": message, **fields}}))


@pytest.mark.parametrize(
    ("refusals", "gone"),
    [
        ([refusal("Unsupported value: 'temperature' does not support 0 with this model.")], ["temperature"]),
        ([refusal("Unrecognized request argument", param="temperature")], ["temperature"]),
        ([refusal("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")], ["max_tokens"]),
        (
            [refusal("max_tokens is unknown"), refusal("max_completion_tokens is unknown")],
            ["max_tokens", "max_completion_tokens"],
        ),
        (
            [Fault("says", status=422, body='{"detail": [{"loc": ["body", "stream_options"], "msg": "extra"}]}')],
            ["stream_options"],
        ),
        ([refusal("Streaming is not supported by this deployment.")], ["stream", "stream_options"]),
        (
            [refusal("temperature?"), refusal("max_tokens is not supported"), refusal("stream_options forbidden")],
            ["temperature"],
        ),
    ],
)  # fmt: skip
def test_a_refused_parameter_is_left_out_and_remembered(
    compose: Compose, refusals: list[Fault], gone: list[str]
) -> None:
    with StubModel([*refusals, SAID, SAID]) as stub:
        llm = compose(stub)
        assert call(llm, print).text == SAID
        asked = stub.requests()
        assert len(asked) == len(refusals) + 1
        assert all(name in asked[0] or name.startswith("max_completion") for name in gone)
        assert not any(name in asked[-1] for name in gone)
        asyncio.run(llm.complete([{"role": "user", "content": "Again?"}], max_tokens=9, on_text=print))
        assert len(stub.requests()) == len(refusals) + 2 and not any(
            name in stub.requests()[-1] for name in gone
        )


@pytest.mark.parametrize(
    "message",
    [
        "System role not supported",
        "Only user and assistant roles are supported!",
        "Developer instruction is not enabled",
    ],
)
def test_instructions_go_to_the_user_where_there_is_no_role_for_them(compose: Compose, message: str) -> None:
    with StubModel([refusal(message), SAID]) as stub:
        assert call(compose(stub)).text == SAID
        assert stub.requests()[-1]["messages"] == [{"role": "user", "content": "Be brief.\n\nWhere is it?"}]


def test_a_shorter_reply_is_asked_for_where_the_server_says_how_long(compose: Compose) -> None:
    too_large = refusal("max_tokens is too large: 50. This model supports at most 40 completion tokens.")
    with StubModel([too_large, SAID]) as stub:
        call(compose(stub))
        assert stub.requests()[-1]["max_tokens"] == 40


@pytest.mark.parametrize(
    ("fault", "setting"),
    [
        (refusal("This model's maximum context length is 2048 tokens. However, you requested 9000."), "WINDOW=2048"),
        (refusal("the request exceeds the available context size. try increasing it"), "CATENA_CONTEXT_WINDOW to"),
        (Fault("says", status=400, body='{"error": "is loaded with context length of only 4096 tokens"}'), "=4096"),
        (Fault("says", status=422, body='{"error": "`inputs` tokens + `max_new_tokens` must be <= 4096."}'), "=4096"),
        (refusal("prompt is too long: 210000 tokens > 200000 maximum"), "CATENA_CONTEXT_WINDOW to"),
    ],
)  # fmt: skip
def test_a_prompt_that_is_too_long_names_the_window(compose: Compose, fault: Fault, setting: str) -> None:
    with StubModel([fault]) as stub:
        with pytest.raises(ModelRefused, match="too long") as raised:
            call(compose(stub))
        assert setting in raised.value.remedy and len(stub.requests()) == 1


@pytest.mark.usefixtures("quick")
def test_no_quota_is_said_at_once_and_busy_is_not_no_quota(compose: Compose) -> None:
    spent = refusal(
        "You exceeded your current quota, please check your plan.", 429, code="insufficient_quota"
    )
    with StubModel([spent] * 5) as stub:
        with pytest.raises(ModelRefused, match="quota"):
            call(compose(stub))
        assert len(stub.requests()) == 1
    with StubModel([refusal("Rate limit reached", 429)] * 5) as stub, pytest.raises(ModelBusy):
        call(compose(stub))


@pytest.mark.parametrize("key", ["“sk-abc”", "sk-кириллица", "sk-a\nb", "sk-é"])
def test_a_key_with_an_odd_character_is_named_and_not_shown(
    compose: Compose, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with StubModel([SAID]) as stub:
        with pytest.raises(ModelRefused, match="OPENAI_API_KEY has a character") as raised:
            call(compose(stub))
        assert stub.requests() == [] and key not in str(raised.value) and "sk-" not in str(raised.value)


def test_a_line_end_behind_a_key_does_not_count(compose: Compose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-abcdefgh\r\n")
    with StubModel([SAID]) as stub:
        assert call(compose(stub)).text == SAID


def test_a_missing_key_says_which_and_where(monkeypatch: pytest.MonkeyPatch, compose: Compose) -> None:
    from catena.llm.litellm_client import LiteLLM

    monkeypatch.delenv("OPENAI_API_KEY")
    for model, name in (("openai/gpt-x", "OPENAI_API_KEY"), ("anthropic/claude-x", "ANTHROPIC_API_KEY")):
        monkeypatch.delenv(name, raising=False)
        with pytest.raises(ModelRefused, match=f"{name} is not set") as raised:
            call(LiteLLM(model))
        assert f"export {name}=" in raised.value.remedy
    with StubModel([Fault("key")]) as stub, pytest.raises(ModelRefused, match="OPENAI_API_KEY is not set"):
        call(compose(stub))


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_this_machine_is_reached_without_a_proxy(
    compose: Compose, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9" if name != "ALL_PROXY" else "socks5://127.0.0.1:9")
    with StubModel([SAID]) as stub:
        assert call(compose(stub)).text == SAID


@pytest.mark.usefixtures("quick")
def test_elsewhere_the_proxy_is_named(compose: Compose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@127.0.0.1:9")
    with pytest.raises(ModelUnreachable, match="the proxy of HTTP_PROXY") as raised:
        call(compose("http://models.example/v1"))
    assert "NO_PROXY" in raised.value.remedy and "secret" not in str(raised.value)
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(ModelUnreachable, match="SOCKS proxy of HTTP_PROXY"):
        call(compose("http://models.example/v1"))


@pytest.mark.parametrize("is_streamed", [False, True])
def test_tokens_that_went_into_a_thought_are_named(compose: Compose, is_streamed: bool) -> None:
    pieces: list[str] = []
    words = r"used all 50 reply tokens for thinking"
    thought = "<think>" + "Let me look at each of the passages. " * 60
    with StubModel([thought]) as stub, pytest.raises(ModelSilent, match=words) as raised:
        call(compose(stub), pieces.append if is_streamed else None)
    assert "CATENA_MAX_REPLY_TOKENS" in raised.value.remedy and pieces == []


def test_more_room_is_asked_for_where_the_setting_says_so(compose: Compose) -> None:
    with StubModel(["<think>" + "Let me look. " * 60 + "</think>" + SAID]) as stub:
        assert call(compose(stub, max_reply_tokens=4000)).text == SAID
        assert stub.requests()[0]["max_tokens"] == 4000
    with StubModel([SAID]) as stub:
        call(compose(stub, max_reply_tokens=4000, context_window=1024))
        assert 900 < stub.requests()[0]["max_tokens"] < 1024


def test_a_stream_that_repeats_itself_is_stopped(compose: Compose) -> None:
    pieces: list[str] = []
    with StubModel([SAID + " The rent is the rent of the rent." * 3000], pause=0.001) as stub:
        done = asyncio.run(compose(stub).complete(ASKED, max_tokens=100_000, on_text=pieces.append))
    assert "repeat itself" in done.notice and len("".join(pieces)) < 3000


def test_what_repeats_for_ever_and_what_does_not() -> None:
    assert is_looping("First. " + "The same again. " * 40)
    assert is_looping("ha " * 200)
    assert not is_looping("- A row of a table [1]\n" * 3)
    assert not is_looping("".join(f"Row {n} of the table has {n * n} tons.\n" for n in range(90)))


SAYINGS = st.sampled_from(
    [
        "temperature",
        "max_tokens",
        "system role",
        "stream",
        "context length 4096",
        "not supported",
        "at most 7",
        "\ud800",
    ]
)


@given(st.lists(SAYINGS | st.text(max_size=9), max_size=5).map(" ".join), st.integers(0, 599))
@hypothesis_settings(deadline=None)
def test_habits_end_whatever_a_server_says(said: str, status: int) -> None:
    habits = ServerQuirks()
    assert sum(habits.learn(Failed(said, status=status)) for _ in range(20)) < 8
    habits.options(50, is_streamed=True)


NAMES = ["choices", "message", "delta", "content", "usage", "error", "finish_reason", "text", "model"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)  # fmt: skip


@given(VALUES, st.booleans())
@hypothesis_settings(deadline=None)
def test_any_body_is_a_reply_or_named(value: object, is_cut: bool) -> None:
    text = json.dumps(value)
    try:
        raw = openai_request._whole(text[: len(text) // 2] if is_cut else text, "application/json")
    except Failed as failed:
        assert failed.text
    else:
        assert raw.prompt_tokens >= 0 and raw.text is not None


def test_an_error_keeps_its_class(compose: Compose) -> None:
    with StubModel([refusal("no such model", 404)]) as stub, pytest.raises(ModelError, match="no such model"):
        call(compose(stub))


def test_a_deadline_is_kept_while_pieces_come_without_end() -> None:
    """With wait_for, Python 3.11 loses a cancellation that comes together with a piece."""

    async def pieces() -> AsyncGenerator[str]:
        while True:
            await asyncio.sleep(0)
            yield "x"

    async def read_on() -> None:
        ends = asyncio.get_running_loop().time() + 2
        async for _ in openai_request._in_time(pieces(), 60):
            assert asyncio.get_running_loop().time() < ends, "the deadline is lost"

    async def in_time() -> None:
        async with asyncio.timeout(0.001):
            await read_on()

    for _ in range(30):
        with pytest.raises(TimeoutError):
            asyncio.run(in_time())
