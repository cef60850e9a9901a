"""One file being parsed: its pages as the child sends them, each checked, then the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from catena.errors import DocumentError
from catena.ingest import parser_version
from catena.ingest.frames import BadFrame, Frame, Header
from catena.ingest.ocr.text_recognition import RecognisedPages
from catena.ingest.pagination.blocks import Attachment
from catena.ingest.sandbox.frame_validation import (
    check_page,
    failure_of,
    figure_of,
    metadata_of,
    name_of,
    outcome_of,
    page_of,
    title_of,
)
from catena.ingest.sandbox.parser_job import Job, OutOfTime
from catena.settings import Settings
from catena.types import Document, Figure, Kind, Page

OnPage = Callable[[int, int], None]
"""Called with the pages done and in all (0: unknown)."""

_MAX_SECONDS = 30 * 60.0
_SECONDS_PER_PAGE = 1.0
# 10,000 dense pages take 300 MiB with their words.
_MAX_BYTES = 1 << 30
MAX_FIGURES_ON_PAGE = 100
MAX_ATTACHED, _MAX_ATTACHED_BYTES = 200, 512 << 20
"""Files attached to one mail."""


class ParseStream:
    """`title` and `metadata` are known from the start, `document` when the pages are over. All raises DocumentError."""

    def __init__(
        self,
        job: Job,
        settings: Settings,
        recognised: RecognisedPages,
        *,
        document_id: str,
        kind: Kind,
        on_page: OnPage | None,
    ) -> None:
        self._job = job
        self._settings = settings
        self._recognised = recognised
        self._document_id = document_id
        self._kind = kind
        self._on_page = on_page
        self._frames = self._checked(job.frames())
        self._facts: dict[str, Any] | None = None
        self._num_pages = self._num_expected = self._num_bytes = self._num_with_text = 0
        self._num_on_page = self._num_characters = 0
        self.title = ""
        self.metadata: dict[str, list[str]] = {}
        self.figures: list[Figure] = []
        """Of the pages until now."""
        self.attached: list[Attachment] = []
        header, _ = next(self._frames, ({}, b""))
        if header.get("type") != "open":
            raise job.broken("the beginning is missing")

    @property
    def document(self) -> Document:
        if self._facts is None:
            raise self._job.broken("the end is missing")
        return Document(
            self._document_id,
            title=self.title,
            path="",
            kind=self._kind,
            parser_version=parser_version(),
            **self._facts,
        )

    def pages(self) -> Iterator[Page]:
        """Yield the pages in order while the child reads on; what it sends is held back until it is wanted."""
        try:
            for header, body in self._frames:
                if header["type"] == "page":
                    yield page_of(header, body, self._document_id)
                    if self._on_page is not None:
                        self._on_page(self._num_pages, self._num_expected)
        except OutOfTime:
            if not self._num_pages:
                raise
            self._facts = self._cut_off()

    def _cut_off(self) -> dict[str, Any]:
        """Partial document whose time was up: the pages until then."""
        seconds, expected = self._job.limits.seconds, self._num_expected
        told = f" of {expected:,}" if expected > self._num_pages else ""
        return {
            "status": "partial",
            "reason": "timeout",
            "message": f"{self._num_pages:,}{told} pages were read in {seconds:.0f} s, then reading was stopped.",
            "remedy": "Raise CATENA_DOCUMENT_SECONDS (and CATENA_PARSER_SECONDS), then `catena reindex` the document.",
            "num_pages": self._num_pages,
            "num_pages_with_text": self._num_with_text,
            "outline": (),
        }

    def _checked(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        for header, body in frames:
            try:
                self._check(header, body)
            except (BadFrame, KeyError, TypeError) as error:
                raise self._job.broken(str(error)) from error
            yield header, body

    def _check(self, header: Header, body: bytes) -> None:
        if header["type"] == "open":
            self._open(int(header["pages"]), title_of(header))
            self.metadata = metadata_of(header)
        elif header["type"] == "page":
            self._count(header, body)
        elif header["type"] == "figure":
            self._add_figure(header)
        elif header["type"] == "attached":
            self._attach(header, body)
        elif header["type"] == "recognised":
            self._keep(header, body)
        elif header["type"] == "done":
            self._facts = outcome_of(header, self._num_pages)
        else:
            raise_failure(self._job, header)

    def _open(self, pages: int, title: str) -> None:
        self.title = title
        self._num_expected = max(0, min(pages, self._settings.parser.max_pages))
        seconds = max(self._settings.parser.seconds, self._num_expected * _SECONDS_PER_PAGE)
        self._job.limits.seconds = min(seconds, _MAX_SECONDS)
        if self._settings.scans.is_read:  # one page after the other, should there be one core
            self._job.limits.seconds += self._num_expected * self._settings.scans.seconds
        self._job.limits.seconds = min(self._job.limits.seconds, self._settings.parser.document_seconds)

    def _keep(self, header: Header, body: bytes) -> None:
        """Keep what was recognised on a page; an empty one says that it failed, and that the child is alive."""
        number = header["number"]
        if not isinstance(number, int) or not self._num_pages < number <= self._num_expected:
            raise BadFrame(f"page {number!r} was recognised")
        self._num_bytes += len(body)
        if body:
            self._recognised.add(number, body, in_part=header.get("in_part") is True)

    def _attach(self, header: Header, body: bytes) -> None:
        self.attached.append(Attachment(name_of(header), body))
        size = sum(len(one.data) for one in self.attached)
        if len(self.attached) > MAX_ATTACHED or size > _MAX_ATTACHED_BYTES:
            limit = f"{MAX_ATTACHED} files or {_MAX_ATTACHED_BYTES >> 20} MiB"
            raise DocumentError(
                "too_big",
                f"More than {limit} are attached to {self._job.name}.",
                "Save and add them by themselves.",
            )

    def _add_figure(self, header: Header) -> None:
        self._num_on_page += 1
        if self._num_on_page > MAX_FIGURES_ON_PAGE:
            raise BadFrame("more figures on a page than allowed")
        found = figure_of(header, self._document_id, self._num_pages, self._num_characters)
        self._num_bytes += sum(len(one.text) for one in found.texts)
        self.figures.append(replace(found, number=len(self.figures) + 1))

    def _count(self, header: Header, body: bytes) -> None:
        if self._num_pages >= self._settings.parser.max_pages:
            raise BadFrame("more pages than allowed")
        check_page(header, body, self._num_pages + 1)
        self._num_pages += 1
        self._num_on_page, self._num_characters = 0, len(header["text"])
        self._num_with_text += bool(header["text"].strip())
        self._num_bytes += len(header["text"]) + len(body)
        if self._num_bytes > _MAX_BYTES:
            raise DocumentError(
                "too_big",
                f"{self._job.name} holds more than {_MAX_BYTES >> 20} MiB of text.",
                "Split the file.",
            )


def failed(document: Document, error: DocumentError) -> Document:
    """The document as it is kept when it could not be read."""
    return replace(document, status="failed", reason=error.reason, message=error.message, remedy=error.remedy)


def raise_failure(job: Job, header: Header) -> None:
    """Raise what the child says that it could not do."""
    try:
        raise DocumentError(*failure_of(header))
    except BadFrame as error:
        raise job.broken(str(error)) from error
