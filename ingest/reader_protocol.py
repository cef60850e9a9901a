"""Protocol of the readers of files: pages one after the other, then how it went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from catena.ingest.pagination.blocks import Attachment
from catena.types import DocumentStatus, FailureReason, Figure, OutlineEntry, Page


@dataclass(frozen=True, slots=True)
class Outcome:
    """Known when the last page is read."""

    status: DocumentStatus
    pages_with_text: int
    reason: FailureReason | None = None
    message: str = ""
    remedy: str = ""


class Reading(Protocol):
    """An open document; `num_pages` is 0 while unknown, `attached` are files in it that are documents of their own,
    `metadata` what its file says it is cited by."""

    title: str
    metadata: dict[str, list[str]]
    num_pages: int
    outline: tuple[OutlineEntry, ...]

    @property
    def attached(self) -> Sequence[Attachment]: ...

    def pages(self, document_id: str) -> Iterator[Page]: ...

    def take_figures(self) -> list[Figure]: ...

    def outcome(self) -> Outcome: ...

    def render(self, number: int, dpi: int) -> Picture: ...


@dataclass(slots=True)
class Picture:
    """A page as pixels, RGB, rows from the top; `scale` is pixels per point."""

    width: int
    height: int
    samples: bytes
    scale: float
