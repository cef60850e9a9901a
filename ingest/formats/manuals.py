"""A folder of web pages with an index is a manual: one document, packed as a book in the order of reading.

This runs outside the parser's process, so that no page is parsed: links are found by their form alone.
"""

from __future__ import annotations

import html
import os
import re
import zipfile
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape, quoteattr

from catena.errors import DocumentError
from catena.files.regular_files import leads_into, open_regular
from catena.ingest.formats.text_decoding import decode_markup
from catena.ingest.pagination.blocks import clean

WEB_PAGES = (".html", ".htm", ".xhtml")
_INDEXES = tuple(
    f"{stem}{suffix}" for stem in ("index", "contents", "toc", "default", "Index") for suffix in WEB_PAGES
)
_LINK = re.compile(rb"<(?:a|link|area|frame)\s[^<>]{0,2000}>", re.I)
_HREF = re.compile(rb"""\b(?:href|src)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.I)
_NEXT = re.compile(rb"""\brel\s*=\s*["']?(?:[\w ]*\s)?next\b|\baccesskey\s*=\s*["']?n\b""", re.I)
_TITLE = re.compile(r"<title[^>]{0,200}>(.{0,500}?)</title", re.I | re.S)
_END = re.compile(r"\s[—–|:-]\s(?:(?!\s[—–|:-]\s).)+$")
_HEAD = 1 << 14
_FEWEST_PAGES = 3
_LEAST_LINKED = 0.5  # of the pages can be reached from the index
_LEAST_CHAINED = 0.6  # of the pages follow each other by links to the next
_MAX_BYTES = 64 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same pages give the same bytes
_CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
    '<rootfiles><rootfile full-path="package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


class Manual:
    """The web pages of a folder, as its index orders them; links are read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = next((folder / name for name in _INDEXES if _is_page_of(folder, folder / name)), None)
        self._pages = _web_pages(folder) if self._index else set()
        self._known_links: dict[Path, list[tuple[Path, bool]]] = {}

    def is_whole(self) -> bool:
        """Tell whether there is an index that leads to most of the web pages."""
        if self._index is None or len(self._pages) < _FEWEST_PAGES:
            return False
        return len(self._reached(self._index)) >= max(_FEWEST_PAGES, _LEAST_LINKED * len(self._pages))

    def pages(self) -> list[Path]:
        """The pages in the order of reading: along "next" links, else as the index lists them."""
        if self._index is None:
            return []
        listed = self._listed(self._index)
        chain = self._chain(self._index)
        if len(chain) < _LEAST_CHAINED * len(self._pages):
            return listed
        known = set(chain)
        return chain + [page for page in listed if page not in known]

    def write(self, target: Path) -> None:
        """Pack the pages as an EPUB; its bytes depend on the pages alone."""
        pages = self.pages()
        names = [page.relative_to(self.folder).as_posix() for page in pages]
        with zipfile.ZipFile(target, "w") as book:
            _write(book, "mimetype", b"application/epub+zip", zipfile.ZIP_STORED)
            _write(book, "META-INF/container.xml", _CONTAINER.encode())
            titles = [_title(page) for page in pages]
            _write(book, "package.opf", _package(titles[0] or self.folder.name, names).encode())
            _write(book, "nav.xhtml", _contents(_without_common_end(titles), names).encode())
            for name, page in zip(names, pages, strict=True):
                _write(book, f"pages/{name}", _read(page))

    def _reached(self, index: Path) -> set[Path]:
        reached, waiting = {index}, [index]
        while waiting:
            for link, _ in self._links(waiting.pop()):
                if link not in reached:
                    reached.add(link)
                    waiting.append(link)
        return reached

    def _chain(self, index: Path) -> list[Path]:
        """The pages from the index along links to the next one."""
        ordered = dict.fromkeys([index])
        current: Path | None = index
        while current is not None:
            current = next((link for link, is_next in self._links(current) if is_next), None)
            if current in ordered:
                break
            if current is not None:
                ordered[current] = None
        return list(ordered)

    def _listed(self, index: Path) -> list[Path]:
        """Order pages as the index lists them; those not listed stand behind the first that leads to them."""
        listed = dict.fromkeys([index, *(link for link, _ in self._links(index))])
        ordered: list[Path] = []
        seen = set(listed)
        for page in listed:
            waiting = [page]
            while waiting:
                current = waiting.pop()
                ordered.append(current)
                found = dict.fromkeys(link for link, _ in self._links(current) if link not in seen)
                seen.update(found)
                waiting += reversed(found)
        return ordered + sorted(self._pages - seen)

    def _links(self, page: Path) -> list[tuple[Path, bool]]:
        """The pages that a page leads to, in order, and whether as to the next one."""
        if page not in self._known_links:
            found = (_target(page, link[0]) for link in _LINK.finditer(_read(page)))
            self._known_links[page] = [one for one in found if one is not None and one[0] in self._pages]
        return self._known_links[page]


def _target(page: Path, link: bytes) -> tuple[Path, bool] | None:
    """Target of a link, should that be a file, and whether it says "next"."""
    found = _HREF.search(link)
    if found is None:
        return None
    href = html.unescape((found[1] or found[2] or found[3] or b"").decode("utf-8", "replace"))
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path or "\0" in href:
        return None
    return Path(os.path.normpath(page.parent / unquote(parts.path))), bool(_NEXT.search(link))


def _package(title: str, names: list[str]) -> str:
    items = "".join(
        f'<item id="p{number}" href={quoteattr("pages/" + _quoted(name))} media-type="text/html"/>'
        for number, name in enumerate(names)
    )
    spine = "".join(f'<itemref idref="p{number}"/>' for number in range(len(names)))
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/" version="3.0">'
        f"<metadata><dc:title>{escape(title)}</dc:title></metadata>"
        f'<manifest><item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>{items}'
        f"</manifest><spine>{spine}</spine></package>"
    )


def _contents(titles: list[str], names: list[str]) -> str:
    """Each page is a section, called as its title says."""
    listed = "".join(
        f"<li><a href={quoteattr('pages/' + _quoted(name))}>{escape(title)}</a></li>"
        for title, name in zip(titles, names, strict=True)
        if title
    )
    return (
        '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>'
        f'<nav epub:type="toc"><ol>{listed}</ol></nav></body></html>'
    )


def _without_common_end(titles: list[str]) -> list[str]:
    """Titles without what most of them end with: " — Python 3.11 documentation"."""
    ends = Counter(match[0] for title in titles if (match := _END.search(title)))
    end, number = ends.most_common(1)[0] if ends else ("", 0)
    return [title.removesuffix(end) for title in titles] if number > len(titles) / 2 else titles


def _write(book: zipfile.ZipFile, name: str, data: bytes, how: int = zipfile.ZIP_DEFLATED) -> None:
    info = zipfile.ZipInfo(name.encode(errors="replace").decode(), _EPOCH)
    info.compress_type, info.create_system = how, 3
    book.writestr(info, data, compresslevel=1)


def _quoted(name: str) -> str:
    """A name as a link; it is resolved as one when the book is read."""
    name = name.encode(errors="replace").decode()
    return name.replace("%", "%25").replace("#", "%23").replace("?", "%3F")


def _web_pages(folder: Path) -> set[Path]:
    return {
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in WEB_PAGES
        and _is_page_of(folder, file)
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    }


def _is_page_of(folder: Path, file: Path) -> bool:
    """Tell whether a file is there, and in the folder: a link may lead out of it."""
    return os.path.isfile(file) and leads_into(folder, file)


def _title(page: Path) -> str:
    match = _TITLE.search(decode_markup(_read(page)[:_HEAD]).text)
    return clean(html.unescape(match[1])) if match else ""


def _read(page: Path) -> bytes:
    try:
        with open_regular(page) as file:
            return file.read(_MAX_BYTES)
    except (OSError, DocumentError):
        return b""
