"""Made-up documents of any size, the same for the same seed, whose every passage can be found by one word."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catena.library.library import Library
from catena.types import Document, Line, Page, PageRef, Passage, Section, Word

WORDS_PER_PASSAGE = 40
PASSAGES_PER_PAGE = 3
DIMENSIONS = 8


def file_bytes(seed: int, num_bytes: int = 4000) -> bytes:
    """The bytes of the file; the document of a seed has the id `file_id(seed)`."""
    return random.Random(seed).randbytes(num_bytes)


def file_id(seed: int) -> str:
    return hashlib.sha256(file_bytes(seed)).hexdigest()


def token(seed: int) -> str:
    """A word that stands in every passage of this document, and in no other's."""
    return f"token{seed}{hashlib.sha256(str(seed).encode()).hexdigest()[:12]}"


def document(seed: int, num_pages: int, path: Path) -> Document:
    return Document(file_id(seed), f"Document {seed}", str(path), "pdf", "ready", num_pages, num_pages)


def pages(seed: int, num_pages: int) -> Iterator[tuple[Page, tuple[Passage, ...]]]:
    """Yield pages with their passages."""
    ordinal = 0
    for number in range(1, num_pages + 1):
        ref = PageRef(file_id(seed), number)
        texts = [_passage_text(seed, ordinal + i) for i in range(PASSAGES_PER_PAGE)]
        page = _page(ref, texts)
        starts = [line.start for line in page.lines]
        yield (
            page,
            tuple(
                Passage(ref, start, start + len(text), text, f"Document {seed}", ordinal=ordinal + i)
                for i, (start, text) in enumerate(zip(starts, texts, strict=True))
            ),
        )
        ordinal += len(texts)


def add(library: Library, path: Path, seed: int, num_pages: int = 2) -> Document:
    """Do with a made-up document what `catena add` does."""
    path.write_bytes(file_bytes(seed))
    library.store_original(path)
    with library.writing(document(seed, num_pages, path)) as writer:
        for page, passages in pages(seed, num_pages):
            writer.add(page, passages, [passage.text.lower() for passage in passages])
        writer.index = token(seed).encode()
    return writer.document


def vectors(seed: int, number: int) -> NDArray[np.float32]:
    """Vectors of unit length: (number, DIMENSIONS)."""
    drawn = np.random.default_rng(seed).normal(size=(number, DIMENSIONS)).astype(np.float32)
    scaled: NDArray[np.float32] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return scaled


def _passage_text(seed: int, ordinal: int) -> str:
    drawn = random.Random(f"{seed}/{ordinal}")
    words = [f"word{drawn.randrange(5000)}" for _ in range(WORDS_PER_PASSAGE)]
    return " ".join([token(seed), f"ordinal{ordinal}", *words])


def _page(ref: PageRef, texts: list[str]) -> Page:
    text = "\n".join(texts)
    lines: list[Line] = []
    words: list[Word] = []
    at = 0
    for one in texts:
        lines.append(Line(at, at + len(one), "text"))
        for word in one.split(" "):
            y = float(len(words))
            words.append(Word(at, at + len(word), (10.0, y, 90.0, y + 1.0)))
            at += len(word) + 1
    section = (Section(0, ("Part", f"Chapter {ref.number}")),)
    return Page(ref, text, f"p{ref.number}", tuple(words), tuple(lines), section, 100.0, 800.0)
