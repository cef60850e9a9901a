"""A library of any size made from a real one, for measuring speed: word frequencies and names stay natural.

A made passage is the first half of one real passage and the second half of another of the same document, so words
keep their company; numbers of five digits and more get other digits in each document, for else no number would be
rare. Its vector lies between the vectors of both, moved by some noise (cosine to the middle about 0.93).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catena.errors import OptionError
from catena.library.library import Library
from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.embedder import Vectors
from catena.retrieval.text_analysis import terms
from catena.types import Document, Line, Page, PageRef, Passage

PER_DOCUMENT, PER_PAGE = 500, 5
LEAST_PASSAGES = 40  # of a document that is drawn from
NOISE = 0.02  # standard deviation of each of 384 places
DIGITS = "0123456789"
_LONG_NUMBER = re.compile(r"\d{5,}")

Pairs = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Piece:
    """A text with its analysed terms, separated by spaces."""

    text: str
    terms: str

    @classmethod
    def of(cls, text: str) -> Piece:
        return cls(text, " ".join(terms(text)))


@dataclass(frozen=True, slots=True)
class Source:
    """A real document: header, first and second half of each passage, and a vector for each."""

    title: str
    passages: Sequence[tuple[Piece, Piece, Piece]]
    vectors: Vectors


def read_sources(library: Library) -> list[Source]:
    """The documents that are long enough to be drawn from; passages without a vector are lent others'."""
    batches = [vectors for one, _, _ in library.names() if len(vectors := library.vectors.of(one)[1])]
    if not batches:
        raise OptionError("No passage there has a vector.", "Add a document, and wait until it is filled.")
    real, rng, found = np.concatenate(batches), np.random.default_rng(0), []
    for document in library.documents():
        passages = library.passages(document.id)
        if len(passages) >= LEAST_PASSAGES:
            vectors = real[rng.integers(0, len(real), len(passages))]
            ordinals, own = library.vectors.of(document.id)
            if len(ordinals):
                vectors[ordinals] = own
            found.append(Source(document.title, [_cut(passage) for passage in passages], vectors))
    return found


def resample(sources: Sequence[Source], library: Library, num_passages: int) -> None:
    """Fill a library up to about `num_passages`; begun before, it goes on. Equal sources make equal libraries."""
    weights = np.array([len(source.passages) for source in sources], float)
    there = {one for one, _, _ in library.names()}
    for number in range(-(-num_passages // PER_DOCUMENT)):
        rng = np.random.default_rng(number)
        source = sources[rng.choice(len(sources), p=weights / weights.sum())]
        document_id = hashlib.sha256(b"%d" % number).hexdigest()
        if document_id not in there:
            title = f"{source.title} {number}"
            pairs = rng.integers(0, len(source.passages), (PER_DOCUMENT, 2))
            others = str.maketrans(DIGITS, "".join(rng.permutation(list(DIGITS))))
            document = Document(document_id, title, f"{title}.pdf", "pdf", "ready")
            _add(library, document, source, pairs, others)
            library.vectors.put(document_id, range(PER_DOCUMENT), _vectors(source.vectors[pairs], rng))


def _add(library: Library, document: Document, source: Source, pairs: Pairs, others: dict[int, int]) -> None:
    index = DocumentIndex.builder()
    with library.writing(document) as writer:
        for first in range(0, PER_DOCUMENT, PER_PAGE):
            ref = PageRef(document.id, first // PER_PAGE + 1)
            page, passages, analysed = _page(ref, first, source, pairs[first : first + PER_PAGE], others)
            writer.add(page, passages, analysed)
            for words in analysed:
                index.add(words.split(" "))
        writer.index = index.to_bytes()


def _page(
    ref: PageRef, ordinal: int, source: Source, pairs: Pairs, others: dict[int, int]
) -> tuple[Page, list[Passage], list[str]]:
    """A page of made passages, one a line, and the terms of each."""
    text, lines, passages, analysed = "", [], [], []
    for place, (one, other) in enumerate(pairs.tolist()):
        header, begun, _ = source.passages[one]
        _, _, ended = source.passages[other]
        made = _renumber(f"{begun.text} {ended.text}", others)
        start, end = len(text), len(text) + len(made)
        lines.append(Line(start, end, "text"))
        passages.append(Passage(ref, start, end, made, header.text, ordinal=ordinal + place))
        analysed.append(_renumber(f"{header.terms} {begun.terms} {ended.terms}".strip(), others))
        text += made + "\n"
    return Page(ref, text[:-1], str(ref.number), lines=tuple(lines)), passages, analysed


def _cut(passage: Passage) -> tuple[Piece, Piece, Piece]:
    words = passage.text.split()
    halves = words[: len(words) // 2], words[len(words) // 2 :]
    return Piece.of(passage.header), Piece.of(" ".join(halves[0])), Piece.of(" ".join(halves[1]))


def _renumber(text: str, others: dict[int, int]) -> str:
    return _LONG_NUMBER.sub(lambda number: number[0].translate(others), text)


def _vectors(pairs: Vectors, rng: np.random.Generator) -> Vectors:
    """One vector near the middle of each pair: (n, 2, d) to (n, d)."""
    middle = _unit(pairs.mean(axis=1))
    return _unit(middle + rng.normal(scale=NOISE, size=middle.shape).astype(np.float32))


def _unit(vectors: Vectors) -> Vectors:
    scaled: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return scaled
