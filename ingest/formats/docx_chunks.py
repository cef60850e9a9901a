"""Documents that stand inside a Word file: web pages, plain text, other Word files, mail archives of a page."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from pathlib import PurePosixPath

from catena.ingest.formats.html import parse_html
from catena.ingest.formats.plain_text import parse_text
from catena.ingest.formats.text_decoding import decode, decode_markup
from catena.ingest.pagination.blocks import Book


def read_chunk(member: str, data: bytes, read_word: Callable[[str, bytes], Book]) -> Book:
    """Read a part by its content; one that cannot be read is a problem of the book. Raises DocumentError."""
    name = PurePosixPath(member).name
    head = data[:1024].lstrip(b"\xef\xbb\xbf\r\n\t ").lower()
    if data.startswith(b"PK\x03\x04"):
        return read_word(name, data)
    if head.startswith(b"{\\rtf"):
        return Book(problems=[f"a part in Rich Text ({name}) was not read"])
    if head.startswith((b"mime-version:", b"content-type:", b"from:")):
        return _mail(data)
    if head.startswith(b"<") or name.lower().endswith((".html", ".htm", ".xhtml")):
        return parse_html(decode_markup(data).text)
    if b"\0" in data[:1024]:
        return Book(problems=[f"a part of unknown kind ({name}) was not read"])
    return parse_text(decode(data).text)


def _mail(data: bytes) -> Book:
    """The first web page or text of a mail archive (MHTML)."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    for part in message.walk():
        kind = part.get_content_type()
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and kind in ("text/html", "application/xhtml+xml"):
            return parse_html(decode_markup(payload).text)
        if isinstance(payload, bytes) and kind == "text/plain":
            return parse_text(decode(payload).text)
    return Book(problems=["a part in a mail archive was not read"])
