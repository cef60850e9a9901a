"""The library: one folder that owns every document, what was read from it, and what was said about it.

library.db          SQLite, the truth (catena/library/schema.py)
originals/ab/<id>   the files that were added, by the SHA-256 of their bytes
faiss/              a cache that can be built again
tmp/                work in progress, a folder per process
checkpoints.db      resumable runs (catena/agents/run_store.py)
reserve             room for a full disk (catena/files/disk_reserve.py)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sqlalchemy import select, text

from catena.errors import AmbiguousDocument, LibraryCorrupt, LibraryError, OptionError
from catena.files.atomic_files import close_to_others, unlink
from catena.files.disk_reserve import (
    READ_ROOM,
    free_bytes,
    give_up_reserve,
    may_take_none,
    settle_reserve,
)
from catena.health import Problem
from catena.library import integrity
from catena.library.checksums import catalogue_checksum
from catena.library.database import Database, no_space, translated
from catena.library.deletion import delete_document, drop_cache, drop_files, purge
from catena.library.descriptions import forget_description, inherit
from catena.library.document_collections import Collections
from catena.library.document_writer import DocumentWriter
from catena.library.history import History, forget
from catena.library.originals import Originals
from catena.library.places import Place, add_source, predecessors, put_source, read_places, resolved, retire
from catena.library.repair import mark_damaged
from catena.library.schema import SOURCE_ORDER, documents, sources
from catena.library.stored_pages import (
    counter,
    key_of,
    no_document,
    passage_range,
    read_document,
    read_documents,
    read_figures,
    read_lexical_index,
    read_names,
    read_page,
    read_pages,
    read_pages_after,
    read_passages,
)
from catena.library.vectors import Vectors
from catena.library.votes import Votes, forget_votes
from catena.library.web_copies import WebCopies
from catena.library.word_index import word_scores
from catena.tables import find_tables
from catena.types import Description, Document, Figure, Page, PageRef, Passage, Table

MIN_PREFIX = 4
Hit = tuple[str, float]
"""Document id and score: a greater one is better."""
LEAST_ROOM = 4 << 20
"""Bytes without which no file is added: the log of the database takes as much."""


class Library:
    """Safe to use from several threads, and on one folder from several processes.

    Every method raises LibraryError when the folder cannot be used; what was there stays as it was.
    """

    def __init__(self, home: str | Path) -> None:
        """Open the library in `home`, or make one. Raises LibraryCorrupt and LibraryTooNew."""
        self.home = Path(home).absolute()
        _require_database(self.home)
        close_to_others(self.home)
        if os.path.isdir(self.home):
            settle_reserve(self.home)  # first: on a full disk the database could not even be read
        self.database = Database(self.home / "library.db")
        self._originals = Originals(self.home, self._known_ids)
        self.vectors = Vectors(self.database)
        self.history = History(self.database)
        self.votes = Votes(self.database)
        self.collections = Collections(self.database)
        self.web = WebCopies(self.database)
        self.on_remove: list[Callable[[str], object]] = []
        """Called with the id of a document before it is removed, to forget what others keep of it."""
        self.readopt: Callable[[str], object] | None = None
        """Makes a document of an original whose row was lost."""
        self.checks: list[Callable[[], list[Problem]]] = []
        """What `check` looks at besides its own: caches under `faiss/`, which `repair` deletes when one is bad."""
        if self.is_read_only:
            return
        with self._files():
            self._originals.sweep()
        purge(self.database)  # of a removal that was killed; else nothing
        settle_reserve(self.home)

    @property
    def is_read_only(self) -> bool:
        """Tell whether nothing can be written here: then what is there is read and asked, and nothing is kept."""
        return self.database.is_read_only

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        # A commit that failed at its fsync may stand in the log all the same, and count from the next open on. So
        # the database is opened anew before files without a document are dropped.
        self.database.close()
        with self._files():
            self._originals.close()
        self.database.close()

    # Documents

    def documents(self, *, versions: bool = False) -> list[Document]:
        """List every document, failed ones too, in the order in which they were first added.

        With `versions` also those that others took the place of, or whose files are gone.
        """
        found = self.database.fetch(read_documents)
        return found if versions else [document for document in found if document.is_current]

    def names(self) -> list[tuple[str, str, str]]:
        """List id, title and path of every document: far less than `documents` reads."""
        return self.database.fetch(read_names)

    def get(self, document_id: str) -> Document | None:
        """Return the document with this id, if there is one."""
        return self.database.fetch(read_document, document_id)

    def document(self, document_id: str) -> Document:
        """Return the document with this id. Raises DocumentNotFound."""
        found = self.get(document_id)
        if found is None:
            raise no_document(document_id)
        return found

    def find(self, name: str) -> Document:
        """Find a document by id, path, title, file name, unique prefix of its id, or unique part of its title.

        One that another took the place of is found where no other is meant.

        Raises DocumentNotFound, or AmbiguousDocument that lists the candidates.
        """
        every = self.documents(versions=True)
        for is_former in (False, True):
            known = {document.id: document for document in every if is_former or document.is_current}
            for ids in _candidates(name, list(known), self._names(known, is_former=is_former)):
                if len(ids) == 1:
                    return known[ids.pop()]
                if ids:
                    raise _ambiguous(name, [known[one] for one in sorted(ids)])
        raise no_document(name)

    def sources(self, document_id: str) -> list[tuple[str, str]]:
        """Return path and title of every place where these bytes were found, oldest first."""
        with self.database.read() as connection:
            key = key_of(connection, document_id)
            query = select(sources.c.path, sources.c.title).where(sources.c.document_key == key)
            return [(path, title) for path, title in connection.execute(query.order_by(SOURCE_ORDER))]

    def add_source(self, document_id: str, path: str, title: str) -> list[str]:
        """Note another path and title of a document; the same path again changes its title.

        Returns the ids of the documents that it supersedes there.
        """
        with self.database.write() as connection:
            key = key_of(connection, document_id)
            superseded = add_source(connection, key, document_id, path, title)
            inherit(connection, document_id, superseded)
        self._originals.release(document_id)
        return superseded

    def put_sources(self, document_id: str, places: Iterable[Sequence[str | None]]) -> None:
        """Put back the places of a document that was lost: path, title, and what took its place there, if told."""
        with self.database.write() as connection:
            key = key_of(connection, document_id)
            for path, title, *successor in places:
                put_source(connection, key, path or "", title or "", successor[0] if successor else None)

    def places(self) -> list[Place]:
        """List every path where a document was found, in the order in which they were noted."""
        return self.database.fetch(read_places)

    def retire(self, path: str) -> list[str]:
        """Note that there is no file at a path any more; returns the ids of the documents that stood there."""
        with self.database.write() as connection:
            return retire(connection, path)

    def predecessors(self, document_id: str) -> list[str]:
        """Return the ids of the documents whose place a document took, the last one first."""
        with self.database.read() as connection:
            return predecessors(connection, document_id)

    def versions(self, document_id: str) -> list[Document]:
        """List the versions of a document, the first one first, up to what stands in its place now."""
        last = self.document(document_id)
        later = {last.id}
        while last.successor and last.successor not in later:
            last = self.document(last.successor)
            later.add(last.id)
        found: dict[str, Document] = {}
        left = [last.id]
        while left:
            one = left.pop()
            if one not in found:
                found[one] = self.document(one)
                left += reversed(self.predecessors(one))
        return list(reversed(found.values()))

    def version(self, document_id: str, number: int) -> Document:
        """Return a version of a document, 1 the first. Raises OptionError for another number."""
        known = self.versions(document_id)
        if not 1 <= number <= len(known):
            said = f"the versions 1 to {len(known)}" if len(known) > 1 else "one version"
            raise OptionError(
                f"{known[-1].title!r} has {said}, and no {number}.", "See them: catena ls --versions"
            )
        return known[number - 1]

    # What was read from them

    def page(self, ref: PageRef) -> Page:
        """Return one page with its words."""
        return self.database.fetch(read_page, ref)

    def pages(self, document_id: str) -> Iterator[Page]:
        """Yield all pages in order, a few at a time in memory."""
        number = 0
        while found := self.database.fetch(read_pages_after, document_id, number):
            yield from found
            number = found[-1].ref.number

    def texts(self, document_id: str, numbers: Collection[int]) -> list[Page]:
        """Return pages without their words, in order; numbers that there are not are left out."""
        return self.database.fetch(read_pages, document_id, sorted(numbers), with_words=False)

    def passages(self, document_id: str, ordinals: Sequence[int] | None = None) -> list[Passage]:
        """Return all passages, or those with the given ordinals that exist, in order."""
        return self.database.fetch(read_passages, document_id, ordinals)

    def passage_range(self, document_id: str) -> tuple[int, int]:
        """Return the id of the first passage and how many there are: passage `n` has the id `first + n`.

        The first id changes when the document is parsed anew: it is the version of the text.
        """
        return self.database.fetch(passage_range, document_id)

    def description(self, document_id: str) -> Description:
        """Return what is said about a document beside its text."""
        return self.collections.description(document_id)

    def lexical_index(self, document_id: str) -> bytes:
        """Return the bytes that were given to the writer, empty where there were none."""
        return self.database.fetch(read_lexical_index, document_id)

    def tables(self, document_id: str) -> list[Table]:
        """Return the tables of a document in order, found in the rows of its pages. Raises DocumentNotFound."""
        return find_tables(self.pages(document_id))

    def figures(self, document_id: str) -> list[Figure]:
        """Return the figures of a document in order; none for one that an older version read (`reindex` finds them)."""
        return self.database.fetch(read_figures, document_id)

    def search(self, terms: Sequence[str], document_ids: Sequence[str] | None = None) -> list[Hit]:
        """Rank documents, all or some, by BM25 over the whole library's statistics, best first.

        A term counts as often as there are passages with it. Unknown ids find nothing.
        """
        found = self.database.fetch(word_scores, terms)
        if document_ids is None:
            document_ids = [document.id for document in self.documents()]
        wanted = set(document_ids)
        return [(one, score) for one, score in found if one in wanted]

    # Writing

    def store_original(self, path: Path, max_bytes: int | None = None) -> str:
        """Copy a file into the library and return its id; the same bytes are stored once.

        It stays if `writing` makes it a document before this library is closed. Raises DocumentError when
        the file cannot be read, changes all the time, or is larger than `max_bytes`.
        """
        with self._files():
            self._require_room(path)
            return self._originals.store(path, max_bytes)

    def _require_room(self, path: Path) -> None:
        """Raise LibraryError unless a file and what is read from it, which may be as much, have room on the disk."""
        needed = 2 * os.path.getsize(path) + LEAST_ROOM if os.path.isfile(path) else 0
        if free_bytes(self.home) < needed:
            raise no_space(self.home, needed)

    def original(self, document_id: str) -> Path:
        """Return the path of a document's bytes."""
        return self._originals.path(document_id)

    def checked_original(self, document_id: str) -> Path:
        """Do what `original` does for whoever reads it: its bytes are hashed first. Raises DocumentError."""
        with self._files():
            return self._originals.checked(document_id)

    def orphans(self) -> list[str]:
        """Originals that no document owns: their rows were lost, or they are strange to the library."""
        with self._files():
            return [] if self.is_read_only else self._originals.orphans()

    def original_ids(self) -> list[str]:
        """All originals, whatever the database says of them."""
        return self._originals.ids()

    def mark_damaged(self, document_id: str, message: str, remedy: str) -> None:
        """Let a document answer nothing until its file is added again."""
        mark_damaged(self.database, document_id, message, remedy)

    @contextmanager
    def writing(
        self,
        document: Document,
        collections: Sequence[str] = (),
        tags: Sequence[str] = (),
        *,
        is_found: bool = False,
    ) -> Iterator[DocumentWriter]:
        """Collect a document's pages; on leave they are committed at once, after an error not at all.

        What was read from the same bytes before is replaced, its vectors go; but a document that failed this
        time does not replace one that is ready. `is_found`: the file stands at its path now, and supersedes what stood
        there before.
        """
        writer = DocumentWriter(document, collections, tags, is_found=is_found)
        yield writer
        with self.database.write() as connection:
            writer.commit(connection)
        with self._files():
            self._originals.release(document.id)

    def remove(self, document_id: str) -> None:
        """Remove a document with its original, text, vectors, cached calls and the answers about it.

        Raises DocumentNotFound.
        """
        self.document(document_id)
        settle_reserve(self.home)
        with self._files(), self._originals.claimed(document_id):
            self._make_room(document_id)
            for forget_it in self.on_remove:
                forget_it(document_id)
            try:
                self._delete(document_id)
            except LibraryError:  # of a quota the system says nothing before
                if not (may_take_none(self.home) and give_up_reserve(self.home)):
                    raise
                self._delete(document_id)
        purge(self.database)
        settle_reserve(self.home)

    def _delete(self, document_id: str) -> None:
        with self.database.write() as connection:
            forget(connection, document_id)
            forget_votes(connection, document_id)
            forget_description(connection, document_id)
            delete_document(connection, document_id)

    def _make_room(self, document_id: str) -> None:
        """On a full disk delete first what goes anyway: deleting rows takes room."""
        original = self.original(document_id)
        if free_bytes(self.home) < LEAST_ROOM and original.exists() and original.stat().st_size > READ_ROOM:
            drop_files(self.home)
            unlink(original)

    # Health

    def check(self) -> list[Problem]:
        """Look for damage: checksums, indexes, orphans. Reads all there is; changes nothing."""
        return [
            *integrity.check(self.database, self._originals),
            *(one for look in self.checks for one in look()),
        ]

    def repair(self) -> list[Problem]:
        """Mend what can be mended without the files' owners; return what is left.

        Nothing goes that cannot be made again: what nobody can use is set aside in `lost+found`.
        """
        integrity.repair(self.database, self._originals, self.database.mend, self.readopt)
        if any(look() for look in self.checks):
            drop_cache(self.database)
        return self.check()

    def _known_ids(self) -> set[str] | None:
        """The ids of all documents, read from the rows; None where the list is damaged."""
        with self.database.read() as connection:
            ids = connection.execute(text("SELECT id FROM documents NOT INDEXED")).scalars()
            known = {str(one) for one in ids}
            is_whole = catalogue_checksum(connection) == counter(connection, "catalogue")
        return known if is_whole else None

    def _names(self, known: dict[str, Document], *, is_former: bool) -> list[tuple[str, str, str]]:
        """Id, absolute path and title of every place, oldest first; and each document's own title."""
        query = select(documents.c.id, sources.c.path, sources.c.title).join(sources)
        if not is_former:
            query = query.where(sources.c.successor.is_(None))
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(SOURCE_ORDER)).all()
        found = [(one, path, title) for one, path, title in rows if one in known]
        return found + [(one.id, "", one.title) for one in known.values()]

    @contextmanager
    def _files(self) -> Iterator[None]:
        with translated(self.database.path):
            yield


def _require_database(home: Path) -> None:
    """Refuse to begin anew where originals say that there was a library."""
    path = home / "library.db"
    is_empty = not path.exists() or not path.stat().st_size
    if is_empty and any((home / "originals").glob("??/*")):
        raise LibraryCorrupt(
            f"{path} is {'empty' if path.exists() else 'gone'}, and there are originals in {home}.",
            "Run `catena doctor --repair`: it reads the originals again. Or restore a backup: `catena restore`.",
        )


def _candidates(name: str, ids: list[str], names: list[tuple[str, str, str]]) -> Iterator[set[str]]:
    """Ids that fit a name, the strictest reading first."""
    if not name:
        return
    wanted, paths = name.casefold(), (os.path.abspath(name), resolved(name))
    yield {one for one in ids if one == name}
    yield set([one for one, own, _ in names if own in paths][-1:])  # the last bytes that were found there
    yield {one for one, _, title in names if title.casefold() == wanted}
    yield {one for one, own, _ in names if os.path.basename(own).casefold() == wanted}
    if len(name) >= MIN_PREFIX:
        yield {one for one in ids if one.startswith(wanted)}
    yield {one for one, _, title in names if wanted in title.casefold()}


def _ambiguous(name: str, found: list[Document]) -> AmbiguousDocument:
    shown = ", ".join(f"{one.id[:12]} ({one.title})" for one in found[:8])
    return AmbiguousDocument(f"{name!r} fits {len(found)} documents: {shown}.", "Give one of these ids.")
