"""Servers that lie, flood, redirect and never end: a named error with a remedy, or a reply with sane figures."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from catena.errors import ModelError
from catena.llm.litellm_client import LiteLLM
from catena.llm.protocol import Completion
from catena.llm.wire_format import MOST_TOKENS
from catena.llm.wrappers import RetryingLLM

Reply = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(reply: Reply) -> Iterator[str]:
    """A server of one's own that answers every request so; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            try:
                reply(self)
            except OSError:  # whoever asked has gone
                return

        def log_message(self, *words: Any) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.daemon_threads = True
    thread = threading.Thread(target=served.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{served.server_port}/v1"
    finally:
        served.shutdown()
        served.server_close()
        thread.join()


def sent(body: bytes | str, kind: str = "application/json", status: int = 200, **headers: str) -> Reply:
    data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return reply


def endless(piece: bytes, kind: str = "text/event-stream", pause: float = 0.0) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.end_headers()
        while True:
            handler.wfile.write(piece)
            time.sleep(pause)

    return reply


def whole(text: object = "The tide clock.", usage: str = "{}", model: str = '"m"') -> str:
    choice = f'{{"message": {{"content": {json.dumps(text)}}}, "finish_reason": "stop"}}'
    return f'{{"model": {model}, "choices": [{choice}], "usage": {usage}}}'


def used(read: str, written: str) -> str:
    return f'{{"prompt_tokens": {read}, "completion_tokens": {written}}}'


def ask(address: str, *, seconds: float = 30.0, is_streamed: bool = False) -> Completion:
    llm = RetryingLLM(LiteLLM("openai/m", address, max_silence=1.0), seconds)
    messages = [{"role": "user", "content": "Who?"}]
    heard: list[str] = []
    return asyncio.run(llm.complete(messages, max_tokens=50, on_text=heard.append if is_streamed else None))


FIGURES = ["1" + "0" * 30, "-1000000", "1e400", "NaN", "null", '"many"', "[]", "true", "9" * 5000, "0.5"]


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-test")


@pytest.mark.parametrize("figure", FIGURES)
def test_usage_is_believed_within_reason(figure: str) -> None:
    with server(sent(whole(usage=used(figure, figure)))) as address:
        try:
            done = ask(address)
        except ModelError as error:  # of a number that Python itself refuses to read
            assert error.remedy
            return
    assert 0 <= done.prompt_tokens <= MOST_TOKENS
    assert 0 <= done.completion_tokens <= MOST_TOKENS
    assert done.text == "The tide clock."


@pytest.mark.parametrize("text", ["half \ud800 pair", "\x1b[31mred", "a\x00b", "turned \u202e round"])
def test_what_is_no_text_is_taken_out_of_replies_and_names(text: str) -> None:
    with server(sent(whole(text, model=json.dumps(text)))) as address:
        done = ask(address)
    assert (done.text + done.model).encode().isascii() or "\ufffd" in done.text
    assert not {"\x1b", "\x00", "\u202e"} & set(done.text + done.model)


HTML = "<!doctype html><title>Sign in</title><h1>Welcome to the hotel</h1>"
DEEP = "[" * 100_000 + "]" * 100_000
LIES: dict[str, Reply] = {
    "a web page": sent(HTML, "text/html"),
    "a web page called JSON": sent(HTML),
    "an error as a web page": sent(HTML, "text/html", 502),
    "a redirect": sent("", status=302, Location="http://evil.example/v1"),
    "a redirect to itself": sent("", status=308, Location="/v1/chat/completions"),
    "come back in a year": sent("{}", status=429, Retry_After="31536000"),
    "come back in eternity": sent("{}", status=503, Retry_After="inf"),
    "deep JSON": sent(DEEP),
    "JSON of 900 levels": sent("[" * 900 + "]" * 900),
    "an error of 900 levels": sent('{"error": ' + "[" * 900 + "]" * 900 + "}", status=500),
    "deep contents": sent('{"choices": [{"message": {"content": ' + "[" * 800 + "]" * 800 + "}}]}"),
    "nothing": sent(""),
    "a number": sent("1" * 5000),
    "choices that are none": sent('{"choices": 7}'),
    "no choices": sent('{"choices": []}'),
    "bytes": sent(bytes(range(256)) * 10),
    "an error with a key": sent('{"error": "sk-of-a-test is wrong"}', status=400),
    "codes of a terminal": sent('{"error": "\\u001b[2J\\u009b31m owned"}', status=400),
    "10 MB of error": sent('{"error": "' + "x" * 10_000_000 + '"}', status=400),
    "a body without end": endless(b"x" * 65536, "application/json"),
    "a stream of one piece without end": endless(b"data: " + b"x" * 65536),
    "a stream of comments": endless(b": wait\n\n", pause=0.2),
    "a stream of nothing": endless(b"\n\n", pause=0.2),
    "a stream of empty pieces": endless(b'data: {"choices": [{"delta": {}}]}\n\n', pause=0.05),
    "a stream that is no JSON": sent("data: {oops\n\n", "text/event-stream"),
    "a stream that breaks off": sent(
        'data: {"choices": [{"delta": {"content": "a"}}]}\n\n', "text/event-stream"
    ),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_lie_is_a_named_error_with_a_remedy(lie: str, is_streamed: bool) -> None:
    with server(LIES[lie]) as address:
        began = time.monotonic()
        with pytest.raises(ModelError) as caught:
            ask(address, seconds=2.0, is_streamed=is_streamed)
    assert time.monotonic() - began < 60
    assert caught.value.remedy
    assert len(caught.value.message) < 600
    assert "sk-of-a-test" not in str(caught.value)
    assert not {"\x1b", "\x9b"} & set(str(caught.value))
