"""E-mail: messages (EML), boxes of them (MBOX), and web pages saved as one message (MHTML).

The fields of the head are lines of their own, what is quoted of other messages is marked, attachments become documents.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.message import EmailMessage, Message
from pathlib import Path

from catena.ingest.formats.html import parse_html
from catena.ingest.formats.html_visibility import PICTURES, LeftOut
from catena.ingest.formats.plain_text import parse_text
from catena.ingest.formats.text_decoding import decode, decode_markup
from catena.ingest.pagination.blocks import Attachment, Block, Book, clean, heading, paragraph

FIELDS = ("From", "To", "Cc", "Date", "Subject")
NO_SUBJECT = "(no subject)"
_QUOTED = re.compile(r">[> ]*")
_BOX_LINE = re.compile(rb"^From \S+ .*\d{4}\s*?\n", re.M)
_MAX_DEPTH = 20
_BROKEN = 50  # characters; programs break lines at 66 to 78
_LOCKED = "parts that are encrypted"


def read_mail(path: Path) -> Book:
    """Read one message."""
    reader = _Reader()
    message = _parsed(path.read_bytes())
    book = Book(reader.subject(message), list(reader.message(message, 1)), attached=reader.attached)
    book.notes += reader.left_out.notes()
    return book


def read_mailbox(path: Path) -> Book:
    """Read all messages of a box, each a section."""
    data = path.read_bytes()
    starts = [found.end() for found in _BOX_LINE.finditer(data)]
    ends = [found.start() for found in _BOX_LINE.finditer(data)][1:]
    reader = _Reader()
    book = Book(attached=reader.attached)
    for start, end in zip(starts, [*ends, len(data)], strict=True):
        book.blocks += reader.message(_parsed(data[start:end].replace(b"\n>From ", b"\nFrom ")), 1)
    book.notes += reader.left_out.notes()
    return book


def read_mhtml(path: Path) -> Book:
    """Read a saved web page."""
    return saved_page(path.read_bytes())


def saved_page(data: bytes) -> Book:
    """The first page or text among the parts of a message."""
    message = _parsed(data)
    for part in _leaves(message, 0):
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            return parse_html(decode_markup(_bytes(part)).text)
    for part in _leaves(message, 0):
        if part.get_content_type() == "text/plain":
            return parse_text(decode(_bytes(part)).text)
    return Book(problems=["a saved page without a page in it was not read"])


def message_blocks(
    fields: dict[str, str], body: Iterator[Block], names: list[str], level: int
) -> Iterator[Block]:
    """A message as it is read: its subject, its fields, its text, the names of what is attached."""
    yield heading(fields.get("Subject") or NO_SUBJECT, level) or Block("heading", NO_SUBJECT)
    for name, value in fields.items():
        yield from [block] if value and (block := paragraph(f"{name}: {value}")) else []
    yield from body
    if names:
        yield from [block] if (block := paragraph(f"Attachments: {', '.join(names)}")) else []


def text_blocks(text: str) -> Iterator[Block]:
    """The paragraphs of a message's text; those that it quotes of others begin with ">"."""
    for is_quoted, lines in _turns(text.replace("\r\n", "\n").replace("\r", "\n")):
        for block in parse_text("\n".join(_unwrapped(lines.split("\n")))).blocks:
            if is_quoted:
                block.kind, block.section, block.text, block.cells = "text", None, f"> {block.text}", ()
            yield block


def _unwrapped(lines: list[str]) -> Iterator[str]:
    """Join lines that a program broke for their length."""
    joined = last = ""
    for line in lines:
        if len(last) >= _BROKEN and line[:1].isalnum():
            joined = f"{joined} {line}"
        else:
            yield joined
            joined = line
        last = line
    yield joined


def _turns(text: str) -> Iterator[tuple[bool, str]]:
    """Cut a text where it begins or ceases to quote."""
    was_quoted, lines = False, list[str]()
    for line in text.split("\n"):
        is_quoted = line.startswith(">")
        if is_quoted != was_quoted and line.strip():
            yield was_quoted, "\n".join(lines)
            was_quoted, lines = is_quoted, []
        lines.append(_QUOTED.sub("", line, count=1) if is_quoted else line)
    yield was_quoted, "\n".join(lines)


class _Reader:
    def __init__(self) -> None:
        self.attached: list[Attachment] = []
        self.left_out = LeftOut()

    def subject(self, message: Message) -> str:
        return clean(_field(message, "Subject"))

    def message(self, message: Message, level: int) -> Iterator[Block]:
        """One message; one that it forwards follows below it."""
        fields = {name: clean(_field(message, name)) for name in FIELDS}
        before = len(self.attached)
        body = list(self._body(message, level))
        names = [one.name for one in self.attached[before:]]
        yield from message_blocks(fields, iter(body), names, level)

    def _body(self, message: Message, level: int) -> Iterator[Block]:
        kind = message.get_content_type()
        if level > _MAX_DEPTH:
            return
        if kind == "message/rfc822":
            for inner in _parts(message):
                yield from self.message(inner, level + 1)
        elif kind == "multipart/alternative":
            yield from self._alternative(_parts(message), level)
        elif message.is_multipart():
            for part in _parts(message):
                yield from self._body(
                    part, level + 1 if part.get_content_type() == "message/rfc822" else level
                )
        elif kind in ("application/pkcs7-mime", "application/pgp-encrypted"):
            self.left_out.add(_LOCKED)
        elif message.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            self._attach(message)
        elif kind == "text/html":
            yield from parse_html(decode_markup(_in_charset(message)).text).blocks
        else:
            yield from text_blocks(_text(message))

    def _alternative(self, parts: list[Message], level: int) -> Iterator[Block]:
        """The plain text of a message that is written in several ways, else the last of them."""
        plain = [part for part in parts if part.get_content_type() == "text/plain" and _text(part).strip()]
        for part in plain[:1] or parts[-1:]:
            yield from self._body(part, level)

    def _attach(self, part: Message) -> None:
        if part.get_content_maintype() == "image" and part.get_content_disposition() != "attachment":
            self.left_out.add(PICTURES)  # shown in the text
            return
        suffix = {"application/pdf": ".pdf", "text/plain": ".txt", "text/html": ".html"}.get(
            part.get_content_type(), ""
        )
        name = clean(part.get_filename() or f"attachment {len(self.attached) + 1}{suffix}")
        self.attached.append(Attachment(name, _bytes(part)))


def _parsed(data: bytes) -> Message:
    return email.message_from_bytes(data, policy=email.policy.compat32)


def _field(message: Message, name: str) -> str:
    """A field with its encoded words read; broken ones as they are."""
    value = message.get(name)
    if value is None:
        return ""
    raw = str(value).encode("utf-8", "surrogateescape")
    try:
        made = EmailMessage(email.policy.default)
        made[name] = decode(raw).text.replace("\r", "").replace("\n", " ")
        return str(made[name])
    except (ValueError, IndexError, AttributeError, LookupError):  # what the parser of fields falls over
        return decode(raw).text


def _parts(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _leaves(message: Message, depth: int) -> Iterator[Message]:
    if not message.is_multipart():
        yield message
    elif depth < _MAX_DEPTH:
        for part in _parts(message):
            yield from _leaves(part, depth + 1)


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message) -> str:
    return decode(_in_charset(part)).text


def _in_charset(part: Message) -> bytes:
    """The bytes of a part in UTF-8 where it says its charset."""
    data = _bytes(part)
    try:
        return data.decode(str(part.get_content_charset() or "")).encode()
    except (LookupError, UnicodeError, ValueError):
        return data
