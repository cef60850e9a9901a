"""Pages on disk between the parser and the library, so that a document is committed in one short go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from catena.errors import LibraryError
from catena.ingest.frames import FrameDecoder, Header, encode
from catena.ingest.received import page_of
from catena.types import Page

_CHUNK = 1 << 20


class SpoolWriter:
    """Writes checked page frames; the first frame names the document. Raises LibraryError."""

    def __init__(self, path: Path, document_id: str) -> None:
        self._path = path
        try:
            self._file: BinaryIO = path.open("wb")
        except OSError as error:
            raise self._broken(error) from error
        self.add({"type": "spool", "document_id": document_id}, b"")

    def add(self, header: Header, body: bytes) -> int:
        """Append a frame; returns the size of the spool in bytes."""
        try:
            self._file.write(encode(header, body))
        except OSError as error:
            raise self._broken(error) from error
        return self._file.tell()

    def __enter__(self) -> SpoolWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
        except OSError as failure:
            raise self._broken(failure) from failure

    def _broken(self, error: OSError) -> LibraryError:
        return LibraryError(
            f"The pages cannot be kept in {self._path}: {error.strerror}.", "Is there room on the disk?"
        )


def read_spool(spool: Path) -> Iterator[Page]:
    """Yield the pages that `ParserPool.parse` wrote, in order, one at a time in memory."""
    decoder = FrameDecoder()
    document_id = ""
    with spool.open("rb") as file:
        while data := file.read(_CHUNK):
            for header, body in decoder.feed(data):
                if header["type"] == "spool":
                    document_id = header["document_id"]
                else:
                    yield page_of(header, body, document_id)
