"""View of the documents of one question: the pages and passages of those asked, and of no others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Protocol

from catena.errors import DocumentNotFound
from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.text_analysis import terms
from catena.types import Description, Document, Page, PageRef, Passage, PassageKey, Segment

HEAD_CHARACTERS = 300
MAX_PAGES = 512
"""Pages kept in memory: a chain over a book must not hold all of it."""
MAX_PASSAGES = 8192
"""Passages kept in memory, of documents that are asked for whole: a million words, some 8 MB."""


class Shelf(Protocol):
    """Library interface that the agents need."""

    def document(self, document_id: str, /) -> Document: ...
    def page(self, ref: PageRef, /) -> Page: ...
    def texts(self, document_id: str, numbers: Collection[int], /) -> Iterable[Page]: ...
    def passages(self, document_id: str, ordinals: Sequence[int] | None = None, /) -> Iterable[Passage]: ...
    def lexical_index(self, document_id: str, /) -> bytes: ...
    def passage_range(self, document_id: str, /) -> tuple[int, int]: ...
    def description(self, document_id: str, /) -> Description: ...


class DocumentView:
    """Reads from the library what one question may see."""

    def __init__(self, shelf: Shelf, document_ids: Sequence[str]) -> None:
        self.document_ids = tuple(document_ids)
        self._shelf = shelf
        self._pages: dict[PageRef, Page] = {}
        self._texts: dict[PageRef, Page] = {}
        self._passages: dict[str, dict[int, Passage]] = {}
        self._heads: dict[PageRef, frozenset[str]] = {}
        self._indices: dict[str, DocumentIndex] = {}
        self._documents: dict[str, Document] = {}
        self._counts: dict[str, int] = {}

    def document(self, document_id: str) -> Document:
        self._check(document_id)
        if document_id not in self._documents:
            self._documents[document_id] = self._shelf.document(document_id)
        return self._documents[document_id]

    def description(self, document_id: str) -> Description:
        """Return what is said about a document beside its text: its authors, and where they are named."""
        self._check(document_id)
        return self._shelf.description(document_id)

    def page(self, ref: PageRef) -> Page:
        """Return a page with its words and their boxes, which citing needs."""
        self._check(ref.document_id)
        page = self._pages.get(ref)
        if page is None:
            page = self._shelf.page(ref)
            _keep(self._pages, [page])
        return page

    def text(self, ref: PageRef) -> Page:
        """Return a page without its words: all that reading needs, in a fifth of the time."""
        page = self._texts.get(ref)
        if page is None:
            self._check(ref.document_id)
            (page,) = self._shelf.texts(ref.document_id, [ref.number])
            _keep(self._texts, [page])
        return page

    def page_or_none(self, ref: PageRef) -> Page | None:
        """Return a page's text, or nothing behind the last page."""
        is_there = 1 <= ref.number <= self.document(ref.document_id).num_pages
        return self.text(ref) if is_there else None

    def read_ahead(self, refs: Iterable[PageRef]) -> None:
        """Read the texts of pages that will be needed, those of a document together."""
        missing: dict[str, set[int]] = {}
        for ref in refs:
            if ref not in self._texts:
                missing.setdefault(ref.document_id, set()).add(ref.number)
        for document_id, numbers in missing.items():
            self._check(document_id)
            _keep(self._texts, self._shelf.texts(document_id, numbers))

    def passages(self, document_id: str, ordinals: Sequence[int] | None = None) -> list[Passage]:
        """All passages of a document, or those with the given ordinals, in reading order."""
        self._check(document_id)
        kept = self._passages.get(document_id)
        if kept is None:
            found = self._shelf.passages(document_id, ordinals)
            kept = {one.ordinal: one for one in sorted(found, key=lambda one: one.ordinal)}
            if ordinals is None and sum(map(len, self._passages.values())) + len(kept) <= MAX_PASSAGES:
                self._passages[document_id] = kept
        if ordinals is None:
            return list(kept.values())
        return [kept[ordinal] for ordinal in sorted(set(ordinals)) if ordinal in kept]

    def number(self, passage: Passage) -> int:
        """Count the passage from 1 through all documents asked: one number in every prompt of a run."""
        return self._first_numbers[passage.ref.document_id] + passage.ordinal

    def numbered(self, numbers: Collection[int]) -> list[Passage]:
        """Look up passages by those numbers, in order; unknown ones are left out."""
        found = []
        for document_id, first in self._first_numbers.items():
            last = first + self.num_passages(document_id)
            ordinals = sorted({number - first for number in numbers if first <= number < last})
            found += self.passages(document_id, ordinals) if ordinals else []
        return found

    @cached_property
    def _first_numbers(self) -> dict[str, int]:
        counts = [self.num_passages(document_id) for document_id in self.document_ids]
        return dict(zip(self.document_ids, accumulate(counts, initial=1), strict=False))

    def num_passages(self, document_id: str) -> int:
        if document_id not in self._counts:
            self._check(document_id)
            self._counts[document_id] = self._shelf.passage_range(document_id)[1]
        return self._counts[document_id]

    def rarity(self, document_id: str) -> Callable[[str], float]:
        """Return how rare a term is among the document's own passages."""
        return self._index(document_id).rarity

    def frequency(self, document_id: str, term: str) -> int:
        """In how many passages of the document a term stands."""
        return self._index(document_id).frequency(term)

    def total_frequency(self, term: str) -> int:
        """In how many passages of all documents asked a term stands."""
        return sum(self.frequency(document_id, term) for document_id in self.document_ids)

    def head_terms(self, ref: PageRef) -> frozenset[str]:
        """The terms at the top of a page, where statements and chapters say what they are."""
        if ref not in self._heads:
            self._heads[ref] = frozenset(terms(self.text(ref).text[:HEAD_CHARACTERS]))
        return self._heads[ref]

    def segment(self, keys: Iterable[PassageKey]) -> Segment:
        """Look up passages by their keys; what runs on over a page break comes whole."""
        wanted: dict[str, set[int]] = {}
        for document_id, ordinal in keys:
            wanted.setdefault(document_id, set()).add(ordinal)
        passages: list[Passage] = []
        for document_id, ordinals in wanted.items():
            near = {n + step for n in ordinals for step in (-1, 0, 1)}
            found = {passage.ordinal: passage for passage in self.passages(document_id, sorted(near))}
            going_on = {n for n, passage in found.items() if passage.continues}
            joined = {n for n in going_on if n + 1 in ordinals} | {n + 1 for n in going_on & ordinals}
            passages += [found[n] for n in sorted(found.keys() & (ordinals | joined))]
        return Segment(tuple(passages))

    def _index(self, document_id: str) -> DocumentIndex:
        if document_id not in self._indices:
            self._check(document_id)
            data = self._shelf.lexical_index(document_id)
            empty = DocumentIndex.builder().build
            self._indices[document_id] = DocumentIndex.from_bytes(data) if data else empty()
        return self._indices[document_id]

    def _check(self, document_id: str) -> None:
        if document_id not in self.document_ids:
            raise DocumentNotFound(f"Document {document_id[:12]} is not among those asked.")


def _keep(known: dict[PageRef, Page], pages: Iterable[Page]) -> None:
    """Other threads may read `known` meanwhile, so that nobody counts on what they find in it."""
    if len(known) >= MAX_PAGES:
        known.clear()
    known |= {page.ref: page for page in pages}
