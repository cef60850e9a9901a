"""A request to a server that speaks OpenAI's protocol, read with patience: such servers differ in all they may.

Contents come as text or as parts, streams without a reason for their end or as one whole reply, errors in any form.
"""

from __future__ import annotations

import asyncio
import codecs
import json
import os
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from catena.errors import ModelTimeout
from catena.llm.loop_detection import LoopWatch
from catena.llm.wire_format import Body, Failed, Raw, error_text

if TYPE_CHECKING:
    import httpx

MAX_BODY = 32 << 20
"""Bytes of a reply."""
MAX_EVENT = 4 << 20
"""Characters of one piece of a stream, which is looked through again with each packet."""
PREFIXES = ("openai/", "hosted_vllm/", "lm_studio/", "llamafile/", "custom_openai/", "local/")
"""LiteLLM's names of providers that are servers of this protocol, where an address is given; and ours."""
LOOPBACK = ("localhost", "127.", "::1", "0.0.0.0")  # noqa: S104


def speaks_openai(model: str, api_base: str | None) -> bool:
    """Tell whether a model is behind a server that is asked here."""
    return bool(api_base) and model.startswith(PREFIXES)


async def send(
    api_base: str,
    key: str,
    body: Mapping[str, Any],
    on_piece: Callable[[str], None],
    max_silence: float,
    name: str,
) -> Raw:
    """Ask once; pieces of a streamed reply go to `on_piece`. Raises Failed, and ModelTimeout for silence."""
    import httpx  # on the way to a model only

    url = address(api_base)
    try:
        async with _client(url) as client:
            request = client.build_request("POST", url, json=body, headers=_headers(key))
            response = await client.send(request, stream=True)
            try:
                return await _read(response, on_piece, max_silence, name)
            finally:
                await response.aclose()
    except httpx.TimeoutException as error:
        raise Failed(str(error), kind="timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
        raise Failed(f"Connection error: {_words(error)}", kind="connection") from None
    except (ImportError, ValueError) as error:  # of a proxy's address
        raise Failed(f"{_words(error)}", kind="connection") from None


def address(api_base: str) -> str:
    """Return the URL of requests: a query of the base stays at the end."""
    base, mark, query = api_base.strip().partition("?")
    base = base.rstrip("/")
    return (base if base.endswith("/chat/completions") else f"{base}/chat/completions") + mark + query


def is_loopback(url: str) -> bool:
    """Tell whether an address is of this machine, which no proxy has to reach."""
    host = (urlsplit(url).hostname or "").casefold()
    return host.startswith(LOOPBACK)


def proxy_of(url: str) -> str:
    """The variable that names the proxy on the way to an address; empty where there is none."""
    if is_loopback(url):
        return ""
    names = (f"{urlsplit(url).scheme}_proxy", "all_proxy")
    found = [name for one in names for name in (one, one.upper()) if os.environ.get(name)]
    return found[0] if found else ""


def _client(url: str) -> httpx.AsyncClient:
    import httpx

    context = _ssl() if url.startswith("https") else False
    return httpx.AsyncClient(verify=context, timeout=None, trust_env=not is_loopback(url))


@cache
def _ssl() -> Any:
    import httpx

    return httpx.create_ssl_context()


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key or 'none'}", "Accept": "application/json, text/event-stream"}


def _words(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__
    return str(error) or str(cause or "") or type(error).__name__


async def _read(
    response: httpx.Response, on_piece: Callable[[str], None], max_silence: float, name: str
) -> Raw:
    kind = response.headers.get("content-type", "")
    if response.status_code >= 300:
        said = await _body(response)
        raise Failed(
            _error_of(said, kind, response), status=response.status_code, retry_after=_retry_after(response)
        )
    if "event-stream" in kind:
        return await _listen(response, on_piece, max_silence, name)
    raw = _whole((await _body(response)), kind)
    if raw.text:
        on_piece(raw.text)
    return raw


async def _body(response: httpx.Response) -> str:
    found = bytearray()
    async for data in response.aiter_bytes():
        found += data
        if len(found) > MAX_BODY:
            raise Failed(f"It sent more than {MAX_BODY >> 20} MiB.", kind="body")
    return found.decode("utf-8-sig", "replace")


def _whole(said: str, kind: str) -> Raw:
    """A reply in one piece; some servers send the pieces of a stream as one body."""
    if said.lstrip().startswith(("data:", "event:", ":")):
        return _joined(list(_events(said + "\n\n")))
    if "html" in kind or said.lstrip()[:1] == "<":
        raise Failed("It sent a web page, not a reply.", kind="body")
    body = _parsed(said)
    if text := error_text(body):
        raise Failed(text, kind="body")
    raw = _validated(body).raw
    if not (body.get("choices") if isinstance(body, dict) else None) and not raw.text:
        raise Failed("It sent a reply without choices.", kind="body")
    return raw


def _parsed(said: str) -> Any:
    try:
        return json.loads(said)
    except (ValueError, RecursionError):
        raise Failed(f"It sent what is not JSON: {' '.join(said.split())[:80]}", kind="body") from None


def _validated(body: object) -> Body:
    try:
        return Body.model_validate(body)
    except (ValidationError, RecursionError):
        raise Failed("It sent JSON that is no reply.", kind="body") from None


def _error_of(said: str, kind: str, response: httpx.Response) -> str:
    if response.is_redirect:
        return f"It redirects to {response.headers.get('location', 'another address')}."
    if "html" in kind or said.lstrip()[:1] == "<":
        return f"It sent a web page with status {response.status_code}."
    try:
        return error_text(json.loads(said)) or " ".join(said.split())
    except (ValueError, RecursionError):
        return " ".join(said.split()) or f"status {response.status_code}"


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return max(0.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


async def _listen(
    response: httpx.Response, on_piece: Callable[[str], None], max_silence: float, name: str
) -> Raw:
    """Hand pieces on as they come; comments are no pieces, so a stream of comments falls silent."""
    found: list[str] = []
    watch = LoopWatch()
    is_ended = is_looping = has_pieces = False
    try:
        async with aclosing(_in_time(_streamed(response), max_silence)) as events:
            async for event in events:
                if event == "[DONE]":
                    is_ended = True
                    break
                found.append(event)
                body = _piece(event)
                if (text := body.first.said.content) and not is_ended:
                    has_pieces = True
                    on_piece(text)
                    is_looping = watch.sees(text)
                is_ended |= bool(body.first.finish_reason)
                if is_looping:
                    break
    except TimeoutError:
        if not is_ended:
            middle = " in the middle of its reply" if has_pieces else ""
            raise ModelTimeout(
                f"{name} fell silent for {max_silence:g} s{middle}.",
                "Ask again, or raise CATENA_MODEL_SILENCE.",
            ) from None
    if not (is_ended or is_looping):
        raise Failed("It broke off in the middle of its reply.", kind="body")
    return replace(_joined(found), is_looping=is_looping)


async def _in_time(events: AsyncGenerator[str], seconds: float) -> AsyncGenerator[str]:
    async with aclosing(events):
        while True:
            try:
                async with asyncio.timeout(
                    seconds
                ):  # wait_for of Python 3.11 may lose the caller's own deadline
                    event = await anext(events)
            except StopAsyncIteration:
                return
            yield event


def _piece(event: str) -> Body:
    body = _parsed(event)
    has_choices = isinstance(body, dict) and body.get("choices")
    if not has_choices and (text := error_text(body)):
        raise Failed(text, kind="body")
    return _validated(body)


def _joined(events: list[str]) -> Raw:
    """The pieces as one reply; what comes after the reason for the end is not of it."""
    raw = Raw("")
    texts: list[str] = []
    for event in events:
        if event == "[DONE]":
            break
        piece = _piece(event).raw
        if not raw.finish:
            texts.append(piece.text)
        raw = Raw(
            "",
            raw.model or piece.model,
            raw.finish or piece.finish,
            piece.prompt_tokens or raw.prompt_tokens,
            piece.completion_tokens or raw.completion_tokens,
            raw.refusal + piece.refusal,
            raw.has_reasoning or piece.has_reasoning,
            alternatives=raw.alternatives or piece.alternatives,
        )
    return replace(raw, text="".join(texts))


async def _streamed(response: httpx.Response) -> AsyncGenerator[str]:
    """The data of server-sent events (WHATWG HTML, 9.2.6), whatever the line ends, cut anywhere."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    rest, size = "", 0
    async for data in response.aiter_bytes():
        size += len(data)
        if size > MAX_BODY:
            raise Failed(f"It sent more than {MAX_BODY >> 20} MiB.", kind="body")
        rest += decoder.decode(data).replace("\r\n", "\n").replace("\r", "\n")
        whole, gap, left = rest.rpartition("\n\n")
        if gap:
            for event in _events(whole):
                yield event
            rest = left
        if len(rest) > MAX_EVENT:
            raise Failed(f"It sent more than {MAX_EVENT >> 20} MiB in one piece of a stream.", kind="body")
    for event in _events(rest):
        yield event


def _events(text: str) -> Iterator[str]:
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
        bare = [
            line for line in block.split("\n") if line.startswith("{")
        ]  # lines of JSON, as Ollama sends them
        if lines:
            yield "\n".join(lines).strip()
        else:
            yield from bare
