"""Common English words: those that the embedder's tokenizer has as a whole, 22,000 of the most frequent."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Lower-case words of letters only; read once, in 30 ms."""
    text = (files("catena.retrieval") / "minilm" / "tokenizer.json").read_text("utf-8")
    vocabulary: dict[str, int] = json.loads(text)["model"]["vocab"]
    return frozenset(word for word in vocabulary if len(word) > 1 and word.isalpha())
