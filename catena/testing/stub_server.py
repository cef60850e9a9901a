"""The stub's process: HTTP/1.1 by hand on asyncio, so that hundreds of slow requests cost nothing."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from catena.llm.protocol import head, num_tokens
from catena.testing.stub import READ, Fault

PIECE = 24
"""Characters of a streamed piece."""
_STATUS = {"key": 401, "busy": 429, "broken": 500}

Rules = Callable[[Mapping[str, Any]], str]


class HungUp(Exception):
    """The other side closed the connection before it was answered."""


class Server:
    """`script` and what was received are shared by all connections; one event loop serves them."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        module, _, name = config["rules"].partition(":")
        self.rules: Rules = partial(getattr(importlib.import_module(module), name), **config["options"])
        self.script: list[Any] = config["script"]
        self.latency: float = config["latency"]
        self.pause: float = config["pause"]
        self.requests: list[dict[str, Any]] = []
        self.num_hung_up = self.num_now = self.most_at_once = 0

    async def serve(self) -> None:
        server = await asyncio.start_server(self.connected, "127.0.0.1", 0, backlog=1024)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after the other."""
        try:
            while await self._exchange(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # between two requests
        except HungUp:
            self.num_hung_up += 1
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read a request and answer it; return whether the connection can be used again."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.casefold(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if head[0].startswith("GET"):
            self._send_state(writer)
            return True
        request = json.loads(body)
        self.requests.append(request)
        step = self.script.pop(0) if self.script else READ
        self.num_now += 1
        self.most_at_once = max(self.most_at_once, self.num_now)
        try:
            exchange = Exchange(reader, writer, request, self.pause)
            await exchange.rest(self.latency)
            if isinstance(step, str):
                await exchange.reply(self.rules(request) if step == READ else step)
                return True
            return await self._fail(exchange, Fault(**step), headers.get("authorization", ""))
        finally:
            self.num_now -= 1

    async def _fail(self, exchange: Exchange, fault: Fault, authorization: str) -> bool:
        if fault.kind in _STATUS:
            key = authorization.removeprefix("Bearer ")
            message = f"Incorrect API key provided: {key}" if fault.kind == "key" else "Try again later."
            headers = {"Retry-After": f"{fault.seconds:g}"} if fault.kind == "busy" else {}
            error = {"error": {"message": message}}
            send(exchange.writer, json.dumps(error).encode(), status=_STATUS[fault.kind], headers=headers)
            return True
        if fault.kind == "says":
            kind = {"Content-Type": fault.content_type}
            send(exchange.writer, fault.body.encode(), status=fault.status, headers=kind)
            return True
        if fault.kind == "hang":
            await exchange.rest(fault.seconds)
        elif fault.kind == "stall":
            await exchange.begin_only("Half a reply")
            await exchange.rest(fault.seconds)
        elif fault.kind == "cut":
            await exchange.cut_off("Half a reply")
        elif fault.kind == "drop":
            exchange.writer.transport.abort()
        else:
            is_other = fault.kind == "other"
            text = self.rules(exchange.request) if is_other else ""
            await exchange.reply(text, model="another-model" if is_other else None)
            return True
        return False

    def _send_state(self, writer: asyncio.StreamWriter) -> None:
        names = ("requests", "num_hung_up", "most_at_once")
        send(writer, json.dumps({name: getattr(self, name) for name in names}).encode())


class Exchange:
    """One request and how its reply is sent, whole or streamed as the request wants it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        request: dict[str, Any],
        pause: float,
    ) -> None:
        self.request = request
        self.writer = writer
        self._reader = reader
        self._pause = pause
        self._is_streamed = bool(request.get("stream"))

    async def rest(self, seconds: float) -> None:
        """Do nothing. Raises HungUp when the other side closes the connection meanwhile."""
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._reader.read(1)  # a client sends nothing before it has its reply
        except TimeoutError:
            return
        raise HungUp

    async def reply(self, text: str, model: str | None = None) -> None:
        """Answer, cut at `max_tokens` as real servers do."""
        whole, text = text, head(text, int(self._most() or len(text)))
        finish = "length" if len(text) < len(whole) else "stop"
        if not self._is_streamed:
            send(self.writer, self._whole(text, finish, model))
            return
        self._begin_stream()
        for start in range(0, len(text), PIECE):
            self._send_piece({"content": text[start : start + PIECE]}, model=model)
            await self.rest(self._pause)
        self._send_piece({}, finish, model)
        self._send_chunk(
            self._event({"choices": [], "usage": self._usage(text)}, model) + b"data: [DONE]\n\n"
        )
        self.writer.write(b"0\r\n\r\n")

    def _most(self) -> int | None:
        return self.request.get("max_tokens") or self.request.get("max_completion_tokens")

    async def begin_only(self, text: str) -> None:
        """Send headers and the first half of a reply."""
        if self._is_streamed:
            self._begin_stream()
            self._send_piece({"content": text})
        else:
            data = self._whole(text, "stop", None)
            send(self.writer, data[: len(data) // 2], length=len(data))
        await self.writer.drain()

    async def cut_off(self, text: str) -> None:
        """Send a reply that ends in the middle of its JSON, in a body that seems complete."""
        if self._is_streamed:
            self._begin_stream()
            self._send_piece({"content": text})
            event = self._event({"choices": []}, None)
            self._send_chunk(event[: len(event) // 2])
            self.writer.write(b"0\r\n\r\n")
        else:
            data = self._whole(text, "stop", None)
            send(self.writer, data[: len(data) // 2])
        await self.writer.drain()

    def _whole(self, text: str, finish: str, model: str | None) -> bytes:
        message = {"role": "assistant", "content": text}
        body = self._frame("chat.completion", model)
        body["choices"] = [{"index": 0, "finish_reason": finish, "message": message}]
        return json.dumps({**body, "usage": self._usage(text)}).encode()

    def _begin_stream(self) -> None:
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.writer.write(head.encode())

    def _send_piece(self, delta: dict[str, str], finish: str | None = None, model: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self._send_chunk(self._event({"choices": [choice]}, model))

    def _event(self, fields: dict[str, Any], model: str | None) -> bytes:
        return (
            b"data: "
            + json.dumps({**self._frame("chat.completion.chunk", model), **fields}).encode()
            + b"\n\n"
        )

    def _send_chunk(self, data: bytes) -> None:
        self.writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def _frame(self, kind: str, model: str | None) -> dict[str, Any]:
        named = model or self.request["model"]
        return {"id": "stub", "object": kind, "created": int(time.time()), "model": named}

    def _usage(self, text: str) -> dict[str, int]:
        read = sum(num_tokens(message["content"]) for message in self.request["messages"])
        written = num_tokens(text)
        return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def send(
    writer: asyncio.StreamWriter,
    data: bytes,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    length: int | None = None,
) -> None:
    """Send a whole response; `length` may promise more than there is."""
    fields = {
        "Content-Type": "application/json",
        "Content-Length": str(length or len(data)),
        **(headers or {}),
    }
    lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in fields.items())]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)


if __name__ == "__main__":
    asyncio.run(Server(json.loads(sys.stdin.readline())).serve())
