"""Messages of Outlook (MSG): a compound file with a stream for each property ([MS-OXMSG], [MS-OXPROPS])."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import olefile

from catena.ingest.formats.html import parse_html
from catena.ingest.formats.mail import message_blocks, text_blocks
from catena.ingest.formats.text_decoding import decode, decode_markup
from catena.ingest.formats.zip_archive import damaged
from catena.ingest.pagination.blocks import Attachment, Block, Book, clean

_SUBJECT, _BODY, _HTML, _RTF = 0x0037, 0x1000, 0x1013, 0x1009
_SENDER, _SENDER_SMTP, _SENDER_ADDRESS = 0x0C1A, 0x5D01, 0x0C1F
_TO, _CC, _SENT, _DELIVERED = 0x0E04, 0x0E03, 0x0039, 0x0E06
_DATA, _LONG_NAME, _SHORT_NAME, _SHOWN_NAME = 0x3701, 0x3707, 0x3704, 0x3001
_HEAD_BYTES = 32  # of the stream of fixed properties of a message
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MAX_ATTACHED = 1000


def read_msg(path: Path) -> Book:
    """Read a message. Raises DocumentError."""
    try:
        with olefile.OleFileIO(io.BytesIO(path.read_bytes())) as file:
            return _Message(file).read()
    except (OSError, struct.error, IndexError, ValueError, OverflowError) as error:
        raise damaged(path.name, f"it is no message of Outlook that can be read ({error})") from error


class _Message:
    def __init__(self, file: olefile.OleFileIO) -> None:
        self._file = file
        self._names = {"/".join(entry) for entry in file.listdir()}

    def read(self) -> Book:
        address = self._text(_SENDER_SMTP) or self._text(_SENDER_ADDRESS)
        sender = self._text(_SENDER)
        is_shown = "@" in address and address not in sender
        fields = {
            "From": f"{sender} <{address}>" if is_shown and sender else sender or address,
            "To": self._text(_TO),
            "Cc": self._text(_CC),
            "Date": self._date(),
            "Subject": clean(self._text(_SUBJECT)),
        }
        book = Book(fields["Subject"], attached=list(self._attached()))
        names = [one.name for one in book.attached]
        book.blocks += message_blocks(fields, self._body(book), names, 1)
        return book

    def _body(self, book: Book) -> Iterator[Block]:
        if text := self._text(_BODY):
            yield from text_blocks(text)
        elif page := self._text(_HTML) or decode_markup(self._stream("", _HTML, "0102")).text:
            yield from parse_html(page).blocks
        elif self._stream("", _RTF, "0102"):
            book.problems.append("its text is kept as compressed Rich Text alone, which was not read")

    def _attached(self) -> Iterator[Attachment]:
        folders = {name.split("/")[0] for name in self._names if name.startswith("__attach_version1.0_#")}
        for number, folder in enumerate(sorted(folders)[:_MAX_ATTACHED], 1):
            data = self._stream(f"{folder}/", _DATA, "0102")
            named = (self._text(one, f"{folder}/") for one in (_LONG_NAME, _SHOWN_NAME, _SHORT_NAME))
            name = clean(next(filter(None, named), "")) or f"attachment {number}"
            if data:
                yield Attachment(name, data)

    def _text(self, tag: int, folder: str = "") -> str:
        if wide := self._stream(folder, tag, "001F"):
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        return decode(self._stream(folder, tag, "001E")).text.rstrip("\0")

    def _stream(self, folder: str, tag: int, kind: str) -> bytes:
        name = f"{folder}__substg1.0_{tag:04X}{kind}"
        return bytes(self._file.openstream(name).read()) if name in self._names else b""

    def _date(self) -> str:
        """When it was sent, else when it came, in UTC."""
        name = "__properties_version1.0"
        data = self._file.openstream(name).read() if name in self._names else b""
        found: dict[int, int] = {}
        for at in range(_HEAD_BYTES, len(data) - 15, 16):
            kind, tag, _, value = struct.unpack_from("<HHIQ", data, at)
            if kind == 0x0040:
                found[tag] = value
        ticks = found.get(_SENT) or found.get(_DELIVERED)
        if not ticks:
            return ""
        return f"{_EPOCH + timedelta(microseconds=ticks // 10):%a, %d %b %Y %H:%M:%S} UTC"
