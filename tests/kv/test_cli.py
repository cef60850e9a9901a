"""`catena serve-model` and `train-retriever` as typed."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from catena.benchmarks.kv.kv_quality import training_texts
from catena.benchmarks.kv.recall_model import plant, save_checkpoint, words_of

COMMAND = str(Path(sys.executable).with_name("catena"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "recall"
    save_checkpoint(plant(), folder)
    return folder


def catena(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True)


@pytest.mark.slow
def test_a_trained_retriever_is_served_with_its_model(model: Path, tmp_path: Path) -> None:
    text, out = tmp_path / "text.txt", tmp_path / "retriever.safetensors"
    text.write_text("\n".join(words_of(piece) for piece in training_texts(3)))
    options = (
        "--model",
        str(model),
        "--text",
        str(text),
        "--out",
        str(out),
        "--tokens",
        "256",
        "--page-size",
        "16",
    )
    done = catena("train-retriever", *options)
    assert (done.returncode, out.is_file()) == (0, True), done.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    arguments = [
        "serve-model",
        str(model),
        "--port",
        port,
        "--store",
        str(tmp_path / "kv"),
        "--retriever",
        str(out),
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen([COMMAND, *arguments, "--page-size", "16"], stderr=pipe, text=True) as server:
        try:
            assert wait_for(f"http://127.0.0.1:{port}/health") == {"status": "ok", "model": "recall"}
            assert server.stderr is not None
            key = next(line.split("=")[1].strip() for line in server.stderr if "OPENAI_API_KEY=" in line)
            models = f"http://127.0.0.1:{port}/v1/models"
            assert httpx.get(models, timeout=60).status_code == 401
            assert (
                httpx.get(models, headers={"Authorization": f"Bearer {key}"}, timeout=60).status_code == 200
            )
        finally:
            server.terminate()


def wait_for(url: str) -> object:
    for _ in range(600):
        try:
            return httpx.get(url, timeout=60).json()
        except httpx.ConnectError:
            time.sleep(0.1)
    raise AssertionError(f"nothing at {url}")


def test_an_open_address_needs_a_key(model: Path) -> None:
    done = catena("serve-model", str(model), "--host", "0.0.0.0")
    assert (done.returncode, "--api-key-file" in done.stderr) == (1, True)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    done = catena("serve-model", str(tmp_path))
    assert (done.returncode, "cannot be loaded" in done.stderr, "Traceback" in done.stderr) == (
        1,
        True,
        False,
    )


def test_a_port_in_use_is_said_before_the_model_is_loaded(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = catena("serve-model", str(tmp_path / "absent"), "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "Give another --port" in done.stderr
