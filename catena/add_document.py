"""A file becomes a document of the library: keep, parse, split, index, commit."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast, get_args

from catena.errors import DocumentError
from catena.files.regular_files import check_size, read_steadily, unread
from catena.ingest.figures.figure_mentions import Mentions
from catena.ingest.formats.file_kind import shown, sniff
from catena.ingest.formats.folders import walk_folder
from catena.ingest.formats.manuals import Manual
from catena.ingest.pagination.blocks import Attachment
from catena.ingest.sandbox.parse_stream import failed
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.ingest.title_page import NUM_PAGES, read_reference
from catena.ingest.web.download import download
from catena.jobs.uploads import UPLOAD, own_name
from catena.library.document_writer import DocumentWriter
from catena.library.library import Library
from catena.library.places import resolved
from catena.options import AddOptions
from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.passages import indexed_text, split
from catena.retrieval.text_analysis import terms
from catena.telemetry import span
from catena.types import Document, Kind, Page, WebCopy
from catena.web_addresses import WebPath, is_address, url_of, web_path

_MAIL_KINDS = ("eml", "mbox", "msg")
_MAILS, _MAX_MAILS = (".eml", ".msg", ".mbox"), 3
"""Suffixes of mails, and how many may lie in each other."""
OnPage = Callable[[Path, int, int], None]
"""Called with the file, pages parsed so far, and pages in all (0 while unknown)."""


@dataclass(frozen=True, slots=True)
class Added:
    """One file's outcome; `is_new`: false when the same bytes were there already; `attached`: files of a new mail.

    `superseded`: ids of the documents that stood at its path before, and answer no more unless they are named.
    """

    path: Path
    document: Document
    is_new: bool
    attached: tuple[Added, ...] = ()
    superseded: tuple[str, ...] = ()


class Adder:
    """Adds files to one library through one pool of parser processes; safe to use from several threads."""

    def __init__(self, library: Library, pool: ParserPool) -> None:
        self._library = library
        self._pool = pool

    def add(self, path: Path, options: AddOptions | None = None, *, on_page: OnPage | None = None) -> Added:
        """Add one file. A document that its parser cannot read is recorded and returned as failed.

        Raises DocumentError for a file that is refused, of which nothing is kept: one that is not there, is no
        document by its content or too large. Raises LibraryError when the library cannot be written.
        """
        if isinstance(path, WebPath):
            return self._add_from_web(path, options or AddOptions(), on_page)
        return self._add_file(path, options or AddOptions(), on_page)

    def _add_from_web(self, path: WebPath, options: AddOptions, on_page: OnPage | None) -> Added:
        """Fetch a document and add it; one that is as it was is not sent again."""
        if self._pool.settings.offline:
            raise offline(path)
        url = url_of(path.address)
        document, before = self._known_copy(url)
        with TemporaryDirectory(prefix="catena-") as folder:
            found = download(
                url,
                Path(folder),
                max_bytes=self._pool.max_bytes,
                etag=before.etag,
                modified=before.modified,
            )
            copy = WebCopy(url, found.url, found.etag, found.modified, time.time())
            if document and found.file is None:
                self._library.web.save(document.id, copy)
                return Added(path, document, is_new=False)
            fetched = web_path(url, found.file)
            told = (lambda _, done, total: on_page(path, done, total)) if on_page else None
            added = self._add_file(fetched, options, told)
        self._library.web.save(added.document.id, copy)
        return replace(added, path=path)

    def _known_copy(self, url: str) -> tuple[Document | None, WebCopy]:
        """The readable document that was fetched last from an address, and what its server called it."""
        known = self._library.web.latest(url)
        document = self._library.get(known[0]) if known else None
        if known and document and document.is_readable:
            return document, known[1]
        return None, WebCopy(url, url, "", "", 0.0)

    def _add_file(self, path: Path, options: AddOptions, on_page: OnPage | None) -> Added:
        name = own_name(path, options.title or "")
        try:
            document_id, kind = self._store(path, options.as_kind)
        except DocumentError as error:
            told = error.message.replace(path.name, shown(name))
            raise DocumentError(error.reason, told, error.remedy) from error
        known = self._library.get(document_id)
        stood_before = known is not None and not known.is_current and known.kind in _MAIL_KINDS
        if known and known.is_readable and not stood_before:  # of a mail that is back the files are, too
            title = options.title or shown(path.stem)
            before = self._library.add_source(document_id, as_text(path), title)
            for collection in options.collections:
                self._library.collections.put(collection, [document_id])
            if options.tags:
                self._library.collections.tag(document_id, options.tags)
            return Added(path, replace(known, successor=None), is_new=False, superseded=tuple(before))
        options = replace(options, as_kind=kind)
        attached: list[Attachment] = []
        document, before = self._parse(path, document_id, options, on_page, attached, is_found=True)
        files = tuple(self._add_attached(path, document, attached))
        if before:
            self._retire_attached(path, {resolved(as_text(one.path)) for one in _with_attached(files)})
        return Added(path, document, True, files, tuple(before))

    def id_of(self, path: Path) -> str:
        """Return the id that the bytes of a file have, or a manual's; nothing is kept. Raises DocumentError."""
        with _packed(path) as file:
            sniff(file)
            return read_steadily(file, lambda opened: hashlib.file_digest(opened, "sha256").hexdigest())

    def add_again(self, document: Document, password: str | None = None) -> Document:
        """Parse the kept original of a document anew. Raises DocumentError when it is not what was added."""
        self._library.checked_original(document.id)
        options = AddOptions(document.kind, password, document.title)
        return self._parse(kept_path(document.path), document.id, options, None)[0]

    def readopt(self, document_id: str, path: str, title: str, kind: str | None) -> Document:
        """Make a document of an original that the library has no row of, by what is known of its name."""
        original = self._library.checked_original(document_id)
        as_kind = cast("Kind", kind) if kind in get_args(Kind) else None
        options = AddOptions(as_kind or sniff(original), None, title or None)
        return self._parse(kept_path(path or str(original)), document_id, options, None)[0]

    def _add_attached(self, mail: Path, document: Document, attached: list[Attachment]) -> Iterator[Added]:
        """Add the files of a mail as documents of their own, named by it; those in mails that are attached, too."""
        with TemporaryDirectory(prefix="catena-") as folder:
            for one in attached:
                file = Path(folder) / f"attached{Path(one.name).suffix[:20]}"
                file.write_bytes(one.data)
                yield self._add_one(file, mail / one.name, f"{Path(one.name).stem} ({document.title})")

    def _retire_attached(self, mail: Path, kept: set[str]) -> None:
        """Retire the files of a mail that its new version has no more."""
        place = resolved(as_text(mail))
        for one in self._library.places():
            if one.successor is None and one.path.startswith(f"{place}{os.sep}") and one.path not in kept:
                self._library.retire(one.path)

    def _add_one(self, file: Path, path: Path, title: str) -> Added:
        """Add a file that is known by another path. One that is refused is returned as failed."""
        if len([part for part in path.parts if Path(part).suffix.lower() in _MAILS]) > _MAX_MAILS:
            error = DocumentError(
                "unsupported", f"{shown(path.name)} lies too deep in other mails.", "Save it, and add that."
            )
            return Added(path, failed(Document("", title, as_text(path), None, "failed"), error), False)
        attached: list[Attachment] = []
        try:
            document_id, kind = self._store(file, None)
            known = self._library.get(document_id)
            if known and known.is_readable:
                self._library.add_source(document_id, as_text(path), title)
                return Added(path, known, is_new=False)
            given = AddOptions(kind, None, title)
            document, _ = self._parse(path, document_id, given, None, attached, is_found=True)
        except DocumentError as error:
            told = DocumentError(
                error.reason, error.message.replace(file.name, shown(path.name)), error.remedy
            )
            return Added(path, failed(Document("", title, as_text(path), None, "failed"), told), False)
        return Added(path, document, True, tuple(self._add_attached(path, document, attached)))

    def add_all(
        self, paths: list[Path], options: AddOptions | None = None, *, on_page: OnPage | None = None
    ) -> Iterator[Added]:
        """Add many files, as many at once as there are parser processes; yields each as it is done.

        One that is refused is yielded as failed, without an id. Raises LibraryError.
        """
        with ThreadPoolExecutor(self._pool.num_processes) as executor:
            futures = [executor.submit(self._add_or_refuse, path, options, on_page) for path in paths]
            try:
                for future in as_completed(futures):
                    yield future.result()
            except BaseException as error:
                executor.shutdown(wait=False, cancel_futures=True)
                if isinstance(error, KeyboardInterrupt):
                    self._pool.close()  # what is being parsed need not be waited for
                raise

    def _add_or_refuse(self, path: Path, options: AddOptions | None, on_page: OnPage | None) -> Added:
        try:
            return self.add(path, options, on_page=on_page)
        except DocumentError as error:
            return Added(
                path, failed(Document("", shown(path.stem), as_text(path), None, "failed"), error), False
            )

    def _store(self, path: Path, as_kind: Kind | None) -> tuple[str, Kind]:
        """Keep a file, or a folder that is a manual, packed as one; returns its id and kind."""
        with _packed(path) as file:
            return self._judge_and_keep(file, as_kind)

    def _judge_and_keep(self, path: Path, as_kind: Kind | None) -> tuple[str, Kind]:
        """Look at size and type first: of what is refused no byte is copied."""
        kind, max_bytes = sniff(path, as_kind), self._pool.max_bytes
        check_size(shown(path.name), path.stat().st_size, max_bytes)
        return self._library.store_original(path, max_bytes), kind

    def _parse(
        self,
        path: Path,
        document_id: str,
        options: AddOptions,
        on_page: OnPage | None,
        attached: list[Attachment] | None = None,
        *,
        is_found: bool = False,
    ) -> tuple[Document, list[str]]:
        """Split and index the pages while the parser reads on, then commit it all at once; take what is `attached`.

        Returns the ids of the documents that it supersedes, too.
        """
        title = options.title or shown(path.stem)
        unread = Document(document_id, title, as_text(path), options.as_kind, "failed")
        original = self._library.original(document_id)
        with (
            span("catena.add", {"catena.kind": options.as_kind}) as note,
            self._library.writing(unread, options.collections, options.tags, is_found=is_found) as writer,
        ):
            try:
                with self._pool.parsing(
                    original,
                    document_id=document_id,
                    as_kind=options.as_kind or sniff(original),
                    password=options.password,
                    name=own_name(path, options.title or ""),
                    on_page=(lambda done, total: on_page(path, done, total)) if on_page else None,
                ) as parsing:
                    title = options.title or parsing.title or title
                    mentions = Mentions()
                    front = _collect(writer, parsing.pages(), _context(title, path), mentions)
                    if attached is not None:
                        attached += parsing.attached
                    writer.figures = mentions.linked(parsing.figures)
                    writer.document = replace(parsing.document, path=unread.path, title=title)
                    writer.read, writer.places = read_reference(parsing.document, parsing.metadata, front)
            except DocumentError as error:
                writer.document = failed(unread, error)
            note({"catena.status": writer.document.status, "catena.pages": writer.document.num_pages})
        return writer.document, writer.superseded


def _with_attached(added: Iterable[Added]) -> Iterator[Added]:
    for one in added:
        yield one
        yield from _with_attached(one.attached)


def _collect(writer: DocumentWriter, pages: Iterator[Page], context: str, mentions: Mentions) -> list[Page]:
    """Hand the pages to the writer; returns the first ones, which say what the document is cited by."""
    front: list[Page] = []
    index = DocumentIndex.builder()
    for page, passages in split(pages, context):
        analysed = [terms(indexed_text(passage)) for passage in passages]
        mentions.learn(page)
        if len(front) < NUM_PAGES:
            front.append(page)
        writer.add(page, passages, [" ".join(words) for words in analysed])
        for words in analysed:
            index.add(words)
    writer.index = index.to_bytes()
    return front


def offline(path: WebPath) -> DocumentError:
    """The error of an address where nothing may be fetched."""
    return DocumentError(
        "not_allowed",
        f"{path.address} was not fetched: CATENA_OFFLINE forbids it.",
        "Unset it, or download the file and add that.",
    )


def kept_path(name: str) -> Path:
    """The path that a document was added by, or that of its address."""
    return web_path(name) if is_address(name) else Path(name)


def as_text(path: Path) -> str:
    """A path as text, or its address; bytes that are no UTF-8 cannot be kept in a database, nor shown."""
    if isinstance(path, WebPath):
        return path.address
    return str(path).encode(errors="backslashreplace").decode()


@contextmanager
def _packed(path: Path) -> Iterator[Path]:
    """A file as it is, a folder that is a manual as one file."""
    manual = _manual_in(path) if os.path.isdir(path) else None
    if manual is None or not manual.is_whole():
        yield path
        return
    with TemporaryDirectory(prefix="catena-") as folder:
        packed = Path(folder) / "manual.epub"
        manual.write(packed)
        yield packed


def _manual_in(folder: Path) -> Manual:
    """Folder that may be a manual. Raises DocumentError for a folder that cannot be listed."""
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise unread(folder, error) from error
    return Manual(folder)


def files_under(path: Path) -> list[Path]:
    """List a file, or every document of a folder and its folders: files, and folders that are manuals."""
    return walk_folder(path).paths


def _context(title: str, path: Path) -> str:
    """Context that passages say they are from: file names often name company and year where titles do not."""
    stem = Path(as_text(path)).stem
    return title if stem in (title, UPLOAD) else f"{title} {stem}"
