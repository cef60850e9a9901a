"""Chapters of a book, found among its sections, and the labels of their pages."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from catena.ingest.pagination.blocks import Block

_LEAST_WORDS = 250
"""Sections shorter than this on average are no chapters: each starts a page."""

_NUMBER_WORDS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60}
_ROMAN = re.compile(r"(?=[ivxlc])(c{0,3})(xc|xl|l?x{0,3})(ix|iv|v?i{0,3})$", re.I)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
CHAPTER = re.compile(r"^(chapter|chap\.|kapitel|chapitre|cap[ií]tulo|capitolo)\s+([\w-]+)", re.I)
PART = re.compile(r"^(part|book|volume|vol\.|act)\s+(?:the\s+)?([\w-]+)", re.I)
_SHORT = {"part": "pt.", "book": "bk.", "volume": "vol.", "vol.": "vol.", "act": "act"}
_MAX_LABEL = 32


@dataclass(frozen=True, slots=True)
class Chapter:
    label: str


def chapter_starts(blocks: list[Block]) -> dict[int, Chapter]:
    """Map the index of each chapter's first block to its chapter; empty when the document has none."""
    level = _chapter_level(blocks)
    if level is None:
        return {}
    found: dict[int, Chapter] = {}
    if blocks and not (blocks[0].section and blocks[0].section.level <= level):
        found[0] = Chapter("front")
    is_restarting = _restarts(blocks)
    part = ""
    for index, block in enumerate(blocks):
        if block.section is not None and block.section.level <= level:
            part = _part_label(block.section.title) or part
            prefix = part if is_restarting else ""
            found[index] = Chapter(_label(block.section.title, prefix))
    return found


def _label(title: str, part: str) -> str:
    chapter = _chapter_label(title)
    if chapter:
        return f"{part} {chapter}".strip()
    return _part_label(title) or _short(title)


def number_of(word: str) -> int | None:
    """Read "12", "XII", "twelve" or "twenty-one"."""
    word = word.lower().rstrip(".:")
    if word.isdecimal() and len(word) < 5:
        return int(word)
    if word in _NUMBER_WORDS:
        return _NUMBER_WORDS.index(word) + 1
    tens, _, ones = word.partition("-")
    if tens in _TENS:
        return _TENS[tens] + (_NUMBER_WORDS.index(ones) + 1 if ones in _NUMBER_WORDS else 0)
    if word and _ROMAN.match(word):
        values = [_ROMAN_VALUES[letter] for letter in word]
        return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))
    return None


def _chapter_level(blocks: list[Block]) -> int | None:
    """The level at which "Chapter N" stands, else the highest that cuts the text into long parts."""
    sections = [block.section for block in blocks if block.section]
    named = Counter(section.level for section in sections if CHAPTER.match(section.title))
    for level, count in named.most_common(1):
        if count >= 2 and count * 3 >= sum(section.level <= level for section in sections):
            return level
    first = None
    for level in sorted({section.level for section in sections}):
        sizes = _sizes(blocks, level)
        if len(sizes) < 2 or sum(sizes) / len(sizes) < _LEAST_WORDS:
            continue
        if max(sizes) < sum(sizes) / 2:
            return level
        first = first or level
    return first


def _sizes(blocks: list[Block], level: int) -> list[int]:
    """Words of each part, were sections of `level` and above to start one."""
    sizes: list[int] = []
    for block in blocks:
        if not sizes or (block.section and block.section.level <= level):
            sizes.append(0)
        sizes[-1] += block.text.count(" ") + 1 + len(block.text) // 24
    return sizes


def _restarts(blocks: list[Block]) -> bool:
    labels = [_chapter_label(block.section.title) for block in blocks if block.section]
    return max(Counter(label for label in labels if label).values(), default=0) > 1


def _chapter_label(title: str) -> str:
    match = CHAPTER.match(title)
    number = number_of(match[2]) if match else None
    return f"ch. {number}" if number else ""


def _part_label(title: str) -> str:
    match = PART.match(title)
    number = number_of(match[2]) if match else None
    return f"{_SHORT[match[1].lower()]} {number}" if match and number else ""


def _short(title: str) -> str:
    title = title.rstrip(" .:,;")
    if len(title) <= _MAX_LABEL:
        return title
    return title[: _MAX_LABEL - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
