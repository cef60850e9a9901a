"""The process that fetches one document: it may reach public addresses alone, writes one file, and ends.

Each name is resolved once, every address that it has is judged, and the connection goes to one of these: what a name
says the next time changes nothing. It has no keys, sends no cookies, follows five redirects by the same rules, and
reads no more than it was told to. It is told by JSON on standard input, and tells by JSON on standard output.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import os
import re
import resource
import socket
import ssl
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from catena.errors import DocumentError
from catena.web_addresses import checked_url

MAX_REDIRECTS = 5
SILENCE_SECONDS = 20.0
"""Without a byte."""
_BLOCK = 64 << 10
_MAX_HEADER = 1_000
_REDIRECTS = (301, 302, 303, 307, 308)
_NO_DOCUMENTS = ("audio/", "video/", "font/")
_PDF_OF_PAGE = re.compile(rb"<meta\s[^>]{0,400}?name\s*=\s*[\"']?citation_pdf_url[\"']?[^>]{0,2000}>", re.I)
_CONTENT = re.compile(rb"content\s*=\s*(?:\"([^\"]{1,2000})\"|'([^']{1,2000})')", re.I)
# Azure's own, public by its number: learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
_CLOUD = frozenset(map(ipaddress.ip_address, ("168.63.129.16",)))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_OLD_IPV4 = ipaddress.ip_network("::/96")

Resolve = Callable[..., list[tuple[Any, ...]]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: str) -> bool:
    """Tell whether an address is one of the open internet, also by the IPv4 address inside of it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    own = () if ip in _NAT64 else (ip,)
    return all(_is_open(one) for one in (*own, *_inside(ip)))


def _is_open(ip: Address) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and ip not in _CLOUD


def _inside(ip: Address) -> Iterator[Address]:
    """IPv4 addresses that an IPv6 one stands for."""
    if isinstance(ip, ipaddress.IPv4Address):
        return
    if ip in _NAT64 or ip in _OLD_IPV4:
        yield ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    yield from (one for one in (ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())) if one is not None)


def open_socket(
    host: str, port: int, tested: frozenset[int], resolve: Resolve = socket.getaddrinfo
) -> socket.socket:
    """Resolve a name once and connect to what it means. `tested`: ports of loopback that are let through.

    Raises DocumentError where any of its addresses is not public, OSError where none answers.
    """
    found = resolve(host, port, type=socket.SOCK_STREAM)
    for *_, place in found:
        is_tested = port in tested and ipaddress.ip_address(place[0].partition("%")[0]).is_loopback
        if not is_tested and not is_public(place[0]):
            raise DocumentError(
                "not_allowed",
                f"{host} is at {place[0]}, which is no public address.",
                "Catena fetches from the public web alone; download it yourself, and add the file.",
            )
    last: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, place in found:
        made = socket.socket(family, kind, protocol)
        made.settimeout(SILENCE_SECONDS)
        try:
            made.connect(place)
        except OSError as error:
            made.close()
            last = error
        else:
            return made
    raise last


class _Plain(http.client.HTTPConnection):
    tested: frozenset[int] = frozenset()

    def connect(self) -> None:
        self.sock = open_socket(self.host, self.port, self.tested)


class _Secure(_Plain):
    default_port = 443

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def fetch(request: Mapping[str, Any], out: int) -> dict[str, Any]:
    """Fetch `request["url"]` into an open file; returns what the server said. Raises DocumentError."""
    url, until = str(request["url"]), time.monotonic() + float(request["seconds"])
    for _ in range(MAX_REDIRECTS + 1):
        url = checked_url(url)
        connection, response = _answer(url, request)
        try:
            if response.status in _REDIRECTS and response.getheader("Location"):
                url = _joined(url, str(response.getheader("Location")))
                continue
            told = {"status": response.status, "url": url, "type": "", "etag": "", "modified": "", "name": ""}
            if response.status == 304:
                return told
            _check(url, response)
            first = _keep(url, response, out, int(request["max_bytes"]), until)
            if request.get("wants_pdf") and (pdf := _pdf_of(first)):
                request, url = {**request, "wants_pdf": False}, _joined(url, pdf)
                os.ftruncate(out, 0)
                os.lseek(out, 0, os.SEEK_SET)
                continue
            said = {
                "type": "Content-Type",
                "etag": "ETag",
                "modified": "Last-Modified",
                "name": "Content-Disposition",
            }
            return told | {
                one: str(response.getheader(header) or "")[:_MAX_HEADER] for one, header in said.items()
            }
        finally:
            connection.close()
    raise _unreachable(url, f"it leads on more than {MAX_REDIRECTS} times")


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError:  # brackets that do not close: what it names is refused for that
        return target


def _answer(
    url: str, request: Mapping[str, Any]
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    parts = urlsplit(url)
    made = _Secure if parts.scheme == "https" else _Plain
    connection = made(str(parts.hostname), parts.port or made.default_port)
    connection.tested = frozenset(request.get("tested", ()))
    asked = {
        "User-Agent": str(request["agent"]),
        "Accept": "application/pdf, application/epub+zip, text/html;q=0.9, */*;q=0.5",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    for header, name in (("If-None-Match", "etag"), ("If-Modified-Since", "modified")):
        if request.get(name):
            asked[header] = str(request[name])
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET", path, headers=asked)
        return connection, connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        connection.close()
        raise _unreachable(url, _why(error)) from error


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"it was silent for {SILENCE_SECONDS:.0f} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not hold: {error.verify_message}"
    if isinstance(error, OSError):
        return str(error.strerror or error)[:200]
    return f"its answer is no HTTP: {type(error).__name__}"


def _check(url: str, response: http.client.HTTPResponse) -> None:
    if response.status != 200:
        raise _unreachable(url, f"the server answers {response.status} {response.reason[:80]}".strip())
    kind = str(response.getheader("Content-Type") or "").split(";")[0].strip().lower()
    if kind.startswith(_NO_DOCUMENTS):
        raise DocumentError(
            "not_a_document", f"{url} is {kind[:60]}, no document.", "Give the address of a document."
        )


def _keep(url: str, response: http.client.HTTPResponse, out: int, max_bytes: int, until: float) -> bytes:
    """Write what comes; returns its beginning."""
    told = response.getheader("Content-Length")
    expected = int(told) if told and told.isascii() and told.isdecimal() and len(told) < 20 else None
    if expected is not None and expected > max_bytes:
        raise _too_big(url, max_bytes)
    written, first = 0, b""
    received = [0]
    for block in _decoded(url, response, _blocks(url, response, until, received)):
        written += len(block)
        if written > max_bytes:
            raise _too_big(url, max_bytes)
        first += block[: max(0, (1 << 20) - len(first))]
        _write(out, block)
    if expected is not None and received[0] != expected:
        raise _unreachable(url, f"{received[0]:,} of {expected:,} bytes came")
    return first


def _blocks(
    url: str, response: http.client.HTTPResponse, until: float, received: list[int]
) -> Iterator[bytes]:
    while True:
        if time.monotonic() > until:
            raise DocumentError(
                "timeout", f"{url} took too long.", "Try again, or download it, and add the file."
            )
        try:
            block = response.read1(_BLOCK)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _unreachable(url, _why(error)) from error
        if not block:
            return
        received[0] += len(block)
        yield block


def _decoded(url: str, response: http.client.HTTPResponse, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Undo gzip, which nobody asked for, block by block."""
    encoding = str(response.getheader("Content-Encoding") or "identity").strip().lower()
    if encoding in ("identity", ""):
        yield from blocks
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _unreachable(url, f"it is packed as {encoding[:40]!r}, which nobody asked for")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        for block in blocks:
            while block:
                yield unpack.decompress(block, _BLOCK)
                block = unpack.unconsumed_tail
    except zlib.error as error:
        raise _unreachable(url, "what came is packed, and damaged") from error
    if not unpack.eof:
        raise _unreachable(url, "what came is packed, and cut off")


def _pdf_of(page: bytes) -> str:
    """The address of the PDF that a publisher's page is about, by what it tells search engines."""
    meta = _PDF_OF_PAGE.search(page)
    content = _CONTENT.search(meta[0]) if meta else None
    return unescape((content[1] or content[2]).decode("utf-8", "replace")).strip() if content else ""


def _write(out: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(out, view) :]


def _too_big(url: str, max_bytes: int) -> DocumentError:
    return DocumentError(
        "too_big", f"{url} is larger than {max_bytes >> 20} MiB.", "Raise CATENA_MAX_FILE_MIB."
    )


def _unreachable(url: str, why: str) -> DocumentError:
    return DocumentError(
        "unreachable", f"{url} could not be fetched: {why}.", "Check the address, or try again later."
    )


def main() -> None:
    request = json.loads(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(request["max_bytes"]) + _BLOCK,) * 2)
    try:
        told = fetch(request, int(sys.argv[1]))
    except DocumentError as error:
        told = {"reason": error.reason, "message": error.message[:2000], "remedy": error.remedy[:500]}
    except Exception as error:  # the border of the process: whatever a hostile server brings about
        told = {
            "reason": "unreachable",
            "message": f"The web could not be asked: {type(error).__name__}.",
            "remedy": "",
        }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
