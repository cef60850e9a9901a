"""Coverage of an answer: how much was searched and read, as counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from catena.agents.document_view import DocumentView
from catena.types import Coverage, DocumentCoverage, PageRef


def coverage(view: DocumentView, pages_read: Iterable[PageRef], vectors: tuple[int, int]) -> Coverage:
    """Every page with text is searched (the index holds all of them); read are those given to the reader.

    `vectors`: how many passages have one, and how many there are.
    """
    read: dict[str, set[int]] = {document_id: set() for document_id in view.document_ids}
    for ref in pages_read:
        read[ref.document_id].add(ref.number)
    documents = []
    for document_id in view.document_ids:
        document = view.document(document_id)
        documents.append(
            DocumentCoverage(
                document_id,
                document.num_pages,
                document.num_pages_with_text,
                len(read[document_id]),
                unread(document.num_pages, read[document_id]),
            )
        )
    filled, total = vectors
    return Coverage(tuple(documents), round(filled / total, 4) if total else 0.0)


def unread(num_pages: int, read: set[int]) -> tuple[tuple[int, int], ...]:
    """The pages not in `read` as ranges, first and last included."""
    ranges: list[tuple[int, int]] = []
    for number in range(1, num_pages + 1):
        if number in read:
            continue
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)


def name_ranges(ranges: Sequence[tuple[int, int]]) -> str:
    """`((1, 3), (7, 7))` -> "1-3, 7"."""
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
