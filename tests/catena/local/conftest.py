"""Small GGUF files, and a `llama-server` of the test's own that speaks as the real one does."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catena.local.server_start import stop
from catena.local.stored_models import Shelf

MakeGGUF = Callable[..., Path]

SERVER = """#!{python}
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
told = dict(zip(sys.argv[1::2], sys.argv[2::2]))
with open(os.environ["STARTS"], "a") as starts:
    starts.write(told["--ctx-size"] + "\\n")
if os.path.getsize(told["--model"]) == int(os.environ.get("BAD_SIZE", "-1")):
    sys.exit("0.00.1 E llama_model_load: error loading model: tensor is missing")
tasks = [-1]
class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def send(self, body, kind="application/json", code=200):
        self.send_response(code); self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def do_GET(self):
        slot = {{"id": 0, "n_ctx": int(told["--ctx-size"]), "is_processing": False, "id_task": tasks[0]}}
        self.send(json.dumps([slot] if self.path == "/slots" else {{"status": "ok"}}).encode())
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != "Bearer " + os.environ["LLAMA_API_KEY"]:
            return self.send(b'{{"error": {{"message": "Invalid API Key"}}}}', code=401)
        if "die" in body["messages"][-1]["content"]: os._exit(9)
        tasks[0] += 1
        color = "blue" if "Answer: " in body.get("grammar", "") else "red"
        chances = [{{"token": word, "logprob": one}} for word, one in (("Yes", -0.1), ("no", None), ("No", -2.4))]
        likely = {{"content": [{{"top_logprobs": chances}}]}} if body.get("top_logprobs") else None
        pieces = [{{"choices": [{{"delta": {{"content": None}}}}], "prompt_progress": {{"total": 9, "processed": 9}}}},
                  {{"choices": [{{"delta": {{"content": "It is %s." % color}}, "logprobs": likely}}]}},
                  {{"choices": [{{"delta": {{}}, "finish_reason": "stop"}}]}},
                  {{"choices": [], "usage": {{"prompt_tokens": 9, "completion_tokens": 4}}}}]
        self.send("".join("data: " + json.dumps(one) + "\\n\\n" for one in pieces).encode(), "text/event-stream")
ThreadingHTTPServer(("127.0.0.1", int(told["--port"])), Handler).serve_forever()
"""


def gguf_bytes(**keys: Any) -> bytes:
    """A header of GGUF version 3 with these keys, and no tensor; `_` in a name stands for a dot."""
    said: dict[str, Any] = {
        "general.architecture": "llama",
        "llama.context_length": 4096,
        "llama.block_count": 2,
        "llama.embedding_length": 64,
        "llama.attention.head_count": 4,
        "llama.attention.head_count_kv": 2,
        "tokenizer.chat_template": "{{ messages }}",
        "tokenizer.ggml.tokens": ["a", "b"],
    }
    said |= {name.replace("__", "."): value for name, value in keys.items()}
    said = {name: value for name, value in said.items() if value is not None}
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(said)) + b"".join(map(_entry, said.items()))


def _entry(item: tuple[str, Any]) -> bytes:
    name, value = item
    if isinstance(value, str):
        return _text(name) + struct.pack("<I", 8) + _text(value)
    if isinstance(value, list):
        texts = b"".join(_text(one) for one in value)
        return _text(name) + struct.pack("<IIQ", 9, 8, len(value)) + texts
    return _text(name) + struct.pack("<II", 4, value)


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


@pytest.fixture
def make_gguf(tmp_path: Path) -> MakeGGUF:
    def make(name: str = "model.gguf", **keys: Any) -> Path:
        path = tmp_path / "given" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gguf_bytes(**keys))
        return path

    return make


@pytest.fixture
def shelf(home: Path) -> Iterator[Shelf]:
    """The folder of local models; whatever server a test began is ended."""
    found = Shelf(home / "models")
    yield found
    for one in found.models():
        stop(found.folder, one.name)


@pytest.fixture
def starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `llama-server` on the PATH; the file has a line for every start, the window."""
    program = tmp_path / "bin" / "llama-server"
    program.parent.mkdir()
    program.write_text(SERVER.format(python=sys.executable))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("STARTS", str(tmp_path / "starts"))
    return tmp_path / "starts"
