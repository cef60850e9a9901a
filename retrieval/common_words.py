"""Common English words: those that the embedder's tokenizer has as a whole, 22,000 of the most frequent."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from importlib.resources import files

RAREST = 30_000


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Lower-case words of letters only."""
    return frozenset(_ranks())


def rarity(word: str) -> float:
    """Return how rare a word is in English, 0 for the most frequent and 1 for what is not common at all.

    The vocabulary is in the order of frequency, so that the place of a word tells it.
    """
    return math.log1p(_ranks().get(word.lower(), RAREST) / 100) / math.log1p(RAREST / 100)


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    """Read once, in 30 ms."""
    text = (files("catena.retrieval") / "minilm" / "tokenizer.json").read_text("utf-8")
    vocabulary: dict[str, int] = json.loads(text)["model"]["vocab"]
    return {word: rank for word, rank in vocabulary.items() if len(word) > 1 and word.isalpha()}
