"""EPUB 2 and 3: chapters in the order of the spine, with the titles of the table of contents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from catena.errors import DocumentError
from catena.ingest.file_metadata import of_package
from catena.ingest.formats.epub_contents import Contents, Entry, read_contents
from catena.ingest.formats.html import parse_html
from catena.ingest.formats.html_visibility import PICTURES
from catena.ingest.formats.plain_text import parse_text
from catena.ingest.formats.safe_xml import BadXML, attribute, local, parse_xml
from catena.ingest.formats.text_decoding import decode, decode_markup
from catena.ingest.formats.zip_archive import Archive, damaged, resolve
from catena.ingest.pagination.blocks import Block, Book, SectionStart, clean

_CONTAINER = "META-INF/container.xml"
# Never text, whatever their bytes look like.
_NO_TEXT = ("image/", "audio/", "video/", "font/", "text/css", "text/javascript", "application/javascript")
_MARKUP = re.compile(rb"<\s*(?:[\w-]+:)?(html|body|dtbook|book|p|div|section|h[1-6]|svg)\b", re.I)
# Fonts may be obfuscated; encrypted text is DRM.
_MAX_FALLBACKS = 9
_WINDOW = 1 << 16
_BELOW_CONTENTS = 10  # headings that the table of contents does not list rank below its entries
# What a manual repeats around each of its pages: lines for browsing, copyright, its own name.
_FEWEST_CHAPTERS = 6
_LEAST_SHARE = 0.5  # of the chapters have the same words at an end
_REACH = 8  # blocks from either end


@dataclass(slots=True)
class _Package:
    """Content of the OPF file."""

    base: str
    title: str = ""
    metadata: dict[str, list[str]] = field(default_factory=dict)
    items: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # id -> member, type, properties
    fallbacks: dict[str, str] = field(default_factory=dict)  # id -> id of what to show in its place
    spine: list[str] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)  # notes and the like, which the text leads to
    toc: str = ""


def read_epub(path: Path) -> Book:
    """Read a book. Chapters that are missing or broken become problems. Raises DocumentError."""
    archive = Archive(path)
    package = _package(archive)
    _refuse_drm(archive)
    contents = read_contents(archive, package.items.values(), package.items.get(package.toc, ("",))[0])
    book = Book(package.title, metadata=package.metadata)
    left_out: Counter[str] = Counter()
    seen: set[str] = set()
    chapters: list[list[Block]] = []
    for reference in package.spine + package.aside:
        member, kind = _readable(package, reference)
        if member not in seen:
            seen.add(member)
            chapters.append(_chapter_blocks(book, archive, (member, kind), contents, left_out))
    book.blocks = [block for blocks in _without_repeated(chapters) for block in blocks]
    book.notes += [f"{what}: {number}" for what, number in left_out.items()]
    if not book.blocks and book.problems:
        raise damaged(archive.name, book.problems[0])
    return book


def _readable(package: _Package, reference: str) -> tuple[str, str]:
    """A chapter and its type, or what the book gives in place of one of a foreign type; "nav" is the contents."""
    for _ in range(_MAX_FALLBACKS):
        member, kind, properties = package.items.get(reference, ("", "", ""))
        if "nav" in properties.split():
            return member, "nav"
        if not kind.startswith(_NO_TEXT) or reference not in package.fallbacks:
            return member, kind
        reference = package.fallbacks[reference]
    return member, kind


def _package(archive: Archive) -> _Package:
    try:
        base = _rootfile(archive)
        root = parse_xml(archive.read(base))
    except (KeyError, BadXML) as error:
        raise damaged(archive.name, f"its package file is missing or broken ({error})") from error
    package = _Package(base, metadata=of_package(root))
    for element in root.iter():
        match local(element):
            case "title" if not package.title:
                package.title = clean("".join(element.itertext()))
            case "item":
                _add_item(package, element)
            case "spine":
                package.toc = attribute(element, "toc") or ""
            case "itemref":
                order = package.aside if attribute(element, "linear") == "no" else package.spine
                order.append(attribute(element, "idref") or "")
    return package


def _rootfile(archive: Archive) -> str:
    """The package file by the container; by its ending where the container is lost."""
    data = archive.read_if_there(_CONTAINER)
    if data is not None:
        for element in parse_xml(data).iter():
            if local(element) == "rootfile" and (
                member := resolve("", attribute(element, "full-path") or "")
            ):
                return member
    return next(name for name in sorted(archive.names | {"\uffff"}) if name.endswith((".opf", "\uffff")))


def _add_item(package: _Package, element: Element) -> None:
    href = attribute(element, "href") or ""
    package.items[attribute(element, "id") or ""] = (
        resolve(package.base, href),
        (attribute(element, "media-type") or "").lower().partition(";")[0].strip(),
        attribute(element, "properties") or "",
    )
    if fallback := attribute(element, "fallback"):
        package.fallbacks[attribute(element, "id") or ""] = fallback


def _refuse_drm(archive: Archive) -> None:
    data = archive.read_if_there("META-INF/encryption.xml")
    if data is None:
        return
    try:
        elements = list(parse_xml(data).iter())
    except BadXML:
        elements = []
    for element in elements:
        if local(element) == "CipherReference":
            uri = (attribute(element, "URI") or "").lower()
            if not uri.endswith((".otf", ".ttf", ".woff", ".woff2", ".ttc")) and "font" not in uri:
                raise DocumentError(
                    "unsupported",
                    f"{archive.name} is locked by its seller (DRM).",
                    "Catena reads books without copy protection.",
                )


def _chapter_blocks(
    book: Book, archive: Archive, chapter: tuple[str, str], contents: Contents, left_out: Counter[str]
) -> list[Block]:
    """Read one chapter; what cannot be read becomes a problem of the book."""
    member, kind = chapter
    if kind == "nav":
        return []
    if kind.startswith("image/") and "svg" not in kind:
        left_out[PICTURES] += 1
        return []
    try:
        data = archive.read(member)
    except KeyError:
        book.problems.append(f"{member or 'a chapter'} is not in the file")
        return []
    except DocumentError as error:
        if error.reason != "damaged":
            raise
        book.problems.append(f"{member} is broken")
        return []
    found = _chapter(data, kind, contents.page_breaks.get(member, {}))
    if found is None:
        book.problems.append(f"{member} ({kind or 'of no type'}) was not read")
        return []
    for note in found.notes:
        what, _, number = note.rpartition(": ")
        left_out[what] += int(number)
    entries = [entry for entry in contents.entries if entry.member == member]
    _mark_sections(found.blocks, entries, bool(contents.entries))
    return found.blocks


def _chapter(data: bytes, kind: str, page_breaks: Mapping[str, str]) -> Book | None:
    """A chapter by its content: markup, plain text, or None for what is neither."""
    if kind.startswith(_NO_TEXT) and "svg" not in kind:
        return None
    if kind != "text/plain" and _MARKUP.search(data[:_WINDOW]):
        markup = decode_markup(data).text
        return parse_html(markup, is_xhtml=kind != "text/html", page_breaks=page_breaks)
    if kind == "text/plain" or not data.strip():
        return parse_text(decode(data).text)
    is_xml = data.lstrip().startswith(b"<") and b"\0" not in data  # of words that HTML does not know
    return parse_html(decode_markup(data).text, is_xhtml=True) if is_xml else None


def _mark_sections(blocks: list[Block], entries: list[Entry], has_contents: bool) -> None:
    """Let the table of contents decide where sections start, and what they are called."""
    if not has_contents:
        return
    for block in blocks:
        if block.section is not None:
            block.section = SectionStart(_BELOW_CONTENTS + block.section.level, block.section.title)
    taken: set[int] = set()
    for entry in entries:
        for index in _targets(blocks, entry.anchor):
            if index not in taken:
                taken.add(index)
                _absorb_heading(blocks, index, entry)
                break


def _targets(blocks: list[Block], anchor: str) -> Iterator[int]:
    if not anchor:
        yield from range(len(blocks))
        return
    for index, block in enumerate(blocks):
        if anchor in block.anchors:
            yield from range(index, len(blocks))
            return


def _absorb_heading(blocks: list[Block], index: int, entry: Entry) -> None:
    """Start the entry's section at a block; headings of the same words next to it do not start another."""
    blocks[index].section = SectionStart(entry.level, entry.title)
    for block in blocks[index + 1 : index + 4]:
        if block.kind != "heading" or block.section is None:
            break
        if block.text.casefold() in entry.title.casefold():
            block.section = None


def _without_repeated(chapters: Sequence[list[Block]]) -> list[list[Block]]:
    """Take from the ends of chapters the blocks that stand at the ends of most, word for word."""
    if len(chapters) < _FEWEST_CHAPTERS:
        return list(chapters)
    counts = Counter(text for blocks in chapters for text in {block.text for block in _ends(blocks)})
    repeated = {text for text, number in counts.items() if number >= _LEAST_SHARE * len(chapters)}
    return [_trimmed(blocks, repeated) if repeated else blocks for blocks in chapters]


def _ends(blocks: list[Block]) -> list[Block]:
    return blocks[:_REACH] + blocks[max(_REACH, len(blocks) - _REACH) :]


def _trimmed(blocks: list[Block], repeated: set[str]) -> list[Block]:
    last = len(blocks) - _REACH
    return [
        block
        for at, block in enumerate(blocks)
        if not (block.text in repeated and (at < _REACH or at >= last) and block.section is None)
    ]
