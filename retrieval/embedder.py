"""Text to vectors: the protocol, and the embedder in the wheel (all-MiniLM-L6-v2, int8 weights, no torch)."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import as_file, files
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]

MAX_TOKENS = 256  # what the model was trained for; more makes it worse, not better
TOKENS_PER_RUN = 1024  # texts of one length share a run, so short sentences do not pay a run each


class Embedder(Protocol):
    """`embed` returns one unit vector a text, the same whatever other texts come along."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors: ...


class MiniLM:
    """The weights are stored as int8 and computed in float32: as fast as int8 arithmetic without VNNI,
    nearer to the original (cosine 0.999 against 0.99), and the same on every machine and in every batch."""

    name = "all-MiniLM-L6-v2-int8w"
    dimensions = 384

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._lock = threading.Lock()
        self._session: InferenceSession | None = None
        self._tokenizer: Tokenizer | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; returns float32 (len(texts), 384) of unit length. Reads the first 256 tokens."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        if not texts:
            return vectors
        session, tokenizer = self._load()
        ids = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]

        def run(rows: list[int]) -> None:
            tokens = np.array([ids[row] for row in rows], np.int64)  # (rows, tokens), no padding
            vectors[rows] = session.run(None, {"input_ids": tokens})[0]

        with ThreadPoolExecutor(self._threads) as pool:
            list(pool.map(run, _runs([len(tokens) for tokens in ids])))
        return vectors

    def _load(self) -> tuple[InferenceSession, Tokenizer]:
        with self._lock:
            if self._session is None or self._tokenizer is None:
                self._session, self._tokenizer = _session(), _tokenizer()
            return self._session, self._tokenizer


def _session() -> InferenceSession:
    import onnxruntime  # a tenth of a second, which `import catena` must not pay

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # texts run side by side: faster than one text on many cores
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.disable_quant_qdq", "1")  # unpack the weights once
    with as_file(files("catena.retrieval") / "minilm" / "model.onnx") as path:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _tokenizer() -> Tokenizer:
    from tokenizers import Tokenizer  # as above

    text = (files("catena.retrieval") / "minilm" / "tokenizer.json").read_text("utf-8")
    tokenizer = Tokenizer.from_str(text)
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _runs(lengths: list[int]) -> list[list[int]]:
    """Group texts by their exact number of tokens, longest first: no thread ends on a long one."""
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    runs: list[list[int]] = []
    for length, group in groupby(order, key=lambda row: lengths[row]):
        rows, size = list(group), max(1, TOKENS_PER_RUN // length)
        runs.extend(rows[at : at + size] for at in range(0, len(rows), size))
    return runs
