"""A stub of an OpenAI-compatible model server, for tests that talk real HTTP with no model.

>>> with StubModel(["Evidence: [1]\\nAnswer: It is red [1]."]) as stub:
...     answer = Catena(model="openai/stub", api_base=stub.url).ask("Which colour is it?")

It runs in a process of its own and answers request by request from a script of texts and `Fault`s. What the
script does not cover it reads: it finds the sentence that shares most words with the question among the numbered
passages it was sent, and quotes it with its number; or it says that nothing there answers.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal

READ: Literal["*read*"] = "*read*"
"""In a script: read the passages."""
NOT_FOUND = "Evidence: []\nAnswer: NOT IN THE DOCUMENT"
ENOUGH = 0.5
"""Share of the question's longer words that a sentence must hold to answer it."""
_STATUS = {"key": 401, "busy": 429, "broken": 500}


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request.

    key: 401, and the key is repeated in the message · busy: 429 with `Retry-After` of `seconds` · broken: 500 ·
    hang: nothing for `seconds` · cut: the reply ends in the middle of its JSON · empty: a reply without text ·
    other: another model answers than was asked.
    """

    kind: Literal["key", "busy", "broken", "hang", "cut", "empty", "other"]
    seconds: float = 0.0


class StubModel:
    """Start with `with`; `url` is its address, `requests()` what it was sent."""

    def __init__(self, script: Sequence[str | Fault] = ()) -> None:
        self._script = [asdict(step) if isinstance(step, Fault) else step for step in script]
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> StubModel:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "catena.testing"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin and self._process.stdout, "both are pipes"
        self._process.stdin.write(json.dumps(self._script) + "\n")
        self._process.stdin.flush()
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}/v1"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def requests(self) -> list[dict[str, Any]]:
        """The bodies of all requests so far, first to last."""
        with urllib.request.urlopen(f"{self.url}/requests", timeout=10) as reply:
            found: list[dict[str, Any]] = json.load(reply)
        return found


def read_passages(prompt: str) -> str:
    """Answer the last `Question:` from passages that begin with a line `[n]`, as a patient model would."""
    text, _, question = prompt.rpartition("Question:")
    wanted = {word for word in _words(question) if len(word) > 3}
    best, found = 0.0, NOT_FOUND
    for part in re.split(r"^(?=\[\d+\]$)", text, flags=re.M):
        number = re.match(r"\[(\d+)\]", part)
        body = " ".join(line.removeprefix("| ") for line in part.splitlines()[2:])
        for sentence in re.split(r"(?<=[.!?])\s+", body) if number else ():
            share = len(wanted & set(_words(sentence))) / max(1, len(wanted))
            if number and share >= ENOUGH and share > best:
                said = f"{sentence.rstrip('.!? ')} [{number[1]}]."
                best, found = share, f"Evidence: [{number[1]}]\nAnswer: {said}"
    return found


def _words(text: str) -> list[str]:
    return [word.rstrip("s") for word in re.findall(r"\w+", text.casefold())]


class _Server(ThreadingHTTPServer):
    """`script` and `received` are shared by all requests, under `lock`."""

    daemon_threads = True

    def __init__(self, script: Sequence[Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = list(script)
        self.received: list[dict[str, Any]] = []
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        with self.server.lock:
            data = json.dumps(self.server.received).encode()
        self._send(200, data)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.received.append(body)
            step = self.server.script.pop(0) if self.server.script else READ
        if isinstance(step, str):
            text = read_passages(body["messages"][-1]["content"]) if step == READ else step
            self._send(200, _reply(body, text))
        else:
            self._fail(Fault(**step), body)

    def _fail(self, fault: Fault, body: dict[str, Any]) -> None:
        if fault.kind == "hang":
            time.sleep(fault.seconds)
        elif fault.kind in _STATUS:
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            message = f"Incorrect API key provided: {key}" if fault.kind == "key" else "Try again later."
            headers = {"Retry-After": f"{fault.seconds:g}"} if fault.kind == "busy" else {}
            self._send(_STATUS[fault.kind], json.dumps({"error": {"message": message}}).encode(), headers)
        elif fault.kind == "cut":
            data = _reply(body, "Half a reply")
            self._send(200, data[: len(data) // 2])
        elif fault.kind == "empty":
            self._send(200, _reply(body, ""))
        else:
            said = read_passages(body["messages"][-1]["content"])
            self._send(200, _reply({**body, "model": "another-model"}, said))

    def _send(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Be quiet."""


def _reply(body: dict[str, Any], text: str) -> bytes:
    read = sum(len(message["content"]) // 4 for message in body["messages"])
    written = len(text) // 4
    reply = {
        "id": "stub",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
    }
    return json.dumps(reply).encode()


def serve() -> None:
    """Read the script from the first line of stdin, print the port, and serve until killed."""
    server = _Server(json.loads(sys.stdin.readline()))
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve()
