"""Pages cut into passages of whole sentences and rows, with a header that says where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catena.retrieval.sentences import BODY, ends_sentence, line_sentences
from catena.types import Line, Page, Passage

MAX_PIECES = 170  # with its header about 256 tokens, all that the embedder reads
MIN_PIECES = 40  # a smaller rest joins its neighbour
PAGE_WORDS = 25
TABLE_WORDS = 30

_PIECE = re.compile(r"[\u0e00-\u0eff\u3041-\u9fff\uac00-\ud7af]{1,2}|[^\W\d_]{1,8}|\d{1,3}|[^\w\s]")
_FIGURE = re.compile(r"\d")
_YEAR = re.compile(r"(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, row or heading on its way into a passage."""

    start: int
    end: int
    line: int
    size: int
    section: tuple[str, ...]


def split(pages: Iterable[Page], title: str) -> Iterator[tuple[Page, tuple[Passage, ...]]]:
    """Cut pages in order; ordinals run through the document. Holds two pages at a time."""
    title = title.replace("_", " ")
    ordinal = 0
    section: tuple[str, ...] = ()
    previous: tuple[Page, list[Passage]] | None = None
    for page in pages:
        passages = _page_passages(page, title, section, ordinal)
        if previous and passages:
            _link(previous[1], passages[0], previous[0], page)
        if previous:
            yield previous[0], tuple(previous[1])
        section = page.sections[-1].path if page.sections else section
        ordinal += len(passages)
        previous = page, passages
    if previous:
        yield previous[0], tuple(previous[1])


def indexed_text(passage: Passage) -> str:
    """Return the text searched and embedded for a passage."""
    return f"{passage.header}\n{passage.text}" if passage.header else passage.text


def _page_passages(page: Page, title: str, section: tuple[str, ...], ordinal: int) -> list[Passage]:
    lines = page.lines or (Line(0, len(page.text), "text"),)
    opening = _opening(page, lines)
    passages: list[Passage] = []
    for units in _packed(_units(page, lines, section)):
        start, end = units[0].start, units[-1].end
        table = _table_head(page, lines, units[0].line)
        # The last heading alone: whole paths cost FinanceBench 4 points at five pages (benchmarks/retrieval.py).
        parts = [title, *units[0].section[-1:], opening if start > 0 else "", table]
        header = "\n".join(part for part in parts if part)
        text = page.text[start:end]
        passages.append(Passage(page.ref, start, end, text, header, ordinal + len(passages)))
    return passages


def _units(page: Page, lines: tuple[Line, ...], section: tuple[str, ...]) -> list[_Unit]:
    units = []
    changes = list(page.sections)
    for number, line in enumerate(lines):
        if line.kind not in BODY:
            continue
        for start, end in line_sentences(page.text, line):
            while changes and changes[0].start <= start:
                section = changes.pop(0).path
            units.append(_Unit(start, end, number, len(_PIECE.findall(page.text, start, end)), section))
    return units


def _packed(units: list[_Unit]) -> list[list[_Unit]]:
    """Fill passages in order; a new section starts a new one unless the last is too small to stand alone."""
    packed: list[list[_Unit]] = []
    size = 0
    for unit in units:
        last = packed[-1] if packed else None
        fits = last is not None and size + unit.size <= MAX_PIECES
        if last is None or not fits or (unit.section != last[-1].section and size >= MIN_PIECES):
            packed.append([unit])
            size = unit.size
        else:
            last.append(unit)
            size += unit.size
    return packed


def _opening(page: Page, lines: tuple[Line, ...]) -> str:
    """The first words of the page: its heading more often than not."""
    words: list[str] = []
    for line in lines:
        if line.kind in BODY:
            words.extend(page.text[line.start : line.end].split(maxsplit=PAGE_WORDS)[:PAGE_WORDS])
        if len(words) >= PAGE_WORDS:
            break
    return " ".join(words[:PAGE_WORDS])


def _table_head(page: Page, lines: tuple[Line, ...], number: int) -> str:
    """Caption and column heads of the table whose later rows open the passage."""
    if lines[number].kind != "row":
        return ""
    first = number
    while first > 0 and lines[first - 1].kind == "row":
        first -= 1
    head = [
        page.text[line.start : line.end] for line in lines[max(0, first - 1) : first] if line.kind in BODY
    ]
    for line in lines[first:number]:
        row = page.text[line.start : line.end]
        if _FIGURE.search(_YEAR.sub("", row)):
            break
        head.append(row)
    return " ".join(" ".join(head).split()[-TABLE_WORDS:])


def _link(passages: list[Passage], following: Passage, page: Page, next_page: Page) -> None:
    """Mark the last passage when its sentence goes on overleaf."""
    if not passages or next_page.ref.number != page.ref.number + 1:
        return
    last = passages[-1]
    kinds = {line.kind for line in page.lines if line.start < last.end <= line.end}
    goes_on = not ends_sentence(last.text) and following.text[:1].islower()
    if goes_on and kinds <= {"text"}:
        passages[-1] = Passage(
            last.ref, last.start, last.end, last.text, last.header, last.ordinal, continues=True
        )
