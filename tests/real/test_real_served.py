"""`catena serve-model FILE.gguf` with a real model: imported, read once, asked twice, restarted, an answer cut off."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from catena.client import Catena
from catena.local.imported_models import ImportedModels
from catena.local.stored_models import Shelf, name_for
from catena.options import AskOptions
from tests.real.conftest import SECONDS, check_boxes, check_came

pytest.importorskip("torch", reason="torch is not installed")
pytestmark = pytest.mark.slow
COMMAND = str(Path(sys.executable).with_name("catena"))
KEY = "a-key-of-the-tests-alone"
BATTERY = "How long does the battery of the lantern last?"
TEXTS = (
    "In 1931, the 12,345.67 lamps cost $1,577.",
    "Don't I'LL  do\n\n\tit  ",
    "日本語 テスト naïve Größe œuvre ½ ² Ⅷ ١٢٣",
    "a\r\nb\r\n\r\n c   d\u00a0e\u3000f … “q” 'tis",
)
MAKER = "Who makes the Harbour Lantern?"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `home` is its library's folder, where model and KV pages stay."""

    url: str
    name: str
    home: Path

    def metrics(self) -> dict[str, float]:
        lines = self.get("/metrics").text.splitlines()
        pairs = [line.split() for line in lines if not line.startswith("#")]
        return {name.removeprefix("catena_").removesuffix("_total"): float(value) for name, value in pairs}

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, headers={"Authorization": f"Bearer {KEY}"}, timeout=SECONDS)

    def wait_for(self, is_so: Callable[[dict[str, float]], bool]) -> None:
        end = time.monotonic() + SECONDS
        while not is_so(self.metrics()):
            assert time.monotonic() < end
            time.sleep(0.2)


@contextmanager
def serving(file: Path, home: Path) -> Iterator[Server]:
    """Serve a GGUF file; its first start turns it into a model folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keys = home / "keys"
    keys.write_text(KEY)
    arguments = ["serve-model", str(file), "--port", str(port), "--api-key-file", str(keys)]
    environment = {**os.environ, "CATENA_HOME": str(home)}
    server = Server(f"http://127.0.0.1:{port}", name_for(file), home)
    log = home / "log"
    with log.open("ab") as out:
        process = subprocess.Popen([COMMAND, *arguments], stdout=out, stderr=out, env=environment)
    try:
        end = time.monotonic() + SECONDS
        while not _is_up(server):
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        yield server
    finally:
        process.terminate()
        process.wait(60)


def _is_up(server: Server) -> bool:
    try:
        return server.get("/health").status_code == 200
    except httpx.ConnectError:
        return False


def ask(server: Server, catena: Catena, question: str, document: str) -> tuple[float, float, float]:
    """Ask by KV pages; return how many prompts that were, their tokens, and those that had been read before."""
    before = server.metrics()
    answer = catena.ask(question, documents=[document], options=AskOptions(strategy="kv"))
    check_came(answer)
    assert (answer.strategy, answer.model) == ("kv", f"openai/{server.name}")
    check_boxes(answer, catena.library.pages(document))
    after = server.metrics()
    counts = [after[name] - before[name] for name in ("answers", "prompt_tokens", "cached_tokens")]
    return counts[0], counts[1], counts[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the servers."""
    return tmp_path_factory.mktemp("servers")


def test_a_document_is_read_once_for_all_questions_and_servers(
    file: Path, folder: Path, manual: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving(file, folder) as server:
        with client(server) as catena:
            document = catena.add(manual).id
            for question in (BATTERY, MAKER):
                num_prompts, num_tokens, num_cached = ask(server, catena, question, document)
                (kept,) = server.get("/v1/documents").json()["data"]
                assert kept["status"] == "ready" and kept["num_tokens"] > 80
                assert num_cached == num_prompts * kept["num_tokens"] < num_tokens
        cut_off(server)
    (imported,) = ImportedModels(folder / "models").all()
    weights = folder / "models" / ".safetensors" / imported.sha256 / "model.safetensors"
    written = weights.stat().st_mtime_ns
    with serving(file, folder) as server:
        assert weights.stat().st_mtime_ns == written  # it was found again
        with client(server) as catena:
            num_prompts, _, num_cached = ask(server, catena, BATTERY, document)
            assert num_cached == num_prompts * kept["num_tokens"]  # and so was what it had read


def client(server: Server) -> Catena:
    return Catena(model=f"openai/{server.name}", api_base=f"{server.url}/v1")


def cut_off(server: Server) -> None:
    """Go away while an answer is written: the server stops writing it, and answers the next."""
    said = "Count from one to one thousand in words, and leave no number out."
    body = {"model": server.name, "messages": [{"role": "user", "content": said}], "max_tokens": 3000}
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.stream(
        "POST",
        f"{server.url}/v1/chat/completions",
        json={**body, "stream": True},
        headers=headers,
        timeout=SECONDS,
    ) as answer:
        assert answer.status_code == 200
        next(line for line in answer.iter_lines() if '"content": "' in line)
    server.wait_for(lambda now: now["rows_active"] == 0 and now["rows_waiting"] == 0)
    done = httpx.post(
        f"{server.url}/v1/chat/completions", json={**body, "max_tokens": 4}, headers=headers, timeout=SECONDS
    ).json()
    assert done["usage"]["completion_tokens"] in range(1, 5)


def test_an_imported_model_reads_and_writes_what_llama_cpp_does(file: Path, folder: Path) -> None:
    """Where they part, neither is sure of its token: arithmetic differs, blocks of 8 bits there and bfloat16 here."""
    pytest.importorskip("xllamacpp", reason="no engine: make fetches xllamacpp where there is an index")
    import torch

    import catena.benchmarks.gguf_equality as equality  # torch

    torch.set_num_threads(1)
    shelf = Shelf(folder / "models")
    found = list(equality.partings(file, equality.PROMPTS[:3], shelf, max_tokens=16))
    assert [one for one in found if max(one.ours, one.theirs) > 1.5] == []
    assert equality.differing_texts(file, TEXTS, shelf) == []
