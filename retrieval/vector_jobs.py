"""Vectors come progressively: candidates when first needed, the rest behind a progress bar, resumable."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from catena.retrieval.embedder import Embedder
from catena.retrieval.passages import indexed_text
from catena.retrieval.protocols import Shelf

CHUNK = 64  # passages embedded between two commits: about two seconds on a small machine

OnProgress = Callable[[int, int], None]
"""Called with the vectors there are and the vectors there will be."""


def fill(
    library: Shelf,
    embedder: Embedder,
    document_id: str,
    on_progress: OnProgress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> bool:
    """Embed the passages that have no vector yet; returns whether all have one. Killed, it loses one chunk."""
    missing = library.vectors.missing(document_id)
    total = library.passage_range(document_id)[1]
    done = total - len(missing)
    for at in range(0, len(missing), CHUNK):
        if on_progress:
            on_progress(done, total)
        if should_stop and should_stop():
            return False
        ordinals = missing[at : at + CHUNK]
        embed_passages(library, embedder, document_id, ordinals)
        done += len(ordinals)
    if on_progress:
        on_progress(done, total)
    return True


def embed_passages(library: Shelf, embedder: Embedder, document_id: str, ordinals: Sequence[int]) -> None:
    """Embed some passages of a document and keep their vectors, unless its text is replaced meanwhile."""
    if ordinals:
        first, _ = library.passage_range(document_id)
        embedded = embedded_passages(library, embedder, document_id, ordinals)
        vectors = np.array([vector for _, vector in embedded])
        library.vectors.put(document_id, [ordinal for ordinal, _ in embedded], vectors, first_passage=first)


def embedded_passages(
    library: Shelf, embedder: Embedder, document_id: str, ordinals: Sequence[int]
) -> list[tuple[int, NDArray[np.float32]]]:
    """Embed some passages of a document: the ordinal of each, and its vector (d,)."""
    passages = library.passages(document_id, ordinals)
    vectors = embedder.embed([indexed_text(passage) for passage in passages])
    return [(passage.ordinal, vector) for passage, vector in zip(passages, vectors, strict=True)]
