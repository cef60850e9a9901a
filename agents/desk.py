"""The desk of one question: the pages and passages of the documents asked, and of no others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Protocol

from catena.errors import DocumentNotFound
from catena.retrieval.analysis import terms
from catena.retrieval.index import DocumentIndex
from catena.types import Document, Page, PageRef, Passage, Segment

HEAD_CHARACTERS = 300


class Shelf(Protocol):
    """What the agents need of a library."""

    def document(self, document_id: str, /) -> Document: ...
    def page(self, ref: PageRef, /) -> Page: ...
    def passages(self, document_id: str, ordinals: Sequence[int] | None = None, /) -> Iterable[Passage]: ...
    def lexical_index(self, document_id: str, /) -> bytes: ...
    def count_vectors(self, document_id: str, /) -> tuple[int, int]: ...


class Desk:
    """Reads from the library what one question may see, each page once."""

    def __init__(self, shelf: Shelf, document_ids: Sequence[str]) -> None:
        self.document_ids = tuple(document_ids)
        self._shelf = shelf
        self._pages: dict[PageRef, Page] = {}
        self._heads: dict[PageRef, frozenset[str]] = {}
        self._indices: dict[str, DocumentIndex] = {}
        self._documents: dict[str, Document] = {}

    def document(self, document_id: str) -> Document:
        self._check(document_id)
        if document_id not in self._documents:
            self._documents[document_id] = self._shelf.document(document_id)
        return self._documents[document_id]

    def page(self, ref: PageRef) -> Page:
        self._check(ref.document_id)
        page = self._pages.get(ref)
        if page is None:  # another thread may forget all pages at any time
            page = self._pages[ref] = self._shelf.page(ref)
        return page

    def passages(self, document_id: str, ordinals: Sequence[int] | None = None) -> list[Passage]:
        """All passages of a document, or those with the given ordinals, in reading order."""
        self._check(document_id)
        found = self._shelf.passages(document_id, ordinals)
        return sorted(found, key=lambda passage: passage.ordinal)

    def number(self, passage: Passage) -> int:
        """Count the passage from 1 through all documents asked: one number in every prompt of a run."""
        return self._first_numbers[passage.ref.document_id] + passage.ordinal

    def numbered(self, numbers: Collection[int]) -> list[Passage]:
        """Look up passages by those numbers, in order; unknown ones are left out."""
        found = []
        for document_id, first in self._first_numbers.items():
            last = first + self.count_vectors(document_id)[1]
            ordinals = sorted({number - first for number in numbers if first <= number < last})
            found += self.passages(document_id, ordinals) if ordinals else []
        return found

    @cached_property
    def _first_numbers(self) -> dict[str, int]:
        counts = [self.count_vectors(document_id)[1] for document_id in self.document_ids]
        return dict(zip(self.document_ids, accumulate(counts, initial=1), strict=False))

    def count_vectors(self, document_id: str) -> tuple[int, int]:
        """How many passages have a vector, and how many there are."""
        self._check(document_id)
        return self._shelf.count_vectors(document_id)

    def rarity(self, document_id: str) -> Callable[[str], float]:
        """How rare a term is among the document's own passages."""
        return self._index(document_id).rarity

    def frequency(self, document_id: str, term: str) -> int:
        """In how many passages of the document a term stands."""
        return self._index(document_id).frequency(term)

    def head_terms(self, ref: PageRef) -> frozenset[str]:
        """The terms at the top of a page, where statements and chapters say what they are."""
        if ref not in self._heads:
            self._heads[ref] = frozenset(terms(self.page(ref).text[:HEAD_CHARACTERS]))
        return self._heads[ref]

    def forget_pages(self) -> None:
        """Drop the pages read so far: a chain over a book must not hold all of it."""
        self._pages.clear()

    def segment(self, keys: Iterable[tuple[str, int]]) -> Segment:
        """Look up passages by (document, ordinal); what runs on over a page break comes whole."""
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


PageScores = Mapping[PageRef, float]
