"""An embedder that embeds a text once: statements of one answer are compared with the same sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from catena.retrieval.embedder import Embedder, Vectors


class CachingEmbedder:
    """Keeps the vector of every text that it was asked for, as long as it lives."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vectors] = {}
        self.name, self.dimensions = embedder.name, embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text (n, d)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._embedder.embed(new), strict=True))
        return np.stack([self._known[text] for text in texts])
