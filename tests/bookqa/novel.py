"""A small novel as a book, and a model that plays writer and checker by rule."""

from __future__ import annotations

from functools import cache

from catena.benchmarks.bookwriter import reply
from catena.benchmarks.novels import write_novel
from catena.bookqa.book import Book, read_book
from tests.agents.generative.test_chain import Reader
from tests.agents.shelf import DOC, MemoryShelf, make_page

NUM_PARAGRAPHS = 60


@cache
def novel(num_paragraphs: int = NUM_PARAGRAPHS, seed: int = 1) -> Book:
    """A page, and passage, for each paragraph."""
    parts = [
        part for part in write_novel(num_paragraphs, seed).split("\n\n") if not part.startswith("CHAPTER")
    ]
    pages = [make_page(number, [("text", part)]) for number, part in enumerate(parts, 1)]
    return read_book(MemoryShelf(pages), pages, DOC)


def writer(**known: str) -> Reader:
    return Reader(
        lambda system, user: reply(
            {"messages": [{"role": "system", "content": system}, {"role": "user", "content": user}]}, known
        )
    )
