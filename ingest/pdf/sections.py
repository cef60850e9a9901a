"""The section path at each place of a page: from the PDF's outline, or from headings where there is none."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from catena.ingest.pdf.paragraphs import LogicalLine
from catena.types import Line, Section

MAX_DEPTH = 6
MAX_TITLE = 160
BELOW = 1e4
"""Added to the rank of a heading, so that no bookmark's section ends with it."""
_NOT_WORD = re.compile(r"\W+")
_TOP = re.compile(r"part\s+([ivx]+|\d+)\b", re.IGNORECASE)
_CHAPTER = re.compile(r"(item\s+\d+[a-z]?|chapter\s+\w+|book\s+\w+)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\W*(?:(?:[A-Z]|[IVX]+|\d+)(?:\.\d+)*)[.)]?\s+")
_DECIMAL = re.compile(r"(\d+(?:\.\d+)*)\.?\s+\S")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An outline entry; `y` is where it points on the page, in points from the top, None if unknown."""

    level: int
    title: str
    page: int
    y: float | None


class SectionTrail:
    """Walks the pages in order and knows which section is running."""

    def __init__(self, bookmarks: Sequence[Bookmark], num_pages: int) -> None:
        self._by_page: dict[int, list[Bookmark]] = defaultdict(list)
        for bookmark in bookmarks:
            self._by_page[bookmark.page].append(bookmark)
        self._has_outline = len(bookmarks) > 0
        self._is_shallow = len(bookmarks) < num_pages
        self._path: list[tuple[float, str]] = []

    def sections(
        self, number: int, text: str, lines: Sequence[Line], logical: Sequence[LogicalLine]
    ) -> tuple[Section, ...]:
        """The sections of page `number`; the first starts at 0 and carries on from the page before."""
        starts = (
            self._from_outline(number, text, lines, logical)
            if self._has_outline
            else self._from_headings(text, lines, logical)
        )
        sections = [Section(0, self._titles())]
        for start, rank, title in starts:
            self._enter(rank, title)
            if start == sections[-1].start:
                sections.pop()
            sections.append(Section(start, self._titles()))
        return tuple(section for section in sections if section.path or section.start == 0)

    def _titles(self) -> tuple[str, ...]:
        return tuple(title for _, title in self._path)

    def _enter(self, rank: float, title: str) -> None:
        while self._path and self._path[-1][0] >= rank:
            self._path.pop()
        del self._path[MAX_DEPTH - 1 :]
        self._path.append((rank, title[:MAX_TITLE]))

    def _from_outline(
        self, number: int, text: str, lines: Sequence[Line], logical: Sequence[LogicalLine]
    ) -> list[tuple[int, float, str]]:
        """Bookmarks where they point; below them the headings that few bookmarks leave out."""
        bookmarks = self._by_page.get(number, ())
        if not bookmarks and not self._is_shallow:
            return []
        places = [_Place(line, source, text) for line, source in zip(lines, logical, strict=True)]
        starts: list[tuple[int, float, str]] = []
        least = 0
        for bookmark in bookmarks:
            least = _start(bookmark, places, least)
            starts.append((least, float(bookmark.level), bookmark.title))
        if self._is_shallow:
            named = {start for start, _, title in starts for place in places if place.is_at(start, title)}
            headings = self._from_headings(text, lines, logical)
            starts += [(start, BELOW + rank, title) for start, rank, title in headings if start not in named]
        return sorted(starts)

    def _from_headings(
        self, text: str, lines: Sequence[Line], logical: Sequence[LogicalLine]
    ) -> list[tuple[int, float, str]]:
        starts = []
        for line, source in zip(lines, logical, strict=True):
            if line.kind == "heading" and not source.parts[0][0].turn:
                title = text[line.start : line.end]
                starts.append((line.start, _rank(title, source), title))
        return starts


class _Place:
    """A line that a bookmark may point to; `titles` are its words, with its number and without."""

    def __init__(self, line: Line, source: LogicalLine, text: str) -> None:
        written = text[line.start : line.end][: 2 * MAX_TITLE]
        self.start = line.start
        self.top = source.y0
        self.size = source.size
        self.titles = {_plain(written), _plain(_NUMBER.sub("", written, count=1))}

    def is_at(self, start: int, title: str) -> bool:
        return self.start == start and self.is_titled(_plain(title))

    def is_titled(self, title: str) -> bool:
        return any(own.startswith(title) or len(own) > 5 and title.endswith(own) for own in self.titles)


def _start(bookmark: Bookmark, places: Sequence[_Place], least: int) -> int:
    """Start of a bookmark's section on its page: at its title (nearest its height), at its height, or at once."""
    title = _plain(bookmark.title)
    after = [place for place in places if place.start >= least]
    titled = [place for place in after if title and place.is_titled(title)]
    height = bookmark.y
    if titled:
        return (titled[0] if height is None else min(titled, key=lambda place: abs(place.top - height))).start
    if height is not None:
        return next((place.start for place in after if place.top >= height - place.size), least)
    return least


def _plain(text: str) -> str:
    return _NOT_WORD.sub("", text).casefold()


def _rank(title: str, line: LogicalLine) -> float:
    """Lower is higher up: parts, then chapters and items, then by size, weight and numbering."""
    if _TOP.match(title):
        return 0.0
    if _CHAPTER.match(title):
        return 1.0
    decimal = _DECIMAL.match(title)
    depth = decimal.group(1).count(".") + 1 if decimal else 0
    return 1000.0 - 10 * round(line.size * 2) / 2 - 2 * line.is_bold - title.isupper() + 0.1 * depth
