"""The table of contents of an EPUB: the navigation document of EPUB 3, else the NCX of EPUB 2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from catena.ingest.formats.safe_xml import BadXML, attribute, local, parse_xml
from catena.ingest.formats.zip_archive import Archive, resolve
from catena.ingest.pagination.blocks import clean

_MAX_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A title, its rank from 1, and where it points: a member and an anchor in it, or none."""

    level: int
    title: str
    member: str
    anchor: str


@dataclass(slots=True)
class Contents:
    """The table of contents, and `page_breaks`: for each member, the printed page that starts at an anchor."""

    entries: list[Entry] = field(default_factory=list)
    page_breaks: dict[str, dict[str, str]] = field(default_factory=dict)


def read_contents(archive: Archive, items: Iterable[tuple[str, str, str]], toc: str) -> Contents:
    """Read what there is, best first; empty where there is no usable one."""
    listed = list(items)
    navs = [member for member, _, properties in listed if "nav" in properties.split()]
    ncxs = [toc] if toc else [member for member, kind, _ in listed if kind == "application/x-dtbncx+xml"]
    contents = Contents()
    for member, walk, pages in [(nav, _nav, _page_nav) for nav in navs] + [
        (ncx, _ncx, _page_ncx) for ncx in ncxs
    ]:
        data = archive.read_if_there(member)
        try:
            root = parse_xml(data) if data else None
        except BadXML:
            continue
        if root is None:
            continue
        contents.entries = contents.entries or list(walk(root, member))[:_MAX_ENTRIES]
        if not contents.page_breaks:
            for entry in list(pages(root, member))[:_MAX_ENTRIES]:
                contents.page_breaks.setdefault(entry.member, {})[entry.anchor] = entry.title
    return contents


def _nav(root: Element, base: str) -> Iterator[Entry]:
    for nav in root.iter():
        if local(nav) == "nav" and (attribute(nav, "type") or "toc") == "toc":
            yield from _nav_list(nav, base, 0)
            return


def _page_nav(root: Element, base: str) -> Iterator[Entry]:
    for nav in root.iter():
        if local(nav) == "nav" and {attribute(nav, "type"), attribute(nav, "role")} & {
            "page-list",
            "doc-pagelist",
        }:
            yield from _nav_list(nav, base, 0)


def _page_ncx(root: Element, base: str) -> Iterator[Entry]:
    for target in root.iter():
        if local(target) == "pageTarget":
            yield _point(target, base, 1)


def _nav_list(element: Element, base: str, level: int) -> Iterator[Entry]:
    for child in element:
        name = local(child)
        if name == "ol":
            yield from _nav_list(child, base, level + 1)
        elif name == "a":
            yield from _entry(level, "".join(child.itertext()), attribute(child, "href") or "", base)
        elif name in ("li", "span", "div", "section"):
            yield from _nav_list(child, base, level)


def _ncx(root: Element, base: str) -> Iterator[Entry]:
    for element in root.iter():
        if local(element) == "navMap":
            yield from _nav_points(element, base, 1)


def _nav_points(element: Element, base: str, level: int) -> Iterator[Entry]:
    for point in element:
        if local(point) != "navPoint":
            continue
        entry = _point(point, base, level)
        yield from [entry] if entry.title and entry.member else []
        yield from _nav_points(point, base, level + 1)


def _point(point: Element, base: str, level: int) -> Entry:
    title = next(("".join(child.itertext()) for child in point if local(child) == "navLabel"), "")
    source = next((attribute(child, "src") or "" for child in point if local(child) == "content"), "")
    return Entry(level, clean(title)[:500], resolve(base, source), source.partition("#")[2])


def _entry(level: int, title: str, href: str, base: str) -> Iterator[Entry]:
    title = clean(title)
    member = resolve(base, href)
    if title and member:
        yield Entry(level, title[:500], member, href.partition("#")[2])
