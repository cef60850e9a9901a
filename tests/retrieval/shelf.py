"""A library in memory, an embedder that counts words, and pages from plain lines."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.embedder import Vectors
from catena.retrieval.passages import indexed_text, split
from catena.retrieval.text_analysis import terms
from catena.types import Description, Document, Line, LineKind, Page, PageRef, Passage, Section


def make_page(
    number: int,
    *lines: tuple[LineKind, str],
    document_id: str = "d",
    sections: tuple[Section, ...] = (),
) -> Page:
    text, spans = "", []
    for kind, content in lines:
        spans.append(Line(len(text), len(text) + len(content), kind))
        text += content + "\n"
    return Page(PageRef(document_id, number), text[:-1], str(number), lines=tuple(spans), sections=sections)


class MemoryVectors:
    """By document and ordinal; None where there is none yet."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[int, Vectors | None]] = {}

    def of(self, document_id: str) -> tuple[NDArray[np.int64], Vectors]:
        found = {ordinal: one for ordinal, one in self.kept[document_id].items() if one is not None}
        vectors = np.array(list(found.values()), np.float32).reshape(len(found), WordEmbedder.dimensions)
        return np.array(list(found), np.int64), vectors

    def put(
        self, document_id: str, ordinals: Sequence[int], new: Vectors, *, first_passage: int | None = None
    ) -> bool:
        self.kept[document_id].update(zip(ordinals, new, strict=True))
        return True

    def missing(self, document_id: str) -> list[int]:
        return [ordinal for ordinal, one in self.kept[document_id].items() if one is None]


class MemoryLibrary:
    """The part of `Library` that retrieval needs."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._passages: dict[str, list[Passage]] = {}
        self._indexes: dict[str, bytes] = {}
        self.vectors = MemoryVectors()

    def add(self, title: str, *texts: str) -> str:
        """Add a document with one page a text; its id is its title."""
        pages = [make_page(n, ("text", text), document_id=title) for n, text in enumerate(texts, 1)]
        passages = [passage for _, own in split(pages, title) for passage in own]
        builder = DocumentIndex.builder()
        for passage in passages:
            builder.add(terms(indexed_text(passage)))
        self._documents[title] = Document(title, title, f"{title}.pdf", "pdf", "ready", len(pages))
        self._passages[title], self._indexes[title] = passages, builder.to_bytes()
        self.vectors.kept[title] = dict.fromkeys(range(len(passages)))
        return title

    def documents(self) -> list[Document]:
        return list(self._documents.values())

    def document(self, document_id: str) -> Document:
        return self._documents[document_id]

    def passages(self, document_id: str, ordinals: Sequence[int] | None = None) -> list[Passage]:
        passages = self._passages[document_id]
        return [one for one in passages if ordinals is None or one.ordinal in ordinals]

    def description(self, document_id: str) -> Description:
        return Description(document_id)

    def passage_range(self, document_id: str) -> tuple[int, int]:
        return 1, len(self._passages[document_id])

    def lexical_index(self, document_id: str) -> bytes:
        return self._indexes[document_id]

    def names(self) -> list[tuple[str, str, str]]:
        return [(one.id, one.title, one.path) for one in self._documents.values()]

    def search(
        self, wanted: Sequence[str], document_ids: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        asked = set(wanted)
        found = [
            (document_id, float(sum(len(asked & set(terms(indexed_text(one)))) for one in passages)))
            for document_id, passages in self._passages.items()
            if document_ids is None or document_id in document_ids
        ]
        return sorted((hit for hit in found if hit[1]), key=lambda hit: -hit[1])


class WordEmbedder:
    """Hashes words into 1,024 places: equal words, equal places. Counts the texts it is given."""

    name = "words"
    dimensions = 1024

    def __init__(self) -> None:
        self.num_texts = 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.num_texts += len(texts)
        vectors = np.full((len(texts), self.dimensions), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for term in terms(text):
                vectors[row, zlib.crc32(term.encode()) % self.dimensions] += 1
        unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return unit
