"""The recall model as a user would have it: a saved checkpoint behind the real server, and its documents as PDFs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymupdf
import uvicorn
from torch import Tensor

from catena.benchmarks.kv.recall_model import plant, save_checkpoint, words_of
from catena.kv.engine.model_loading import LocalModel, load_model
from catena.kv.server.http_server import ServerLimits, create_app
from catena.kv.server.serve import make_engine

NAME = "recall"


def load_recall(folder: Path) -> LocalModel:
    """Save the planted model as a checkpoint, and load that."""
    save_checkpoint(plant(), folder / NAME)
    return load_model(folder / NAME)


@contextmanager
def served(
    local: LocalModel,
    store: Path,
    *,
    keys: Sequence[str] = (),
    start_key: str = "",
    limits: ServerLimits | None = None,
    **options: Any,
) -> Iterator[str]:
    """The address of a server of KV pages of 16 tokens, until it is left; `options` are `make_engine`'s."""
    engine = make_engine(local, store, page_size=16, **options)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = create_app(engine, keys=keys, start_key=start_key, limits=limits)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
        engine.close()


def render(tokens: Tensor, path: Path, words_a_page: int) -> None:
    """Write a planted document as a PDF of that many words a page."""
    words = words_of(tokens).split()
    with pymupdf.open() as document:
        for start in range(0, len(words), words_a_page):
            text = " ".join(words[start : start + words_a_page])
            left_over = document.new_page().insert_textbox((50, 50, 545, 790), text, fontsize=11)
            assert left_over > 0, "the words fit on the page"
        document.save(path)
