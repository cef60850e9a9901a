"""A library in memory and an embedder that counts words: stand-ins for the tests of the agents."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence

import numpy as np

from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.embedder import Vectors
from catena.retrieval.text_analysis import terms
from catena.types import Description, Document, Line, LineKind, Page, PageHit, PageRef, Passage, Word

DOC = "d" * 64
Lines = Sequence[tuple[LineKind, str]]


def make_page(number: int, lines: Lines, document_id: str = DOC) -> Page:
    """Lay out lines at 12 points each, words at 6 points a character; a word may be "text@x"."""
    text, words, marked = "", [], []
    for row, (kind, line) in enumerate(lines):
        start = len(text)
        x = 50.0
        for word in line.split():
            word, _, at = word.partition("@")
            x = float(at) if at else x
            if len(text) > start:
                text += " "
            box = (x, 50.0 + 12 * row, x + 6 * len(word), 60.0 + 12 * row)
            words.append(Word(len(text), len(text) + len(word), box))
            text += word
            x += 6 * len(word) + 4
        marked.append(Line(start, len(text), kind))
        text += "\n"
    return Page(
        PageRef(document_id, number),
        text.rstrip("\n"),
        str(number),
        tuple(words),
        tuple(marked),
        (),
        600,
        800,
    )


class OneVector:
    """Each document of a shelf has one."""

    def __init__(self, shelf: MemoryShelf) -> None:
        self._shelf = shelf

    def counts(self, document_ids: Sequence[str]) -> tuple[int, int]:
        return len(document_ids), sum(len(self._shelf.passages(one)) for one in document_ids)


class MemoryShelf:
    """Each page is one passage."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.vectors = OneVector(self)
        self.pages = {page.ref: page for page in pages}

    def document(self, document_id: str) -> Document:
        count = sum(ref.document_id == document_id for ref in self.pages)
        return Document(document_id, "A book", "book.pdf", "pdf", "ready", count, count)

    def page(self, ref: PageRef) -> Page:
        return self.pages[ref]

    def texts(self, document_id: str, numbers: Collection[int]) -> list[Page]:
        return [self.pages[PageRef(document_id, number)] for number in sorted(numbers)]

    def passages(self, document_id: str, ordinals: Sequence[int] | None = None) -> list[Passage]:
        pages = [page for ref, page in sorted(self.pages.items()) if ref.document_id == document_id]
        return [
            Passage(page.ref, 0, len(page.text), page.text, "", ordinal)
            for ordinal, page in enumerate(pages)
            if ordinals is None or ordinal in ordinals
        ]

    def lexical_index(self, document_id: str) -> bytes:
        builder = DocumentIndex.builder()
        for passage in self.passages(document_id):
            builder.add(terms(passage.text))
        return builder.to_bytes()

    def description(self, document_id: str) -> Description:
        return Description(document_id)

    def passage_range(self, document_id: str) -> tuple[int, int]:
        return 1, len(self.passages(document_id))


class WordRetriever:
    """Ranks pages by shared words."""

    def __init__(self, shelf: MemoryShelf) -> None:
        self.shelf = shelf

    def retrieve(self, question: str, document_ids: Sequence[str], k: int) -> list[PageHit]:
        asked = set(terms(question))
        hits = [
            PageHit(passage.ref, float(len(asked & set(terms(passage.text)))), "words", (passage,))
            for document_id in document_ids
            for passage in self.shelf.passages(document_id)
        ]
        return sorted((hit for hit in hits if hit.score > 0), key=lambda hit: -hit.score)[:k]


class WordEmbedder:
    """Hashes words into 64 places: equal words, equal places."""

    name = "words"
    dimensions = 64

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.full((len(texts), 64), 1e-3, np.float32)
        for row, text in enumerate(texts):
            for term in terms(text):
                vectors[row, zlib.crc32(term.encode()) % 64] += 1
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / lengths, np.float32)
