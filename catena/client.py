"""The SDK: one class that ties ingest, library, retrieval and agents together."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from catena.add_document import Added, Adder, OnPage, files_under
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
from catena.asking import Asking
from catena.errors import DocumentError, LibraryCorrupt, OptionError
from catena.files.filesystems import describe_disk
from catena.healing import Healing
from catena.health import Health, Problem
from catena.ingest import parser_version
from catena.ingest.ocr.text_recognition import describe as describe_ocr
from catena.ingest.ocr.text_recognition import forget_recognised
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.ingest.sandbox.protection import protection
from catena.jobs.former_jobs import check_runs
from catena.jobs.job_queue import Jobs, enqueue_fill
from catena.jobs.job_rows import Job
from catena.jobs.job_store import STORE
from catena.jobs.worker_start import ensure_worker
from catena.kv.client.served_ids import forget_served
from catena.library.backup import Backup, backup
from catena.library.library import Library
from catena.library.lost_found import describe as describe_lost
from catena.library.votes import Vote
from catena.local.model_listing import described as describe_local
from catena.local.stored_models import shelf_of
from catena.options import AddOptions
from catena.portal import Portal
from catena.question_runs import Runs
from catena.retrieval.embedder import Embedder, MiniLM
from catena.retrieval.faiss_index import check_file
from catena.retrieval.hybrid import HybridRetriever
from catena.settings import Settings, load_settings
from catena.types import Citation, Document, Page, PageRef

if TYPE_CHECKING:
    from catena.bookqa.book_set_runs import GenerateOptions, OnProgress
    from catena.bookqa.generator import Order
    from catena.bookqa.report import Report


class Catena(Asking):
    """A library of documents that can be asked.

    >>> with Catena() as c:
    ...     document = c.add("10k.pdf")
    ...     answer = c.ask("How much was spent on buildings in 2018?", documents=[document])
    ...     answer.text, answer.citations[0].quote, answer.citations[0].parts[0].boxes

    Safe to use from several threads. Boxes are in PDF points, origin top left of the page as displayed.
    """

    def __init__(
        self,
        home: str | Path | None = None,
        *,
        model: str | None = None,
        api_base: str | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Open or create the library at `home` (default: `$CATENA_HOME`, else the user's data folder).

        `model` is a LiteLLM name (default: `$CATENA_MODEL`, else the embedded reader), `api_base` the address of
        an OpenAI-compatible server. Raises OptionError for a setting that makes no sense, LibraryError when the
        folder cannot be used.
        """
        require_a(Settings, "settings", settings, is_optional=True)
        if settings is not None and (home, model, api_base) != (None, None, None):
            raise OptionError("Both settings and home, model or api_base were given.", "Give one of them.")
        self.settings = settings or load_settings(
            home=None if home is None else path_of("home", home), model=model, api_base=api_base
        )
        self.library = Library(self.settings.home)
        self.library.embedder = MiniLM.name
        self._checkpoints = Checkpoints(self.settings.home / STORE)
        self.library.on_remove.append(self._checkpoints.forget)
        self.library.on_remove.append(partial(forget_recognised, self.settings.home))
        self.library.checks.append(partial(check_file, self.library))
        # Each of these starts or loads what it needs when first used.
        self.pool = ParserPool(self.settings)
        self.embedder: Embedder = MiniLM()
        self.retriever = HybridRetriever(
            self.library, self.embedder, keeps_vectors=not self.library.is_read_only
        )
        self._jobs = Jobs(self._checkpoints)
        self.library.on_remove.append(self._jobs.forget)
        self.runs = Runs(self.settings, self._jobs)
        self.library.on_remove.append(self.runs.forget)
        self.library.on_remove.append(partial(forget_served, self.settings.home))
        self._adder = Adder(self.library, self.pool)
        healing = Healing(self.library, self._adder)
        self.library.mend, self.library.readopt = healing.mend, healing.readopt
        self._portal = Portal()

    def __enter__(self) -> Catena:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def warm(self) -> None:
        """Load what the first question and the first picture need: seconds that a server pays before it is asked."""
        self._answerer()

        self.pool.start()
        self.embedder.embed(["warm"])

    def close(self) -> None:
        """End the parser processes and close the library."""
        self.pool.close()
        self._portal.close()
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
        """Add one file and return its document; the same bytes again change nothing.

        Raises DocumentError, with `reason` and `remedy`, when the file cannot be read.
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
        """Add many files at once; a failed one is yielded like the others and stops nothing."""
        _check_adding(options, on_page)
        files = [path_of("paths", path) for path in list_of("paths", paths, str, os.PathLike)]
        yield from self._adder.add_all(files, options, on_page=on_page)
        self._fill_behind()

    def add_later(self, path: str | Path, *, title: str | None = None, is_upload: bool = False) -> list[Job]:
        """Have the worker process add a file, or each file of a folder; returns a job each, see `adding`.

        `is_upload`: the file is a copy in a folder of its own (`catena.jobs.uploads`), which goes once it is added.
        """
        require_flag("is_upload", is_upload)
        AddOptions(title=title)
        files = files_under(path_of("path", path).absolute())
        if not files or not os.path.exists(path):
            raise DocumentError("not_a_document", f"There is no file at {path}.", "Check the path.")
        given = [{"path": str(file), "title": title, "is_upload": is_upload} for file in files]
        queued = [self._jobs.enqueue("add", {"files": [file]}) for file in given]
        ensure_worker(self.settings.home)
        return queued

    def adding(self, limit: int = 50) -> list[Job]:
        """List the last jobs that add files, newest first; `progress` has done, total and file."""
        require_whole("limit", limit)
        return self._jobs.list(kind="add", limit=limit)

    def documents(self) -> list[Document]:
        """List every document, failed ones too, newest last."""
        return self.library.documents()

    def document(self, name: str) -> Document:
        """Find a document by id, unique prefix of it, title or path.

        Raises DocumentNotFound or AmbiguousDocument.
        """
        require_text("name", name)
        return self.library.find(name)

    def remove(self, document: Document | str) -> Document:
        """Remove the original, its text, vectors, cached calls and checkpoints. Returns what was removed."""
        found = self._resolve(document)
        self.library.remove(found.id)
        return found

    def reindex(self, document: Document | str, *, password: str | None = None) -> Document:
        """Parse the kept original again, after a better parser or another embedder."""
        options = AddOptions(password=password)
        return self._adder.add_again(self._resolve(document), options.password)

    # Pages

    def page(self, document: Document | str, number: int) -> Page:
        """Return one page's text, words and boxes. Raises DocumentNotFound when there is no such page."""
        require_whole("number", number)
        return self.library.page(PageRef(self._resolve(document).id, number))

    def page_image(
        self,
        document: Document | str,
        number: int,
        *,
        boxes: Sequence[tuple[float, float, float, float]] = (),
        dpi: int = 144,
        password: str | None = None,
    ) -> bytes:
        """Render one page as PNG, with `boxes` (points) drawn on it. Raises DocumentError."""
        require_whole("number", number)
        require_whole("dpi", dpi)
        options = AddOptions(password=password)
        found = self._resolve(document)
        return self.pool.render(
            self.library.checked_original(found.id),
            number,
            name=Path(found.path).name,
            kind=found.kind or "pdf",
            password=options.password,
            boxes=boxes_of("boxes", boxes),
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

    # Votes

    def vote(self, vote: Vote) -> None:
        """Keep which of two answers somebody found better."""
        require_a(Vote, "vote", vote)
        self.library.save_vote(vote)

    def votes(self) -> list[Vote]:
        """List every vote, oldest first; those about a document go with it."""
        return self.library.votes()

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
        ]

    def _facts(self) -> tuple[tuple[str, str], ...]:
        documents = self.library.documents()
        filled, total = self.library.vector_counts([document.id for document in documents])
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
        if self.settings.background and not self.library.is_read_only:
            enqueue_fill(self._jobs)


def _check_adding(options: AddOptions | None, on_page: OnPage | None) -> None:
    require_a(AddOptions, "options", options, is_optional=True)
    require_callback("on_page", on_page)
