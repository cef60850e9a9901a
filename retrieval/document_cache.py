"""The documents that are being asked, with their index and passages in memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.passages import indexed_text
from catena.retrieval.protocols import Shelf
from catena.retrieval.text_analysis import terms
from catena.types import Passage

MAX_OPENED = 16  # a 300-page document takes about 3 MB


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """`pages[ordinal]` is the number of the page on which `passages[ordinal]` stands; `headers` has the terms of
    the passages' headers alone, which `index` has together with the text."""

    id: str
    version: int
    index: DocumentIndex
    headers: DocumentIndex
    passages: tuple[Passage, ...]
    pages: NDArray[np.int64]


class OpenedDocuments:
    """Opens documents when first asked and keeps the last few; a document parsed anew is opened anew."""

    def __init__(self, library: Shelf) -> None:
        self._library = library
        self._kept: OrderedDict[str, OpenedDocument] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, document_id: str) -> OpenedDocument:
        """Raises DocumentNotFound, and LibraryCorrupt when the index is damaged."""
        version, _ = self._library.passage_range(document_id)
        with self._lock:
            kept = self._kept.get(document_id)
            if kept is None or kept.version != version:
                kept = self._open(document_id, version)
            self._kept[document_id] = kept
            self._kept.move_to_end(document_id)
            while len(self._kept) > MAX_OPENED:
                self._kept.popitem(last=False)
        return kept

    def _open(self, document_id: str, version: int) -> OpenedDocument:
        passages = tuple(self._library.passages(document_id))
        data = self._library.lexical_index(document_id)
        index = DocumentIndex.from_bytes(data) if data else DocumentIndex.builder().build()
        if data and not DocumentIndex.is_current(data):  # a few hundred milliseconds, once a process
            index = _of_passages(passages)
        pages = np.array([passage.ref.number for passage in passages], np.int64)
        return OpenedDocument(document_id, version, index, _headers(passages), passages, pages)


def _of_passages(passages: Sequence[Passage]) -> DocumentIndex:
    builder = DocumentIndex.builder()
    for passage in passages:
        builder.add(terms(indexed_text(passage)))
    return builder.build()


def _headers(passages: Sequence[Passage]) -> DocumentIndex:
    """Passages in a row mostly have the same header."""
    builder = DocumentIndex.builder()
    for header, group in groupby(passages, key=attrgetter("header")):
        builder.add(terms(header))
        for _ in list(group)[1:]:
            builder.repeat()
    return builder.build()
