"""Addresses of documents on the web (https://…, arxiv:…, doi:…), which are no paths."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path, PosixPath
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from catena.errors import DocumentError

_ADDRESS = re.compile(r"(https?)://|(arxiv|doi):", re.I)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_ARXIV = re.compile(r"arxiv:\s*((?:[a-z-]+(?:\.[A-Z]{2})?/\d{7}|\d{4}\.\d{4,5})(?:v\d{1,3})?)", re.I)
_DOI = re.compile(r"doi:\s*(?:https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/\S+)", re.I)
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+(?:%25?[\w.-]+)?")
_KEPT = "!$%&'()*+,-./:;=?@_~[]"
MAX_ADDRESS = 4_000
# Ports that a browser does not fetch from: https://fetch.spec.whatwg.org/#port-blocking
_BAD_PORTS = frozenset((
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
))  # fmt: skip


class WebPath(PosixPath):
    """The file that was fetched from an address; before, a name that it may have. As text it is its address."""

    address = ""


def is_address(name: object) -> bool:
    """Tell an address, of whatever scheme, from a path."""
    return isinstance(name, str) and bool(_ADDRESS.match(name.strip()) or _SCHEME.match(name.strip()))


def web_path(name: str, file: Path | None = None) -> WebPath:
    """The path of an address, before or after it was fetched to `file`; what is none is kept as it was given."""
    with suppress(DocumentError):
        name = url_of(name)
    path = WebPath(file or file_name(name))
    path.address = name
    return path


def url_of(name: str) -> str:
    """The one form of an address: of arXiv the PDF, of a DOI what doi.org leads to. Raises DocumentError."""
    name = name.strip()
    if arxiv := _ARXIV.fullmatch(name):
        return f"https://arxiv.org/pdf/{arxiv[1]}"
    if doi := _DOI.fullmatch(name):
        return f"https://doi.org/{quote(unquote(doi[1]), safe='/()')}"
    return checked_url(name)


def checked_url(url: str) -> str:
    """An address that may be asked for, without its fragment. Raises DocumentError, and says what is wrong with it."""
    if len(url) > MAX_ADDRESS:
        raise _refused(url, "is longer than an address may be")
    if _UNSAFE.search(url):
        raise _refused(url, "has a space or another character that no address has")
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "")
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except ValueError as error:  # a port of letters, brackets that do not close, a name too long
        raise _refused(url, f"is none: {error}") from error
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(host):
        raise _refused(url, "is none that Catena fetches")
    if parts.username is not None or parts.password is not None:
        raise _refused(url, "holds a name or a password, which Catena does not send")
    if port in _BAD_PORTS:
        raise _refused(url, f"names port {port}, which is no port of web pages")
    shown = f"[{host}]" if ":" in host else host.lower()
    place = shown if port is None else f"{shown}:{port}"
    path = quote(parts.path or "/", safe=_KEPT)
    return urlunsplit((parts.scheme.lower(), place, path, quote(parts.query, safe=_KEPT), ""))


def file_name(url: str) -> str:
    """The last part of an address as the name of a file."""
    host, _, path = re.split(r"[?#]", url)[0].partition("//")[2].partition("/")
    last = unquote(path.rstrip("/").rpartition("/")[2], errors="replace") or host
    return re.sub(r"[^\w.()+,@ -]", "_", last).strip(" .")[-120:] or "page"


def _refused(url: str, why: str) -> DocumentError:
    shown = re.sub(r"//[^/@]*@", "//…@", url[:200])
    return DocumentError(
        "not_allowed",
        f"The address {shown} {why}.",
        "Give one as https://…, arxiv:2406.02818 or doi:10.1000/182, or download it, and add the file.",
    )
