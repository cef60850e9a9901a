"""Kind of a document's file, by its first and last bytes; a name that says otherwise is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from catena.errors import DocumentError
from catena.files.regular_files import open_regular, unread
from catena.ingest.formats.charsets import certain_utf16
from catena.ingest.formats.subtitles import STARTS_SRT, STARTS_VTT
from catena.ingest.formats.zip_archive import zip_names
from catena.ingest.sheets.delimiters import is_table
from catena.types import Kind

SUPPORTED = (
    "Catena reads PDF, EPUB, DOCX, ODT, RTF, HTML, Markdown, LaTeX, plain text, spreadsheets (XLSX, XLS, ODS, CSV), "
    "presentations (PPTX, ODP), e-mail (EML, MSG, MBOX), pictures (PNG, JPEG, TIFF, WebP), notebooks (IPYNB), "
    "saved pages (MHTML) and transcripts of recordings (SRT, VTT, JSON)."
)
NAMES: Mapping[Kind, str] = {
    "pdf": "a PDF",
    "epub": "an EPUB",
    "docx": "a DOCX",
    "html": "HTML",
    "markdown": "Markdown",
    "text": "plain text",
    "xlsx": "an Excel workbook (XLSX)",
    "xls": "an Excel workbook of before 2007 (XLS)",
    "ods": "an OpenDocument spreadsheet (ODS)",
    "csv": "a table of values (CSV)",
    "transcript": "a transcript",
    "pptx": "a PowerPoint presentation (PPTX)",
    "odp": "an OpenDocument presentation (ODP)",
    "odt": "an OpenDocument text (ODT)",
    "rtf": "Rich Text (RTF)",
    "image": "a picture",
    "eml": "an e-mail",
    "mbox": "a box of e-mails (MBOX)",
    "msg": "a message of Outlook (MSG)",
    "mhtml": "a saved web page (MHTML)",
    "latex": "LaTeX",
    "notebook": "a notebook (IPYNB)",
}
KINDS: tuple[Kind, ...] = get_args(Kind)
DRAWN: tuple[Kind, ...] = ("pdf", "image")
"""Kinds whose pages are drawn, and may be pictures without text."""
_EXTENSIONS: Mapping[str, Kind] = {
    ".pdf": "pdf",
    ".epub": "epub",
    ".docx": "docx",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "text",
    ".text": "text",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xltx": "xlsx",
    ".xls": "xls",
    ".ods": "ods",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".srt": "transcript",
    ".vtt": "transcript",
    ".json3": "transcript",
    ".pptx": "pptx",
    ".pptm": "pptx",
    ".ppsx": "pptx",
    ".odp": "odp",
    ".odt": "odt",
    ".rtf": "rtf",
    ".png": "image",
    ".jpg": "image",
    ".jpeg": "image",
    ".tif": "image",
    ".tiff": "image",
    ".webp": "image",
    ".gif": "image",
    ".bmp": "image",
    ".eml": "eml",
    ".mbox": "mbox",
    ".msg": "msg",
    ".mht": "mhtml",
    ".mhtml": "mhtml",
    ".tex": "latex",
    ".ipynb": "notebook",
}
_OPEN_DOCUMENTS: tuple[Kind, ...] = ("ods", "odp", "odt")
_ZIPPED: tuple[Kind, ...] = ("epub", "docx", "xlsx", "pptx", *_OPEN_DOCUMENTS)
_MAX_NAME = 100
_HEAD, _TAIL = 64 << 10, 8 << 10
_MAX_DIRECTORY = 64 << 20
_JUNK = 8 << 10  # the standard lets a PDF start within the first 1 KiB; some stand further on

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# First bytes of what people drop by mistake: documents of other programs, then what is no document.
_OTHER_DOCUMENTS: tuple[tuple[bytes, str], ...] = (
    (_OLE, "an old Microsoft Office file (DOC, PPT)"),
    (b"%!PS", "a PostScript file"),
    (b"AT&TFORM", "a DjVu file"),
    (b"ITSF", "a CHM help file"),
    (b"\xffWPC", "a WordPerfect file"),
)
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")
_NO_DOCUMENTS: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"ID3", "an audio file"),
    (b"OggS", "an audio file"),
)
_ZIP_KINDS: tuple[tuple[str, Kind], ...] = (
    ("META-INF/container.xml", "epub"),
    ("word/document", "docx"),
    ("xl/workbook.xml", "xlsx"),
    ("ppt/presentation.xml", "pptx"),
)
_ZIP_MEMBERS: tuple[tuple[str, str], ...] = (
    ("xl/workbook.bin", "a binary Excel workbook (XLSB)"),
    ("Index/Document.iwa", "an Apple Pages file"),
    ("content.xml", "an OpenDocument file that does not say which"),
)
_MEDIA_TYPES: tuple[tuple[bytes, Kind], ...] = (
    (b"application/epub+zip", "epub"),
    (b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    (b"application/vnd.oasis.opendocument.presentation", "odp"),
    (b"application/vnd.oasis.opendocument.text", "odt"),
)
"""What a ZIP file says that it is, in a first member that is not packed."""
_OLE_STREAMS: tuple[tuple[str, Kind], ...] = (
    ("__properties_version1.0", "msg"),
    ("Workbook", "xls"),
    ("Book", "xls"),
)
"""Names of a compound file's directory, in UTF-16."""
_PDF_PARTS = re.compile(rb"\d[\s\0]+\d+[\s\0]+obj\b|\btrailer\s*<<")  # enough where the mark is lost
_HTML = re.compile(rb"\s*(<\?xml[^>]*\?>\s*|<!--.*?-->\s*)*<(!doctype\s+html|html)[\s>]", re.I | re.S)
_TAGS = re.compile(rb"<(head|body|div|p|table|h[1-6]|br|span|a|ul|ol|meta|title)\b[^>]*>", re.I)
_BOX_LINE = re.compile(rb"From \S+ .*\d{4}\s*?\n")
_FIELD = re.compile(rb"^([!-9;-~]+):", re.M)
_ALL_FIELDS = re.compile(rb"(?:[!-9;-~]+:[^\n]*(?:\n[ \t][^\n]*)*\n?)+")
_KNOWN_FIELDS = frozenset((
    b"from", b"to", b"date", b"subject", b"received", b"message-id", b"mime-version", b"return-path", b"content-type",
))  # fmt: skip
_NOTEBOOK = re.compile(rb"\s*\{\s*\"(?:cells|metadata|nbformat|worksheets)\"\s*:")
_LATEX = re.compile(rb"^\s*\\(?:documentclass|documentstyle)\b", re.M)
_MARKDOWN = re.compile(rb"^(#{1,6} \S|```|\* \S|- \S|\|.+\|\s*$|\[[^\]]+\]\([^)]+\))", re.M)

_JSON_NAMES = (
    (b"segments", b"start", b"end", b"text"),
    (b"events", b"tStartMs"),
    (b"start", b"duration", b"text"),
)
_JSON_ROWS = re.compile(rb'\s*\[\s*\{|"(?:segments|events)"\s*:\s*\[\s*\{')


def sniff(path: Path, as_kind: Kind | None = None) -> Kind:
    """Tell the kind of a file from its content; `as_kind` overrides what content and name say.

    Raises DocumentError: not_a_document, unsupported, or wrong_type when the extension says otherwise.
    """
    head, tail = _ends(path)
    if not head:
        raise DocumentError(
            "not_a_document", f"{shown(path.name)} is empty (0 bytes).", "Get the file again."
        )
    if as_kind is not None:
        return as_kind
    named = _EXTENSIONS.get(path.suffix.lower())
    kind = _kind_of(path, head, tail, named)
    if named is not None and named != kind and (named, kind) != ("text", "transcript"):
        raise DocumentError(
            "wrong_type",
            f"{shown(path.name)} is {NAMES[kind]} by its content, not {NAMES[named]}.",
            f"Rename it, or say so: `--as {kind}`.",
        )
    return kind


def shown(name: str) -> str:
    """Make a file name fit for a message: on one line, printable, not endless."""
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return plain if len(plain) <= _MAX_NAME else f"{plain[: _MAX_NAME - 13]}…{plain[-12:]}"


def _ends(path: Path) -> tuple[bytes, bytes]:
    try:
        with open_regular(path) as file:
            head = file.read(_HEAD)
            file.seek(max(0, file.seek(0, 2) - _TAIL))
            return head, file.read(_TAIL)
    except OSError as error:
        raise unread(path, error) from error


def _kind_of(path: Path, head: bytes, tail: bytes, named: Kind | None) -> Kind:
    if _is_pdf(head, tail) or (named == "pdf" and _PDF_PARTS.search(head)):
        return "pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(path, head, tail, named)
    if head.startswith(_OLE) and (kind := _ole_kind(path)):
        return kind
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return "image"
    if head.startswith(b"BM") and named == "image":
        return "image"
    _refuse_known(path, head, tail)
    text = _as_ascii(head)
    if text is None:
        raise _not_a_document(path, "binary data of no known format")
    if text.lstrip().startswith(b"{\\rtf"):
        return "rtf"
    if text.lstrip().startswith(b"%!PS"):
        _refuse_known(path, text.lstrip())
    return _text_kind(path, text, _as_ascii(tail) or b"", named)


def _is_pdf(head: bytes, tail: bytes) -> bool:
    start = head.find(b"%PDF-", 0, _JUNK)
    if start <= 0:
        return start == 0
    # Prose may mention the mark; a PDF has objects or its trailer as well.
    return b" obj" in head[start:] or b"startxref" in tail or b"%%EOF" in tail


def _zip_kind(path: Path, head: bytes, tail: bytes, named: Kind | None) -> Kind:
    names = zip_names(path)
    for media_type, kind in _MEDIA_TYPES:
        if media_type in head[:200]:
            return kind
    for member, kind in _ZIP_KINDS:
        if any(name.startswith(member) for name in names):
            return kind
    if named in _OPEN_DOCUMENTS and "content.xml" in names:
        return named
    for member, what in _ZIP_MEMBERS:
        if any(name.startswith(member) for name in names):
            raise _unsupported(path, what)
    if named in _ZIPPED and b"PK\x05\x06" not in tail:
        return named  # cut off before its members told what it is
    raise _not_a_document(path, "a ZIP archive")


def _ole_kind(path: Path) -> Kind | None:
    """The kind of a compound file by the names in its directory, which stands anywhere; None for one that is locked."""
    with open_regular(path) as file:
        data = file.read(_MAX_DIRECTORY)
    if _ENCRYPTED in data:
        return None
    return next((kind for name, kind in _OLE_STREAMS if f"{name}\0".encode("utf-16-le") in data), None)


def _refuse_known(path: Path, head: bytes, tail: bytes = b"") -> None:
    if head.startswith(_OLE) and _ENCRYPTED in head + tail:
        raise DocumentError(
            "needs_password",
            f"{shown(path.name)} is an encrypted Office file.",
            "Save it without a password in Office, and add that.",
        )
    for magic, what in _OTHER_DOCUMENTS:
        if head.startswith(magic):
            raise _unsupported(path, what)
    for magic, what in _NO_DOCUMENTS:
        if head.startswith(magic):
            raise _not_a_document(path, what)
    if head[4:8] == b"ftyp" or (head[:4] == b"RIFF" and head[8:12] in (b"WAVE", b"AVI ")):
        raise _not_a_document(path, "an audio or video file")


def _as_ascii(head: bytes) -> bytes | None:
    """Return text with one byte per ASCII character, whatever its encoding; None for binary data."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace").encode("ascii", "replace")
    head = head.removeprefix(b"\xef\xbb\xbf")
    if codec := certain_utf16(head):
        decoded = head.decode(codec, "replace")
        return decoded.encode("ascii", "replace") if _is_clean(decoded.encode("utf-8", "replace")) else None
    return head if _is_clean(head) else None


def _is_clean(data: bytes) -> bool:
    """Text holds next to no control characters; a stray one in a thousand is forgiven, as in old listings."""
    controls = sum(data.count(code) for code in range(32) if code not in b"\t\n\r\f\v\x1b\x1a")
    return controls * 1000 <= len(data)


def _text_kind(path: Path, text: bytes, tail: bytes, named: Kind | None) -> Kind:
    if (kind := _message_kind(text)) and named in (None, "eml", "mbox", "mhtml", "text"):
        return kind if named != "text" else "text"
    if _HTML.match(text):
        return "html"
    if _NOTEBOOK.match(text) and (named == "notebook" or b'"nbformat"' in text + tail):
        return "notebook"
    if _LATEX.search(text) and named in (None, "latex"):
        return "latex"
    if text.lstrip().startswith(b"<?xml") or text.lstrip().startswith(b"<svg"):
        raise _unsupported(path, "an XML file", " To read it as it stands: `--as text`.")
    if named not in ("markdown", "csv") and _is_transcript(text, tail):
        return "transcript"
    if named in ("html", "markdown", "text", "csv", "latex"):
        return named
    if len(_TAGS.findall(text)) >= 3 and text.lstrip().startswith(b"<"):
        return "html"
    if named is None and is_table(text.decode("ascii", "replace")):
        return "csv"
    return "markdown" if named is None and path.suffix == "" and _looks_like_markdown(text) else "text"


def _is_transcript(head: bytes, tail: bytes) -> bool:
    """Tell a transcript by the first and last bytes of its text; a cue inside of prose makes none."""
    if STARTS_VTT.match(head) or STARTS_SRT.match(head):
        return True
    if head.lstrip()[:1] not in (b"{", b"[") or not (_JSON_ROWS.search(head) or b'"segments"' in head + tail):
        return False
    return any(all(b'"%b"' % name in head + tail for name in names) for names in _JSON_NAMES)


def _message_kind(text: bytes) -> Kind | None:
    """The kind of a text that begins with the fields of a message, three of those that most have among them."""
    is_box = _BOX_LINE.match(text)
    head = re.split(rb"\r?\n\r?\n", text[is_box.end() :] if is_box else text, maxsplit=1)[0]
    fields = {name.lower() for name in _FIELD.findall(head)}
    if not _ALL_FIELDS.fullmatch(head) or len(fields & _KNOWN_FIELDS) < 3:
        return None
    if b"multipart/related" in head and (b"Snapshot-Content-Location" in head or b"<Saved by" in head):
        return "mhtml"
    return "mbox" if is_box else "eml"


def _looks_like_markdown(text: bytes) -> bool:
    return text.startswith(b"# ") or len(_MARKDOWN.findall(text)) >= 5


def _unsupported(path: Path, what: str, more: str = "") -> DocumentError:
    return DocumentError(
        "unsupported", f"{shown(path.name)} is {what}.", f"{SUPPORTED} Export it to one of these.{more}"
    )


def _not_a_document(path: Path, what: str) -> DocumentError:
    return DocumentError("not_a_document", f"{shown(path.name)} is {what}.", SUPPORTED)
