"""The SDK: one class that ties ingest, library, retrieval and agents together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from warnings import warn

from catena.add_document import Added, Adder, OnPage
from catena.add_queue import AddQueue
from catena.agents.run_store import Checkpoints
from catena.arguments import (
    boxes_of,
    list_of,
    path_of,
    require_a,
    require_callback,
    require_flag,
    require_text,
    require_whole,
)
from catena.chosen_documents import Documents, resolve
from catena.chosen_documents import within as chosen_within
from catena.document_filter import Filter
from catena.errors import DocumentError, LibraryCorrupt, OptionError
from catena.events import Event, OnEvent
from catena.files.sqlite_files import describe_disk
from catena.folder_sync import FolderSync, Synced, Wanted
from catena.healing import Healing
from catena.health import Health, Problem
from catena.ingest import parser_version
from catena.ingest.ocr.text_recognition import describe as describe_ocr
from catena.ingest.ocr.text_recognition import forget_recognised
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.ingest.sandbox.protection import protection
from catena.jobs.former_jobs import check_runs
from catena.jobs.job_queue import Jobs, enqueue_fill
from catena.jobs.job_store import STORE
from catena.kv.client.served_ids import check_served, forget_served
from catena.library.backup import Backup, backup
from catena.library.library import Library
from catena.library.lost_found import describe as describe_lost
from catena.local.model_listing import described as describe_local
from catena.local.stored_models import shelf_of
from catena.options import AddOptions, AskOptions
from catena.portal import Portal, Stream
from catena.question_runs import Runs
from catena.questions import Questions
from catena.retrieval.embedder import Embedder, MiniLM
from catena.retrieval.hybrid import HybridRetriever
from catena.retrieval.outer_store import passage_index
from catena.settings import Settings, load_settings
from catena.threads import Threads
from catena.types import Answer, Citation, Document, Page, PageHit, PageRef, Plan

if TYPE_CHECKING:
    from catena.bookqa.book_set_runs import GenerateOptions, OnProgress
    from catena.bookqa.generator import Order
    from catena.bookqa.report import Report


MOVED = {
    "add_later": "queue.add",
    "adding": "queue.all",
    "ask_async": "questions.ask",
    "continue_async": "questions.work_on",
    "delete_thread": "threads.delete",
    "events": "stream",
    "plan_async": "questions.plan",
    "resume_async": "questions.resume",
    "resume_here": "questions.resume_here",
    "start": "questions.start",
    "trace": "questions.trace",
    "unfinished": "questions.unfinished",
    "vote": "library.votes.save",
    "votes": "library.votes.all",
}
"""Names that methods had, and where they are."""


class Catena:
    """A library of documents that can be asked.

    >>> with Catena() as c:
    ...     document = c.add("10k.pdf")
    ...     answer = c.ask("How much was spent on buildings in 2018?", documents=[document])
    ...     answer.text, answer.citations[0].quote, answer.citations[0].parts[0].boxes

    Its parts: `questions` is what is awaitable, and runs in processes of their own, which `runs` lists and follows;
    `threads` the conversations, `queue` the files that are added behind, `library` what is kept.

    Safe to use from several threads. Boxes are in PDF points, origin top left of the page as displayed.
    """

    def __init__(
        self,
        home: str | Path | None = None,
        *,
        model: str | None = None,
        api_base: str | None = None,
        embedder: Embedder | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Open or create the library at `home` (default: `$CATENA_HOME`, else the user's data folder).

        `model` is a LiteLLM name (default: `$CATENA_MODEL`, else the embedded reader), `api_base` the address of
        an OpenAI-compatible server, `embedder` one of your own (`catena.retrieval.embedder.Embedder`) in place of the
        one in the package. Raises OptionError for a setting that makes no sense, LibraryError when the folder cannot
        be used.
        """
        require_a(Settings, "settings", settings, is_optional=True)
        if settings is not None and (home, model, api_base) != (None, None, None):
            raise OptionError("Both settings and home, model or api_base were given.", "Give one of them.")
        self.settings = settings or load_settings(
            home=None if home is None else path_of("home", home), model=model, api_base=api_base
        )
        home = self.settings.home
        self.library = library = Library(home)
        self.embedder: Embedder = embedder or MiniLM()
        library.vectors.embedder = self.embedder.name
        # Each of these starts or loads what it needs when first used.
        self.pool = ParserPool(self.settings)
        self._index = passage_index(library, self.settings.vector_store)
        self.retriever = HybridRetriever(
            library, self.embedder, keeps_vectors=not library.is_read_only, nearest=self._index
        )
        self._checkpoints = Checkpoints(home / STORE)
        self._jobs = Jobs(self._checkpoints)
        self.runs = Runs(self.settings, self._jobs)
        self._portal = Portal()
        self._adder = Adder(library, self.pool)
        self.queue = AddQueue(library, self._jobs, is_offline=self.settings.offline)
        self.threads = Threads(library, self.runs, self._checkpoints)
        self.questions = Questions(
            self.settings,
            library,
            self.retriever,
            self.embedder,
            self.runs,
            self._checkpoints,
            self._portal,
        )
        healing = Healing(library, self._adder)
        library.database.mend, library.readopt = healing.mend, healing.readopt
        library.on_remove += [
            self._checkpoints.forget,
            partial(forget_recognised, home),
            self._jobs.forget,
            self.runs.forget,
            partial(forget_served, home, shelf_of(self.settings).folder),
        ]

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Find what had another name, and say so."""
            if name not in MOVED:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            warn(f"Catena.{name} is now Catena.{MOVED[name]}.", DeprecationWarning, stacklevel=2)
            return attrgetter(MOVED[name])(self)

    def __enter__(self) -> Catena:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def warm(self) -> None:
        """Load what the first question and the first picture need: seconds that a server pays before it is asked."""
        self.questions.warm()
        self.pool.start()

    def close(self) -> None:
        """End the parser processes and close the library."""
        self.pool.close()
        self._portal.close()
        self._index.close()
        self._checkpoints.close()
        self.library.close()

    # Documents

    def add(
        self,
        path: str | Path,
        *,
        options: AddOptions | None = None,
        on_page: OnPage | None = None,
    ) -> Document:
        """Add one file, or what is at an address (https://…, arxiv:…, doi:…), and return its document.

        The same bytes again change nothing. An address is asked for what is newer than its last copy.
        Raises DocumentError, with `reason` and `remedy`, when the file cannot be read or fetched.
        """
        _check_adding(options, on_page)
        added = self._adder.add(path_of("path", path), options, on_page=on_page)
        if added.document.status == "failed":
            document = added.document
            raise DocumentError(document.reason or "damaged", document.message, document.remedy)
        self._fill_behind()
        return added.document

    def add_all(
        self,
        paths: Sequence[str | Path] | str | Path,
        *,
        options: AddOptions | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[Added]:
        """Add many files or addresses at once; a failed one is yielded like the others and stops nothing."""
        _check_adding(options, on_page)
        files = [path_of("paths", path) for path in list_of("paths", paths, str, os.PathLike)]
        yield from self._adder.add_all(files, options, on_page=on_page)
        self._fill_behind()

    def sync(
        self,
        target: str | Path,
        *,
        options: AddOptions | None = None,
        delete: bool = False,
        dry_run: bool = False,
        on_page: OnPage | None = None,
        is_wanted: Wanted | None = None,
    ) -> Iterator[Synced]:
        """Bring the library in step with a folder, or a file that lists paths; yields each path as it is done.

        What is new is added, what changed is a new version, what vanished answers no more, or is removed with `delete`.
        With `dry_run` nothing is done; `is_wanted` tells which paths are looked at. Raises DocumentError for a target
        that is not there, OptionError.
        """
        require_flag("delete", delete)
        require_flag("dry_run", dry_run)
        _check_adding(options, on_page)
        require_callback("is_wanted", is_wanted)
        folders = FolderSync(self.library, self._adder, options, on_page, is_wanted or (lambda place: True))
        yield from folders.sync(path_of("target", target), delete=delete, dry_run=dry_run)
        if not dry_run:
            self._fill_behind()

    def documents(self, within: Filter | str | None = None, *, versions: bool = False) -> list[Document]:
        """List documents, failed ones too, newest last: all, or those of a filter, also as `Filter.parse` reads it.

        With `versions` those that were superseded, too. Raises CollectionNotFound, OptionError for a text that is none.
        """
        require_flag("versions", versions)
        return chosen_within(self.library, within, versions=versions)

    def document(self, name: str) -> Document:
        """Find a document by id, unique prefix of it, title or path.

        Raises DocumentNotFound or AmbiguousDocument.
        """
        require_text("name", name)
        return self.library.find(name)

    def remove(self, document: Document | str) -> Document:
        """Remove the original, its text, vectors, cached calls and checkpoints. Returns what was removed."""
        found = resolve(self.library, document)
        self.library.remove(found.id)
        return found

    def reindex(self, document: Document | str, *, password: str | None = None) -> Document:
        """Parse the kept original again, after a better parser or another embedder."""
        options = AddOptions(password=password)
        return self._adder.add_again(resolve(self.library, document), options.password)

    # Pages

    def page(self, document: Document | str, number: int) -> Page:
        """Return one page's text, words and boxes. Raises DocumentNotFound when there is no such page."""
        require_whole("number", number)
        return self.library.page(PageRef(resolve(self.library, document).id, number))

    def page_image(
        self,
        document: Document | str,
        number: int,
        *,
        boxes: Sequence[tuple[float, float, float, float]] = (),
        clip: tuple[float, float, float, float] | None = None,
        dpi: int = 144,
        password: str | None = None,
    ) -> bytes:
        """Render one page as PNG, or what lies in `clip` of it, with `boxes` (points) drawn on it.

        Raises DocumentError.
        """
        require_whole("number", number)
        require_whole("dpi", dpi)
        options = AddOptions(password=password)
        found = resolve(self.library, document)
        return self.pool.render(
            self.library.checked_original(found.id),
            number,
            name=Path(found.path).name,
            kind=found.kind or "pdf",
            password=options.password,
            boxes=boxes_of("boxes", boxes),
            clip=boxes_of("clip", [clip])[0] if clip is not None else None,
            dpi=dpi,
        )

    def citation_images(
        self, citation: Citation, *, dpi: int = 144, password: str | None = None
    ) -> list[bytes]:
        """Render the page of each part of a citation as PNG, its quote boxed."""
        require_a(Citation, "citation", citation)
        return [
            self.page_image(
                part.ref.document_id, part.ref.number, boxes=part.boxes, dpi=dpi, password=password
            )
            for part in citation.parts
        ]

    # Questions

    def search(self, query: str, *, documents: Documents = None, k: int = 10) -> list[PageHit]:
        """Find the `k` pages that fit the query best, best first, in some documents or all."""
        return self.questions.search(query, documents=documents, k=k)

    def ask(
        self,
        question: str,
        *,
        documents: Documents = None,
        options: AskOptions | None = None,
        on_event: OnEvent | None = None,
    ) -> Answer:
        """Answer from some documents, or the whole library; every statement is cited and checked.

        With a model the answer is written by it, else quoted by the embedded reader. Works inside a running event
        loop too; `questions.ask` is awaitable. Raises OptionError for an empty question or library, ModelError when
        the model fails.
        """
        return self._portal.run(
            self.questions.ask(question, documents=documents, options=options, on_event=on_event)
        )

    def stream(
        self, question: str, *, documents: Documents = None, options: AskOptions | None = None
    ) -> Stream[Event]:
        """Ask, and give what is done (`catena.events`) to `for` or `async for`; leaving the loop cancels.

        The last event, `answer`, holds the answer as JSON. Raises what `ask` raises, once it is looped over.
        """
        return Stream(self._portal, self.questions.stream(question, documents=documents, options=options))

    def plan(self, question: str, *, documents: Documents = None, options: AskOptions | None = None) -> Plan:
        """Say what `ask` with the same arguments will take, without calling a model: calls, tokens, cost, seconds.

        The documents are read and searched. Raises what `ask` raises of its arguments.
        """
        return self._portal.run(self.questions.plan(question, documents=documents, options=options))

    def resume(self, run_id: str, *, on_event: OnEvent | None = None) -> Answer:
        """Finish a run that was killed or failed; what was read is not read again. `run_id` may be a unique prefix.

        A finished run's answer is returned as it was kept. Raises OptionError when there is no such run.
        """
        return self._portal.run(self.questions.resume(run_id, on_event=on_event))

    def history(self, limit: int = 20, *, thread_id: str | None = None) -> list[Answer]:
        """List the last answers, newest first, of one conversation or of all."""
        return self.threads.answers(limit, thread_id=thread_id)

    # Sets of questions

    def generate(
        self,
        books: Sequence[str | Path] | str | Path,
        order: Order,
        out: str | Path,
        *,
        options: GenerateOptions | None = None,
        on_progress: OnProgress | None = None,
    ) -> Report:
        """Make questions and answers about whole books, a line of `out` each; killed, the same call goes on.

        `books` are files, folders, or documents of the library. Raises what
        `catena.bookqa.book_set_runs.generate` raises.
        """
        from catena.bookqa.book_set_runs import generate  # the way to LiteLLM and Ray, for sets alone

        return generate(self, books, order, path_of("out", out), options, on_progress)

    # Upkeep

    def health(self, *, repair: bool = False) -> Health:
        """Check the library and name what protects this machine; with `repair`, mend what can be mended."""
        require_flag("repair", repair)
        problems = [*self.library.check(), *self._checks_beside(repair=False)]
        left = problems
        if repair and problems:
            try:
                left = self.library.repair()
            except LibraryCorrupt as error:
                left = [Problem("database", error.message, error.remedy, can_repair=True)]
            left += self._checks_beside(repair=True)
        mended = [problem for problem in problems if problem not in left]
        facts = () if any(one.name == "database" for one in left) else self._facts()
        return Health(facts, tuple(left), tuple(mended))

    def backup(self, destination: str | Path, *, is_copied: bool = False) -> Backup:
        """Keep the library in a new folder, while others write to it; `catena.library.backup.restore` puts it back.

        Originals are linked where that is possible, unless `is_copied`. Raises OptionError for a folder that is there.
        """
        require_flag("is_copied", is_copied)
        return backup(self.settings.home, path_of("destination", destination), is_copied=is_copied)

    def _checks_beside(self, *, repair: bool) -> list[Problem]:
        """Find damage beside the library's own database: unfinished runs, and files of runs and sets."""
        from catena.bookqa.batch_processes import Batches  # the way to LiteLLM and Ray, for sets alone

        return [
            *self._checkpoints.check(repair=repair),
            *self._jobs.check(repair=repair),
            *check_runs(self.settings.home, repair=repair),
            *Batches(self.settings, self._jobs).check(repair=repair),
            *check_served(self.settings.home, repair=repair),
        ]

    def _facts(self) -> tuple[tuple[str, str], ...]:
        documents = self.library.documents()
        filled, total = self.library.vectors.counts([document.id for document in documents])
        return (
            ("library", str(self.settings.home)),
            ("disk", describe_disk(self.settings.home, is_read_only=self.library.is_read_only)),
            *((("lost and found", lost),) if (lost := describe_lost(self.settings.home)) else ()),
            ("documents", f"{len(documents)}, {sum(d.status == 'failed' for d in documents)} failed"),
            ("vectors", f"{filled} of {total} passages"),
            ("embedder", self.embedder.name),
            ("parser", parser_version()),
            *((f"parser's {name}", how) for name, how in protection(self.settings.home).items()),
            ("text recognition", describe_ocr(self.settings)),
            ("model", self.settings.model or "none: embedded reader"),
            ("local models", describe_local(shelf_of(self.settings))),
        )

    def _fill_behind(self) -> None:
        """Have the worker embed what was added; it has the package's own embedder alone."""
        is_own = self.embedder.name == MiniLM.name
        if is_own and self.settings.background and not self.library.is_read_only:
            enqueue_fill(self._jobs)


def _check_adding(options: AddOptions | None, on_page: OnPage | None) -> None:
    require_a(AddOptions, "options", options, is_optional=True)
    require_callback("on_page", on_page)
