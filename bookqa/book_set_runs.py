"""Question-answer sets from files and documents: ties the library and the models to `catena.bookqa`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import count
from os import PathLike
from pathlib import Path
from typing import Literal, Protocol, get_args

from catena.add_document import Adder, files_under
from catena.arguments import (
    list_of,
    path_of,
    require_a,
    require_callback,
    require_choice,
    require_number,
    require_text,
    require_whole,
)
from catena.bookqa import book_sets
from catena.bookqa.book import Book, read_book
from catena.bookqa.executor import Places
from catena.bookqa.generator import NO_MODEL, ItemGenerator, Json, Order
from catena.bookqa.items import write_items
from catena.bookqa.ray_executor import Cluster, Remote, cluster
from catena.bookqa.report import Report
from catena.bookqa.result_store import Journal
from catena.bookqa.set_cost import Estimate, estimate
from catena.errors import DocumentError, OptionError
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.library.library import Library
from catena.llm import litellm_catalogue
from catena.llm.budget import Budget
from catena.llm.usage import Meter
from catena.llm_factory import LLMFactory
from catena.options import Limits
from catena.portal import run_alone
from catena.retrieval.embedder import Embedder, MiniLM
from catena.settings import Settings
from catena.types import Usage


class Workplace(Protocol):
    """The client that makes a set: `Catena` is one."""

    settings: Settings
    library: Library
    pool: ParserPool
    embedder: Embedder


Engine = Literal["local", "ray"]
SPARE_PLACES = 8
"""Questions in work beyond the calls that may be under way: some are always between two calls."""


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """Options of making a set; they do not change what is in it.

    `concurrency` is how many model calls are under way at once, `max_cost_usd` the most that all of them may cost.
    `ray_address` is that of a running Ray cluster; without it the engine "ray" starts one on this machine.
    """

    concurrency: int = 8
    max_cost_usd: float | None = None
    engine: Engine = "local"
    ray_address: str | None = None

    def __post_init__(self) -> None:
        require_whole("concurrency", self.concurrency)
        if self.max_cost_usd is not None:
            require_number("max_cost_usd", self.max_cost_usd)
        require_choice("engine", self.engine, get_args(Engine))
        if self.ray_address is not None:
            require_text("ray_address", self.ray_address)
            if self.engine != "ray":
                raise OptionError("Only the engine ray has a use for ray_address.", 'Give engine="ray" too.')


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a set. `num_made` are places of the set that are done, most with an item; `num_failed` may be tried
    again."""

    num_books: int
    num_books_done: int
    num_asked: int
    num_made: int
    num_failed: int
    usage: Usage


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class LibraryBook:
    """A file, which is added first, or a document of the library by id, title or path."""

    catena: Workplace
    name: str

    @property
    def key(self) -> str:
        return f"{book_sets.BOOKS}{self.name}"

    def open(self) -> Book:
        """Read it into memory. Raises DocumentError, DocumentNotFound."""
        library, path = self.catena.library, Path(self.name)
        # Not `catena.add`: that has all passages embedded in the background, which no question here needs.
        adder = Adder(library, self.catena.pool)
        document = adder.add(path).document if path.is_file() else library.find(self.name)
        if not document.is_readable:
            raise DocumentError(document.reason or "damaged", document.message, document.remedy)
        return read_book(library, library.pages(document.id), document.id)


def journal_path(out: Path) -> Path:
    """Return the folder of the work on a set, beside it."""
    return out.with_name(f"{out.name}.db")


def book_names(books: Sequence[str | Path] | str | Path) -> list[str]:
    """Files and documents as named; a folder is its files."""
    named = [path_of("books", book) for book in list_of("books", books, str, PathLike)]
    if not named:
        raise OptionError("books names none.", "Name files, folders, or documents of the library.")
    return [str(file) for book in named for file in files_under(book)]


def estimate_set(catena: Workplace, order: Order, num_books: int) -> Estimate:
    """Estimate the cost of a set at most likely, before it is begun."""
    price = None
    if order.model != NO_MODEL:
        price = run_alone(_room(catena, 1).price(order.model, asked=order.model))
    return estimate(order, num_books, price)


def generate(
    catena: Workplace,
    books: Sequence[str | Path] | str | Path,
    order: Order,
    out: Path,
    options: GenerateOptions | None = None,
    on_progress: OnProgress | None = None,
) -> Report:
    """Make the set `out` of files, folders or documents, and return what became of it.

    Killed, it goes on where it was when it is called again with the same order. Books that cannot be read and
    questions that failed are in the report, and tried again then. Raises Stopped at the cap, ModelRefused, OptionError,
    and LibraryError when another process works on the set. `out` holds the items of all finished books in any case.
    """
    require_a(Order, "order", order)
    require_a(GenerateOptions, "options", options, is_optional=True)
    require_callback("on_progress", on_progress)
    options = options or GenerateOptions()
    names = book_names(books)
    with Journal(journal_path(out)) as journal, journal.working({**asdict(order), "books": names}):
        making = _Making(catena, order, options, journal, names, on_progress or (lambda progress: None))
        try:
            run_alone(making.run())
        finally:
            making.keep_usage()
            write_items(out, book_sets.items(journal))
        return book_sets.report(journal, order, len(names))


class _Making:
    """One run of `generate`: its meter, what is told of it, and what makes a book."""

    def __init__(
        self,
        catena: Workplace,
        order: Order,
        options: GenerateOptions,
        journal: Journal,
        names: Sequence[str],
        on_progress: OnProgress,
    ) -> None:
        self._catena, self._order, self._options, self._journal = catena, order, options, journal
        self._books = [LibraryBook(catena, name) for name in names]
        self._on_progress = on_progress
        self._meter = Meter()
        self._meter.restore(journal.note(book_sets.USAGE) or self._meter.to_json())
        self._now = replace(progress_of(journal), num_failed=0)

    async def run(self) -> None:
        self._on_progress(self._now)
        if self._options.engine == "local":
            if self._order.model != NO_MODEL and not all(self._journal.has(book.key) for book in self._books):
                # LiteLLM takes seconds to import: beside the reading of the first book.
                self._loading = asyncio.create_task(litellm_catalogue.loaded())
            num_open = book_sets.books_at_once(self._order.num, self._options.concurrency)
            await self._generate(self._local(), num_open)
            return
        with cluster(self._journal.path, self._catena.settings.home, self._options.ray_address) as machines:
            await self._generate(self._distributed(machines), machines.num_workers)

    def keep_usage(self) -> None:
        """Note what was used, also by what was not finished: a result has it as it was when that came."""
        self._journal.set_note(book_sets.USAGE, self._meter.to_json())

    async def _generate(self, make: book_sets.MakeBook, num_open: int) -> None:
        await book_sets.generate(
            self._books,
            make,
            self._journal,
            num_open=num_open,
            notes=self._notes,
            on_end=self._ended,
        )

    def _distributed(self, machines: Cluster) -> book_sets.MakeBook:
        """Each book a task. Tasks know nothing of each other, so a cap on cost is shared out among the books."""
        cap, num_books = self._options.max_cost_usd, len(self._books)
        limits = Limits(max_cost_usd=None if cap is None else cap / num_books)
        concurrency = max(1, self._options.concurrency // machines.num_workers)
        settings = self._catena.settings.with_concurrency(concurrency)

        async def make(book: Book) -> Json:
            made = await machines.run(make_on_worker, book, self._order, settings, limits)
            self._meter.include(made["meter"])
            for key in made["summary"]["keys"]:
                self._ended(key, {})
            summary: Json = made["summary"]
            return summary

        return make

    def _local(self) -> book_sets.MakeBook:
        room = _room(self._catena, self._options.concurrency)
        limits = Limits(max_cost_usd=self._options.max_cost_usd)
        budget = Budget(limits, self._meter)
        # Earlier books go first: all at the same pace would end together, with few calls left to make for long.
        places, ranks = Places(self._options.concurrency + SPARE_PLACES), count()

        async def make(book: Book) -> Json:
            place = partial(places.place, next(ranks))
            llm = None
            if self._order.model != NO_MODEL:
                llm = room.open(self._order.model, [book.id], limits, budget=budget).answering
            maker = ItemGenerator(book, self._order, self._catena.embedder, llm)
            return await maker.make(
                self._journal,
                concurrency=self._options.concurrency,
                place=place,
                notes=self._notes,
                on_end=self._ended,
            )

        return make

    def _notes(self) -> Json:
        return {book_sets.USAGE: self._meter.to_json()}

    def _ended(self, key: str, result: Json | None) -> None:
        """Count on from what the journal held, rather than have it count for each item."""
        now = self._now
        is_book, is_done = key.startswith(book_sets.BOOKS), result is not None
        self._now = replace(
            now,
            num_books_done=now.num_books_done + (is_book and is_done),
            num_made=now.num_made + (not is_book and is_done),
            num_failed=now.num_failed + (not is_done),
            usage=self._meter.usage,
        )
        self._on_progress(self._now)


def make_on_worker(remote: Remote, book: Book, order: Order, settings: Settings, limits: Limits) -> Json:
    """Make the items of one book in a process of its own; the summary, and what the models took."""
    budget = Budget(limits, Meter())
    llm = None
    if order.model != NO_MODEL:
        llm = LLMFactory(settings, remote).open(order.model, [book.id], limits, budget=budget).answering
    maker = ItemGenerator(book, order, MiniLM(), llm)
    summary = asyncio.run(maker.make(remote, concurrency=settings.calls.concurrency))
    return {"summary": summary, "meter": budget.meter.to_json()}


def progress_of(journal: Journal) -> Progress:
    """Return the progress of a set, from its journal alone: for whoever watches."""
    job = journal.note("job") or {"num": 0, "books": []}
    num_books = len(job["books"])
    return Progress(
        num_books,
        journal.count(book_sets.BOOKS),
        num_books * job["num"],
        journal.count(book_sets.ITEMS),
        len(journal.failures()),
        book_sets.usage(journal),
    )


def _room(catena: Workplace, concurrency: int) -> LLMFactory:
    """The models of a set, with as many calls at once as it wants."""
    settings = catena.settings.with_concurrency(concurrency)
    return LLMFactory(settings, catena.library.history)
