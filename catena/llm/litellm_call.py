"""A request through LiteLLM, for the providers that have protocols or addresses of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any

from catena.errors import ModelTimeout
from catena.llm import litellm_catalogue
from catena.llm.loop_detection import LoopWatch
from catena.llm.provider_errors import detail
from catena.llm.wire_format import Body, Failed, Raw

HTTP_SECONDS = 3600.0
"""LiteLLM's own deadline. Ours (of `RetryingLLM`, and the silence between two pieces) come first."""


async def send(
    model: str,
    messages: Sequence[dict[str, str]],
    options: dict[str, Any],
    on_piece: Callable[[str], None],
    max_silence: float,
) -> Raw:
    """Ask once. Raises Failed, ModelTimeout for a stream that fell silent."""
    litellm = await litellm_catalogue.loaded()
    failed: Failed
    try:
        answer = await litellm.acompletion(
            model=model,
            messages=list(messages),
            timeout=HTTP_SECONDS,
            num_retries=0,
            max_retries=0,
            **options,
        )
        if hasattr(answer, "completion_stream"):
            return await _listen(answer, on_piece, max_silence, model)
        if answer is None:  # of errors that LiteLLM does not know
            failed = Failed("It sent an error that LiteLLM cannot read.", kind="body")
        else:
            raw = Body.model_validate(answer.model_dump()).raw
            if raw.text:
                on_piece(raw.text)
            return raw
    except (Failed, ModelTimeout):
        raise
    except Exception as error:  # the border to a package that raises whatever its providers' packages raise
        failed = _failed(error)
    raise failed  # outside of `except`: the provider's own words may hold the key


def _failed(error: Exception) -> Failed:
    status = int(getattr(error, "status_code", 0) or 0)
    name = type(error).__name__
    if name == "Timeout" or status == 408:
        return Failed(detail(error), kind="timeout")
    if name == "ContextWindowExceededError":
        return Failed(f"maximum context: {detail(error)}", status=400)
    if name in ("APIConnectionError", "APIResponseValidationError") or not status:
        return Failed(detail(error), kind="connection")
    return Failed(detail(error), status=status, retry_after=_retry_after(error))


def _retry_after(error: Exception) -> float | None:
    """The seconds that the server asks to wait, if it says."""
    headers = getattr(error, "litellm_response_headers", None)
    if headers is None:
        headers = getattr(getattr(error, "response", None), "headers", None)
    try:
        return max(0.0, float((headers or {})["retry-after"]))
    except (KeyError, TypeError, ValueError):
        return None


async def _listen(stream: Any, on_piece: Callable[[str], None], max_silence: float, model: str) -> Raw:
    """Hand pieces on as they come; a stream that falls silent or ends too early is an error."""
    pieces: list[str] = []
    finish, usage, has_reasoning, watch = "", Body().usage, False, LoopWatch()
    heard = stream.completion_stream = _Heard(stream.completion_stream)
    async with aclosing(stream):
        while True:
            try:
                async with asyncio.timeout(max_silence) as silence:
                    chunk = await anext(stream)
            except StopAsyncIteration:
                break
            except TimeoutError:
                if not silence.expired():
                    raise
                raise ModelTimeout(
                    f"{model} fell silent for {max_silence:g} s in the middle of its reply.",
                    "Ask again, or raise CATENA_MODEL_SILENCE.",
                ) from None
            body = Body.model_validate(chunk.model_dump())
            usage = body.usage if body.usage.prompt_tokens else usage
            finish = body.first.finish_reason or finish
            has_reasoning |= body.raw.has_reasoning
            if text := body.raw.text:
                pieces.append(text)
                on_piece(text)
                if watch.sees(text):
                    return _raw(pieces, heard, "loop", usage, has_reasoning)
    # LiteLLM makes up a "stop" where the connection just ended.
    if not (stream.received_finish_reason or stream.intermittent_finish_reason):
        raise Failed("It broke off in the middle of its reply.", kind="body")
    return _raw(pieces, heard, finish, usage, has_reasoning)


def _raw(pieces: list[str], heard: _Heard, finish: str, usage: Any, has_reasoning: bool) -> Raw:
    is_looping = finish == "loop"
    return Raw(
        "".join(pieces),
        heard.model,
        finish,
        usage.prompt_tokens,
        usage.completion_tokens,
        has_reasoning=has_reasoning,
        is_looping=is_looping,
    )


class _Heard:
    """The provider's own stream, with the model that it names: LiteLLM puts the one that was asked in its place."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.model = ""

    def __aiter__(self) -> _Heard:
        return self

    async def __anext__(self) -> Any:
        chunk = await anext(self._stream)
        self.model = self.model or str(getattr(chunk, "model", None) or "")
        return chunk

    async def aclose(self) -> None:
        await (self._stream.aclose if hasattr(self._stream, "aclose") else self._stream.close)()
