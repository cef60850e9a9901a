"""A set over many books: each book is one unit of the batch, and its items are units inside of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Protocol

from catena.bookqa.book import Book
from catena.bookqa.executor import Ended, Ledger, run
from catena.bookqa.generator import Json, Order
from catena.bookqa.items import Item, from_json
from catena.bookqa.report import Report, make_report
from catena.bookqa.result_store import Journal
from catena.errors import OptionError
from catena.llm.usage import Meter
from catena.types import Usage

BOOKS, ITEMS = "book/", "item/"
"""Prefixes of the keys of a set's journal."""
USAGE = "usage"
"""The note of a journal that holds the reading of its meter."""
BOOKS_TOLD = 20
"""Books whose entities the report names."""
MAX_OPEN = 16
"""Books in memory at once: a long novel takes some 10 MB."""


class Source(Protocol):
    """A book that can be opened; `name` is the same in every run."""

    @property
    def name(self) -> str: ...

    @property
    def key(self) -> str:
        """`book/` and the name."""

    def open(self) -> Book:
        """Read it. Raises DocumentError."""


MakeBook = Callable[[Book], Awaitable[Json]]
"""Makes the items of one book, here or on another machine, and returns its summary."""


def books_at_once(num: int, concurrency: int) -> int:
    """Return the number of books to work on at once, so that there is always a call to make.

    The last items of a book are few, and each is several calls, one after the other, sometimes three times: for long
    a book asks for little.
    """
    return min(MAX_OPEN, 2 + -(-8 * concurrency // num))


async def generate(
    sources: Iterable[Source],
    make: MakeBook,
    ledger: Ledger,
    *,
    num_open: int,
    notes: Callable[[], Json] = dict,
    on_end: Ended = lambda key, result: None,
) -> None:
    """Make the items of every book that is not done; a book that cannot be read is noted and stops no other.

    `num_open` books are worked on at once. Raises Stopped at a cap, ModelRefused and OptionError.
    """

    async def work(source: Source) -> Json:
        return await make(await asyncio.to_thread(source.open))

    await run(sources, work, ledger, concurrency=num_open, notes=notes, on_end=on_end)


def items(journal: Journal) -> Iterator[Item]:
    """The items of all finished books, book after book; one at a time is in memory."""
    seen: set[str] = set()
    for _, summary in journal.results(BOOKS):
        if summary["book"] in seen:  # the same bytes under two names
            continue
        seen.add(summary["book"])
        for key in summary["keys"]:
            result = journal.get(key)
            if result is None:
                raise OptionError(f"{journal.path} has lost {key}.", "Make the set anew under another name.")
            yield from_json(result["item"])


def report(journal: Journal, order: Order, num_books: int) -> Report:
    """Count what has been made so far; `num_books` were given."""
    rejected: Counter[str] = Counter()
    entities: dict[str, tuple[str, ...]] = {}
    for _, summary in journal.results(BOOKS):
        rejected.update(summary["rejected"])
        if len(entities) < BOOKS_TOLD:
            entities[summary["title"]] = tuple(summary["entities"])
    return make_report(
        items(journal),
        kinds=order.kinds,
        num_books=num_books,
        num_asked=num_books * order.num,
        rejected=rejected,
        failures=journal.failures(),
        usage=usage(journal),
        entities=entities,
    )


def usage(journal: Journal) -> Usage:
    """Return the usage of the models so far."""
    meter = Meter()
    meter.include(journal.note(USAGE) or meter.to_json())
    return meter.usage
