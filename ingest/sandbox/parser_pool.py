"""Parses and renders documents in processes that may crash, hang or swell without harm to anyone else."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from catena.errors import DocumentError, Stopped
from catena.files.regular_files import check_size
from catena.ingest import parser_version
from catena.ingest.formats.file_kind import DRAWN, shown, sniff
from catena.ingest.ocr.text_recognition import RecognisedPages, order_for, picture_remedy
from catena.ingest.sandbox.parse_stream import OnPage, ParseStream, failed, raise_failure
from catena.ingest.sandbox.parser_job import Job, Limits
from catena.ingest.sandbox.parser_process import COMMAND, ParserProcess, Started
from catena.settings import Settings
from catena.types import Box, Document, Kind, Page

_MAX_IMAGE_BOXES = 10_000


class ParserPool:
    """Serves `settings.parser.processes` files at once, from any thread; starts when first needed."""

    def __init__(self, settings: Settings, *, command: Sequence[str] = COMMAND) -> None:
        self.num_processes = settings.parser.processes
        self.settings = settings
        self._command = command
        self._slots = threading.BoundedSemaphore(self.num_processes)
        self._lock = threading.Lock()
        self._warm: ParserProcess | None = None
        self._is_closed = False

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the parser process in the background; it takes 2 to 4 s to be warm."""
        with self._lock:
            self._running()

    @property
    def process_id(self) -> int | None:
        """The warm process, where it runs."""
        return self._warm.pid if self._warm is not None else None

    def close(self) -> None:
        """End the parser process; what still runs raises Stopped."""
        with self._lock:
            self._is_closed = True
            warm, self._warm = self._warm, None
        if warm is not None:
            warm.close()

    @contextmanager
    def parsing(
        self,
        path: Path,
        *,
        document_id: str,
        as_kind: Kind | None = None,
        password: str | None = None,
        name: str | None = None,
        on_page: OnPage | None = None,
    ) -> Iterator[ParseStream]:
        """Parse a file page by page.

        `name` is what messages call the file, where its path is not the one that people know.
        Raises DocumentError, in the block too, and Stopped when the pool is closed meanwhile.
        """
        kind = as_kind or sniff(path)
        check_size(shown(name or path.name), path.stat().st_size, self.max_bytes)
        recognised = RecognisedPages(self.settings, document_id)
        order = order_for(self.settings, recognised) if kind in DRAWN else None
        request = {
            "op": "parse",
            "kind": kind,
            "password": password,
            "document_id": document_id,
            "recognition": order,
            "picture_remedy": picture_remedy(self.settings),
        }
        with self._job(path, request, name, known=recognised.path if order else None) as job:
            if order:
                job.limits.stall_seconds += self.settings.scans.seconds
            yield ParseStream(
                job, self.settings, recognised, document_id=document_id, kind=kind, on_page=on_page
            )

    def parse(
        self,
        path: Path,
        *,
        document_id: str,
        as_kind: Kind | None = None,
        password: str | None = None,
        name: str | None = None,
        on_page: OnPage | None = None,
    ) -> tuple[Document, list[Page]]:
        """Parse a whole file; one that cannot be read is a failed Document, with reason, message and remedy."""
        try:
            with self.parsing(
                path, document_id=document_id, as_kind=as_kind, password=password, name=name, on_page=on_page
            ) as parsing:
                pages = list(parsing.pages())
                document = parsing.document
        except DocumentError as error:
            unread = Document(document_id, "", str(path), as_kind, "failed", parser_version=parser_version())
            return failed(unread, error), []
        return replace(document, path=str(path)), [] if document.status == "failed" else pages

    def render(
        self,
        path: Path,
        number: int,
        *,
        kind: Kind,
        password: str | None = None,
        name: str | None = None,
        boxes: Sequence[Box] = (),
        clip: Box | None = None,
        dpi: int = 144,
    ) -> bytes:
        """Draw a page (from 1), or a part of it, as PNG with `boxes` (points) marked on it. Raises DocumentError."""
        request = {
            "op": "render",
            "kind": kind,
            "password": password,
            "number": number,
            "dpi": max(18, min(dpi, 600)),
            "boxes": list(boxes[:_MAX_IMAGE_BOXES]),
            "clip": clip,
        }
        with self._job(path, request, name) as job:
            for header, body in job.frames():
                if header.get("type") == "image" and body.startswith(b"\x89PNG"):
                    return body
                raise_failure(job, header)
        raise DocumentError(
            "crashed", f"Page {number} of {shown(name or path.name)} was not drawn.", "Try again."
        )

    @contextmanager
    def _job(
        self, path: Path, request: Mapping[str, Any], name: str | None = None, *, known: Path | None = None
    ) -> Iterator[Job]:
        """`known`: a second file that the job may read."""
        settings, named = self.settings, shown(name or path.name)
        limits = Limits(settings.parser.seconds, settings.parser.seconds, settings.parser.memory_mib)
        common = {
            "name": named,
            "max_pages": settings.parser.max_pages,
            "memory_mib": settings.parser.memory_mib,
        }
        with (
            self._slots,
            _opened(path, known, named) as files,
            Job(self._start_job({**common, **request}, files), limits, named) as job,
        ):
            try:
                yield job
            except DocumentError as error:
                if self._is_closed:
                    raise Stopped("Parsing was stopped.") from error
                raise

    def _start_job(self, request: Mapping[str, Any], files: Sequence[int]) -> Started:
        """Start a job; once more with a new process when the warm one has died meanwhile."""
        for _ in range(2):
            with self._lock:
                warm = self._running()
            try:
                return warm.start_job(request, files)
            except OSError:
                self._discard(warm)
            except DocumentError:  # it never came to life; perhaps the next one does
                self._discard(warm)
                raise
        raise DocumentError(
            "crashed", f"The parser died before it read {request['name']}.", "Check it: `catena doctor`."
        )

    def _running(self) -> ParserProcess:
        if self._is_closed:
            raise Stopped("The parser was closed.")
        if self._warm is None:
            self._warm = ParserProcess(self._command)
        return self._warm

    def _discard(self, warm: ParserProcess) -> None:
        with self._lock:
            if self._warm is warm:
                self._warm = None
        warm.close()

    @property
    def max_bytes(self) -> int:
        """The size above which a file is refused."""
        return self.settings.parser.max_file_mib << 20


@contextmanager
def _opened(path: Path, known: Path | None, name: str) -> Iterator[list[int]]:
    """The descriptors of what a job may read. Raises DocumentError."""
    with ExitStack() as files:
        try:
            found = [files.enter_context(path.open("rb"))]
            if known is not None and known.is_file():
                found.append(files.enter_context(known.open("rb")))
        except OSError as error:
            raise DocumentError(
                "damaged", f"{name} cannot be read: {error.strerror}.", "Is the file there, and yours?"
            ) from error
        yield [file.fileno() for file in found]
