"""Parses and renders documents in processes that may crash, hang or swell without harm to anyone else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from catena.errors import DocumentError, Stopped
from catena.ingest import parser_version
from catena.ingest.frames import BadFrame, Header
from catena.ingest.job import Job, Limits
from catena.ingest.received import check_page, failure_of, outcome_of
from catena.ingest.sniff import shown, sniff
from catena.ingest.spool import SpoolWriter
from catena.ingest.warm import COMMAND, Started, WarmProcess
from catena.settings import Settings
from catena.types import Box, Document, Kind

OnPage = Callable[[int, int], None]

_MAX_SECONDS = 30 * 60.0
_SECONDS_PER_PAGE = 1.0
# 10,000 dense pages take 300 MiB with their words.
_MAX_SPOOL = 1 << 30
_MAX_IMAGE_BOXES = 10_000


class ParserPool:
    """Serves `settings.parser_processes` files at once, from any thread; starts when first needed."""

    def __init__(self, settings: Settings, *, command: Sequence[str] = COMMAND) -> None:
        self.num_processes = settings.parser_processes
        self._settings = settings
        self._command = command
        self._slots = threading.BoundedSemaphore(self.num_processes)
        self._lock = threading.Lock()
        self._warm: WarmProcess | None = None
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

    def parse(
        self,
        path: Path,
        *,
        document_id: str,
        as_kind: Kind | None = None,
        password: str | None = None,
        spool: Path,
        name: str | None = None,
        on_page: OnPage | None = None,
    ) -> Document:
        """Parse a file into `spool` (see `read_spool`); `on_page` gets pages done and in all (0: unknown).

        `name` is what messages call the file, where its path is not the one that people know.
        A file that cannot be read comes back as a failed Document with reason, message and remedy.
        Raises LibraryError when the spool cannot be written, Stopped when the pool is closed meanwhile.
        """
        kind: Kind | None = None
        try:
            kind = as_kind or sniff(path)
            self._check_size(path, shown(name or path.name))
            request: dict[str, Any] = {
                "op": "parse",
                "kind": kind,
                "password": password,
                "document_id": document_id,
            }
            with self._job(path, request, name) as job, SpoolWriter(spool, document_id) as writer:
                facts = _Parsing(job, self._settings, writer, on_page).run()
        except DocumentError as error:
            return Document(
                document_id,
                title="",
                path=str(path),
                kind=kind,
                status="failed",
                reason=error.reason,
                message=error.message,
                remedy=error.remedy,
                parser_version=parser_version(),
            )
        return Document(document_id, path=str(path), kind=kind, parser_version=parser_version(), **facts)

    def render(
        self,
        path: Path,
        number: int,
        *,
        kind: Kind,
        password: str | None = None,
        name: str | None = None,
        boxes: Sequence[Box] = (),
        dpi: int = 144,
    ) -> bytes:
        """Draw a page (from 1) as PNG with `boxes` (points) marked on it. Raises DocumentError."""
        request = {
            "op": "render",
            "kind": kind,
            "password": password,
            "number": number,
            "dpi": max(18, min(dpi, 600)),
            "boxes": list(boxes[:_MAX_IMAGE_BOXES]),
        }
        with self._job(path, request, name) as job:
            for header, body in job.frames():
                if header.get("type") == "image" and body.startswith(b"\x89PNG"):
                    return body
                _raise_failure(job, header)
        raise DocumentError(
            "crashed", f"Page {number} of {shown(name or path.name)} was not drawn.", "Try again."
        )

    @contextmanager
    def _job(self, path: Path, request: Mapping[str, Any], name: str | None = None) -> Iterator[Job]:
        settings = self._settings
        limits = Limits(settings.parser_seconds, settings.parser_seconds, settings.parser_memory_mib)
        common = {
            "path": str(path.absolute()),
            "name": shown(name or path.name),
            "max_pages": settings.max_pages,
            "memory_mib": settings.parser_memory_mib,
        }
        with (
            self._slots,
            Job(self._start_job({**common, **request}), limits, shown(name or path.name)) as job,
        ):
            try:
                yield job
            except DocumentError as error:
                if self._is_closed:
                    raise Stopped("Parsing was stopped.") from error
                raise

    def _start_job(self, request: Mapping[str, Any]) -> Started:
        """Start a job; once more with a new process when the warm one has died meanwhile."""
        for _ in range(2):
            with self._lock:
                warm = self._running()
            try:
                return warm.start_job(request)
            except OSError:
                self._discard(warm)
            except DocumentError:  # it never came to life; perhaps the next one does
                self._discard(warm)
                raise
        raise DocumentError(
            "crashed", f"The parser died before it read {request['name']}.", "Check it: `catena doctor`."
        )

    def _running(self) -> WarmProcess:
        if self._is_closed:
            raise Stopped("The parser was closed.")
        if self._warm is None:
            self._warm = WarmProcess(self._command)
        return self._warm

    def _discard(self, warm: WarmProcess) -> None:
        with self._lock:
            if self._warm is warm:
                self._warm = None
        warm.close()

    def _check_size(self, path: Path, name: str) -> None:
        most = self._settings.max_file_mib
        if path.stat().st_size > most << 20:
            raise DocumentError(
                "too_big",
                f"{name} is larger than {most} MiB.",
                "Raise CATENA_MAX_FILE_MIB, or split the file.",
            )


class _Parsing:
    """One parse: checks frames as they come and spools the pages."""

    def __init__(self, job: Job, settings: Settings, writer: SpoolWriter, on_page: OnPage | None) -> None:
        self._job = job
        self._settings = settings
        self._writer = writer
        self._on_page = on_page
        self._num_pages = 0
        self._expected = 0

    def run(self) -> dict[str, Any]:
        """Return what goes into the Document. Raises DocumentError."""
        facts: dict[str, Any] | None = None
        for header, body in self._job.frames():
            try:
                facts = self._take(header, body) or facts
            except (BadFrame, KeyError, TypeError) as error:
                raise self._job.broken(str(error)) from error
            if header["type"] == "page" and self._on_page is not None:
                self._on_page(self._num_pages, self._expected)
        if facts is None:
            raise self._job.broken("the end is missing")
        return facts

    def _take(self, header: Header, body: bytes) -> dict[str, Any] | None:
        if header["type"] == "open":
            self._open(int(header["pages"]))
        elif header["type"] == "page":
            self._add(header, body)
        elif header["type"] == "done":
            return outcome_of(header, self._num_pages)
        else:
            _raise_failure(self._job, header)
        return None

    def _open(self, pages: int) -> None:
        self._expected = max(0, min(pages, self._settings.max_pages))
        seconds = max(self._settings.parser_seconds, self._expected * _SECONDS_PER_PAGE)
        self._job.limits.seconds = min(seconds, _MAX_SECONDS)

    def _add(self, header: Header, body: bytes) -> None:
        if self._num_pages >= self._settings.max_pages:
            raise BadFrame("more pages than allowed")
        check_page(header, body, self._num_pages + 1)
        self._num_pages += 1
        if self._writer.add(header, body) > _MAX_SPOOL:
            raise DocumentError(
                "too_big",
                f"{self._job.name} holds more than {_MAX_SPOOL >> 20} MiB of text.",
                "Split the file.",
            )


def _raise_failure(job: Job, header: Header) -> None:
    try:
        raise DocumentError(*failure_of(header))
    except BadFrame as error:
        raise job.broken(str(error)) from error
