"""What a model server does wrong, over real HTTP: each call ends in time and says what happened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from catena.errors import ModelBusy, ModelError, ModelRefused, ModelSilent, ModelTimeout, ModelUnreachable
from catena.llm import litellm_catalogue
from catena.llm.protocol import LLM, Completion
from catena.testing import Fault, StubModel, refusing_url

ASKED = [{"role": "user", "content": "Say something."}]
Compose = Callable[..., LLM]


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    litellm_catalogue.load()


def call(llm: LLM, on_text: Callable[[str], None] | None = None) -> Completion:
    return asyncio.run(llm.complete(ASKED, max_tokens=50, on_text=on_text))


def messages_of(error: BaseException | None) -> str:
    """Everything that a traceback of an error would print."""
    found = []
    while error is not None:
        found.append(f"{error} {error!r}")
        error = error.__cause__ or error.__context__
    return "\n".join(found)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault("key"), ModelRefused, "key"),
        (Fault("busy", 999), ModelBusy, "no more requests"),
        (Fault("broken"), ModelUnreachable, "Try again later"),
        (Fault("cut"), ModelUnreachable, "openai/stub"),
        (Fault("empty"), ModelSilent, "without text"),
        (Fault("drop"), ModelUnreachable, "Connection"),
    ],
)
def test_a_fault_says_why(
    compose: Compose, key: str, fault: Fault, error: type[ModelError], words: str, is_streamed: bool
) -> None:
    with StubModel([fault] * 9) as stub, pytest.raises(error, match=words) as raised:
        call(compose(stub), print if is_streamed else None)
    assert raised.value.remedy and key not in messages_of(raised.value)


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("fault", [Fault("hang", 600), Fault("stall", 600)])
def test_a_server_that_falls_silent_ends_in_time(compose: Compose, fault: Fault, is_streamed: bool) -> None:
    with StubModel([fault] * 9) as stub:
        llm = compose(stub, model_seconds=1.0, model_silence=0.3)
        begun = time.monotonic()
        with pytest.raises(ModelTimeout, match=r"within 1 s|silent for 0\.3 s") as raised:
            call(llm, print if is_streamed else None)
    assert time.monotonic() - begun < 60
    assert raised.value.remedy


@pytest.mark.usefixtures("quick")
def test_nobody_there_is_an_error_with_a_remedy(compose: Compose) -> None:
    with pytest.raises(ModelUnreachable, match=r"127\.0\.0\.1") as raised:
        call(compose(refusing_url()))
    assert "--api-base" in raised.value.remedy


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("fault", [Fault("busy", 0.1), Fault("broken"), Fault("cut"), Fault("drop")])
def test_what_passes_is_tried_again(compose: Compose, fault: Fault, is_streamed: bool) -> None:
    pieces: list[str] = []
    with StubModel([fault, "Here I am."]) as stub:
        done = call(compose(stub), pieces.append if is_streamed else None)
        assert len(stub.requests()) == 2
    assert done.text == "Here I am."
    if is_streamed:
        assert "".join(pieces[pieces.index("") :]) == "Here I am."


@pytest.mark.parametrize("fault", [Fault("key"), Fault("empty")])
def test_what_does_not_pass_is_asked_once(compose: Compose, fault: Fault) -> None:
    with StubModel([fault]) as stub:
        with pytest.raises(ModelError):
            call(compose(stub))
        assert len(stub.requests()) == 1


def test_a_busy_server_is_asked_again_when_it_says_and_not_for_ever(compose: Compose) -> None:
    with StubModel([Fault("busy", 0.2)] * 9) as stub:
        begun = time.monotonic()
        with pytest.raises(ModelBusy):
            call(compose(stub))
        assert len(stub.requests()) == 4
    assert time.monotonic() - begun >= 0.6


@pytest.mark.parametrize("is_streamed", [False, True])
def test_another_model_that_answers_is_named(compose: Compose, is_streamed: bool) -> None:
    with StubModel([Fault("other")]) as stub:
        done = call(compose(stub), print if is_streamed else None)
    assert done.who == "openai/stub (answered by another-model)"


def test_a_stream_comes_piece_by_piece_and_whole(compose: Compose) -> None:
    text = "It says a good many words, one after the other, and then it ends."
    pieces: list[str] = []
    with StubModel([text, text], pause=0.05) as stub:
        streamed = call(compose(stub), pieces.append)
        whole = call(compose(stub))
    assert len(pieces) > 2 and "".join(pieces) == text
    assert streamed == whole


@pytest.mark.parametrize("is_streamed", [False, True])
def test_cancelling_closes_the_request(compose: Compose, is_streamed: bool) -> None:
    async def cancel_soon(llm: LLM) -> None:
        work = asyncio.ensure_future(
            llm.complete(ASKED, max_tokens=50, on_text=print if is_streamed else None)
        )
        await asyncio.sleep(0.5)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await asyncio.sleep(0.2)

    with StubModel([Fault("stall", 60)]) as stub:
        asyncio.run(cancel_soon(compose(stub)))
        assert stub.num_hung_up() == 1


def test_a_reply_is_cut_where_it_may_end(compose: Compose) -> None:
    async def ask(llm: LLM) -> Completion:
        return await llm.complete(ASKED, max_tokens=2)

    with StubModel(["More words than two tokens hold."]) as stub:
        done = asyncio.run(ask(compose(stub)))
    assert done.is_cut and done.text.strip() == "More words"


def test_the_key_reaches_the_server_and_no_log(
    compose: Compose, key: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(0)
    with StubModel([Fault("key"), "Fine."]) as stub:
        with pytest.raises(ModelRefused):
            call(compose(stub))
        call(compose(stub))
    captured: Any = capfd.readouterr()
    assert key not in caplog.text + captured.out + captured.err
