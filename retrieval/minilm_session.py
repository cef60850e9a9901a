"""The model file of the wheel, opened once: sentence embeddings and the reading of passages share it.

`input_ids` (texts, tokens) int64, all of one length; `question_tokens` int64, a number: 0 embeds. See
scripts/build_embedder.py.
"""

from __future__ import annotations

import threading
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

MAX_TOKENS = 256  # what the model was trained for; more makes it worse, not better

_lock = threading.Lock()


def run(ids: NDArray[np.int64], question_tokens: int = 0) -> NDArray[np.float32]:
    """Return (texts, 384) unit vectors; with a question (texts, tokens, 2) logits of the answer's start and end."""
    feed = {"input_ids": ids, "question_tokens": np.array(question_tokens)}
    output: NDArray[np.float32] = _opened().run(None, feed)[0]
    return output


def tokenizer() -> Tokenizer:
    """Return a tokenizer of its own for each caller, which may set how it truncates."""
    from tokenizers import Tokenizer  # a tenth of a second, which `import catena` must not pay

    text = (files("catena.retrieval") / "minilm" / "tokenizer.json").read_text("utf-8")
    made = Tokenizer.from_str(text)
    made.no_padding()
    return made


def _opened() -> InferenceSession:
    with _lock:
        return _session()


@cache
def _session() -> InferenceSession:
    import onnxruntime  # as above

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # texts run side by side: faster than one text on many cores
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.disable_quant_qdq", "1")  # unpack the weights once
    with as_file(files("catena.retrieval") / "minilm" / "model.onnx") as path:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
