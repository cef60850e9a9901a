"""Plain text, above all books as Project Gutenberg has them: hard-wrapped lines become paragraphs.

Markdown is rendered to HTML by markdown-it, then read like any web page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from markdown_it import MarkdownIt

from catena.ingest.file_metadata import of_head
from catena.ingest.formats.html import parse_html
from catena.ingest.formats.text_decoding import decode
from catena.ingest.pagination.blocks import Block, Book, clean, heading, paragraph, row
from catena.ingest.pagination.chapters import CHAPTER, PART, number_of

_GAP = re.compile(r"\t+|(?<=\S) {3,}(?=\S)")
_OTHER_HEADING = re.compile(
    r"^(prologue|epilogue|preface|foreword|introduction|contents|conclusion|appendix|afterword|dedication|"
    r"acknowledge?ments?|glossary|bibliography|notes|the end|finis)\b",
    re.I,
)
_TITLE_LINE = re.compile(r"^title:\s*(.+)$", re.I | re.M)
_HEAD = 3000
_MAX_HEADING, _MAX_SUBTITLE = 90, 70
# A "chapter" with fewer words before the next one is a line of the table of contents.
_FEWEST_WORDS = 30
# Where more lines follow without a blank one, or there are next to no blank ones, a short line that ends a
# sentence ends the paragraph.
_DENSE_LINES = 12
_ENDED = re.compile(r"[.!?:—-][\"'”’)\]]*$")
_ITEM = re.compile(r"\s*(?:[-*+•·–o]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)])\s+(?=\S)")
_WRAP_SHARE = 0.6  # lines shorter than this share of the usual one end a paragraph, or are verse
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*\n", re.S)
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.M)


def read_text(path: Path) -> Book:
    """Read a plain text file in any usual encoding."""
    decoded = decode(path.read_bytes())
    book = parse_text(decoded.text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n"))
    book.notes += decoded.notes
    return book


def parse_text(text: str) -> Book:
    """Cut text into paragraphs, chapters and rows."""
    lines = [line.rstrip() for line in text.split("\n")]
    wrap = _wrap_width(lines)
    groups = list(_groups(lines, wrap))
    blocks = list(_blocks(groups, wrap))
    named = _TITLE_LINE.search(text[:3000])
    title = clean(named[1]) if named else ""
    return Book(title, _without_contents(blocks), metadata=of_head(text[:_HEAD]))


def _wrap_width(lines: list[str]) -> float:
    """The usual length of a line inside paragraphs; 0 when a line is a paragraph of its own."""
    inner = [
        len(line)
        for line, following in zip(lines, lines[1:], strict=False)
        if len(line) > 30 and following and _indent(following) <= _text_column(line)
    ]
    if len(inner) < 3:
        return 0.0
    usual = float(median(inner))
    return usual if usual <= 120 else 0.0


def _groups(lines: list[str], wrap: float) -> Iterator[list[str]]:
    """Lines that belong together: between blank lines, from one indented line to the next, or one item of a list."""
    group: list[str] = []
    num_blank = sum(not line for line in lines)
    most = _DENSE_LINES if num_blank * 20 > len(lines) else 0
    for line in lines:
        is_blank = not line.strip()
        if group and (is_blank or not wrap or _ends_group(group, line, wrap, most)):
            yield group
            group = []
        if not is_blank:
            group.append(line)
    if group:
        yield group


def _ends_group(group: list[str], line: str, wrap: float, most: int) -> bool:
    """Tell whether a paragraph ends before a line, though no blank line says so."""
    last = group[-1]
    if _is_chapter_line(line) or _is_chapter_line(last):
        return True
    if _turns(group, line, wrap) and not _GAP.search(line.strip()):
        return True
    if last.isupper() and not line.isupper() and last.count(" ") > 1:  # a chapter's title in capitals
        return True
    return (
        len(group) > most and len(last) < wrap * 0.8 and bool(_ENDED.search(last)) and not line[:1].islower()
    )


def _turns(group: list[str], line: str, wrap: float) -> bool:
    """Tell whether the margin says that a paragraph or an item ends: the line begins one, or lies out of its column."""
    first, last = group[0], group[-1]
    if _mark(line) and (_mark(line) == _mark(first) or _ENDED.search(last)):
        return True
    if _indent(line) > _indent(last):
        return not (len(group) == 1 and _mark(first) and _indent(line) <= _text_column(first))
    is_opening = len(group) == 1 and len(last.strip()) >= wrap * _WRAP_SHARE  # its first line alone is set in
    return _indent(line) < _indent(last) and not is_opening


def _mark(line: str) -> str:
    """What marks an item, alike for all of a list: "0." of "12.", "a)" of "b)"; nothing of other lines."""
    item = _ITEM.match(line)
    return re.sub(r"[a-zA-Z]+", "a", re.sub(r"\d+", "0", item[0].strip())) if item else ""


def _indent(line: str) -> int:
    """The column of the first letter."""
    spread = line.expandtabs()
    return len(spread) - len(spread.lstrip())


def _text_column(line: str) -> int:
    """The column in which a line's text begins, behind a bullet or a number."""
    item = _ITEM.match(line.expandtabs())
    return item.end() if item else _indent(line)


def _is_chapter_line(line: str) -> bool:
    """Tell a line that is a heading wherever it stands: "CHAPTER XII", or all in capitals."""
    line = line.strip()
    match = CHAPTER.match(line)
    if not match or not number_of(match[2]) or len(line) > _MAX_HEADING:
        return False
    return match.end() >= len(line.rstrip(".: ")) or line.isupper()


def _blocks(groups: list[list[str]], wrap: float) -> Iterator[Block]:
    depth = 2 if any(len(group) <= 2 and _is_part(group[0]) for group in groups) else 1
    index = 0
    while index < len(groups):
        group = groups[index]
        level = _heading_level(group, depth)
        if level:
            following = groups[index + 1] if index + 1 < len(groups) else []
            title, used = _with_subtitle(group, following)
            block = heading(title, level)
            index += used
        else:
            yield from _body(group, index + 1, wrap)
            index += 1
            continue
        if block:
            yield block


def _heading_level(group: list[str], depth: int) -> int:
    """The rank of a heading, 0 for text. Headings stand alone, on one or two short lines."""
    first = group[0].strip()
    if len(group) > 2 or any(len(line.strip()) > _MAX_HEADING for line in group):
        return 0
    if _is_part(first):
        return 1
    match = CHAPTER.match(first)
    if match and number_of(match[2]):
        return depth
    is_capital = first.isupper() and len(first) <= 60 and first[-1] not in ",;"
    return depth if len(group) == 1 and is_capital and _OTHER_HEADING.match(first) else 0


def _is_part(line: str) -> bool:
    match = PART.match(line.strip())
    return bool(match and number_of(match[2]) and len(line.strip()) <= _MAX_HEADING)


def _with_subtitle(group: list[str], following: list[str]) -> tuple[str, int]:
    """Join "CHAPTER I" with the title below it; returns it and how many groups were used."""
    title = " ".join(line.strip() for line in group)
    bare = re.fullmatch(r"\S+\s+[\w-]+[.:]?", title)
    subtitle = " ".join(line.strip() for line in following)
    if not bare or not 2 < len(subtitle) <= _MAX_SUBTITLE or (len(following) > 1 and not subtitle.isupper()):
        return title, 1
    if subtitle[-1] in ",;:" or CHAPTER.match(subtitle) or PART.match(subtitle) or subtitle[0].islower():
        return title, 1
    if subtitle[-1] == "." and not subtitle.isupper() and subtitle.count(" ") > 7:
        return title, 1
    return f"{title.rstrip('.:')}. {subtitle}", 2


def _body(group: list[str], number: int, wrap: float) -> Iterator[Block]:
    """A paragraph; each line by itself where the lines are rows or verse."""
    cells = [_GAP.split(line.strip()) for line in group]
    if sum(len(parts) > 1 for parts in cells) * 2 > len(group):
        found = [row(parts, number) for parts in cells]
    elif len(group) > 2 and max(len(line.strip()) for line in group[:-1]) < wrap * _WRAP_SHARE:
        found = [paragraph(line) for line in group]
    else:
        found = [paragraph(_joined(group))]
    yield from (block for block in found if block)


def _joined(group: list[str]) -> str:
    """Join hard-wrapped lines; a hyphen or dash at the end of a line takes no space after it."""
    text = group[0].strip()
    for line in group[1:]:
        is_dashed = text.endswith(("-", "—")) and not text.endswith(" -")
        text += line.strip() if is_dashed else f" {line.strip()}"
    return text


def _without_contents(blocks: list[Block]) -> list[Block]:
    """Take back headings that have next to no text below: the table of contents."""
    words = 0
    for block in reversed(blocks):
        if block.section is None:
            words += block.text.count(" ") + 1
        elif words < _FEWEST_WORDS and not PART.match(block.text):
            block.kind, block.section = "text", None
        else:
            words = 0
    return blocks


def read_markdown(path: Path) -> Book:
    """Read a Markdown file; images and links are never followed."""
    decoded = decode(path.read_bytes())
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    front = _FRONT_MATTER.match(text)
    if front:
        text = text[front.end() :]
    renderer = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    book = parse_html(str(renderer.render(text)))
    named = _TITLE.search(front[1]) if front else None
    book.metadata = of_head(front[1]) if front else {}
    first = next((block.text for block in book.blocks if block.kind == "heading"), "")
    book.title = named[1] if named else first
    book.notes += decoded.notes
    return book
