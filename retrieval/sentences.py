"""Sentence boundaries in any script; headings and table rows are sentences of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catena.types import Line, LineKind, Page

BODY: tuple[LineKind, ...] = ("text", "heading", "row")
MAX_CHARACTERS = 600  # a longer "sentence" is a list or a script without full stops: cut at a softer mark
MAX_ROW_CHARACTERS = (
    2000  # a longer row or heading is none: whoever reads one takes time by the square of its length
)

_CLOSERS = "\"'\u2019\u201d\u00bb)\\]\u300d\u300f\uff09"
_END = re.compile(
    rf"(?<![.!?\u2026])[.!?\u2026]++[{_CLOSERS}]*+(?:\[\d{{1,3}}(?:[,-]\d{{1,3}})*\])?(?=\s)"
    rf"|[\u3002\uff01\uff1f\uff0e]+[{_CLOSERS}]*"
    rf"|[\u0964\u0965\u061f\u06d4\u104b\u1362\u17d4]+[{_CLOSERS}]*"
)
_SOFT = re.compile(r"[;:\u061b\u3001\uff0c\uff1b,]\s*|\s{2,}|\s")
_BEFORE_WORD = "([\"'\u201c\u2018"
_NUMBERED = re.compile(r"(?:\(?[0-9]{1,3}|\(?[A-Za-z]|[IVXLivxl]{1,5})\)?$")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]$")
_SPACES = re.compile(r"\s*+")
_LOWER = re.compile(r"\s+[a-z]")
_NUMBER_NEXT = re.compile(r"\s+[(\[]?(?:\d|[IVXLivxl]+\b|[A-Z]\b)")
_FIRST_WORD = re.compile(r"\s+[\"'\u201c\u2018(\[]*([^\W\d_]+)")

# After these a full stop never ends a sentence ...
_NEVER_LAST = """
    mr mrs ms messrs mme mlle dr prof rev hon gen col maj capt lt sgt gov sen rep pres st mt ft
    v vs cf e.g i.e viz approx ca al eds trans nr bzw z.b d.h u.a ggf
"""
# ... after these only before a number ...
_BEFORE_NUMBER = "no nos vol vols p pp fig figs eq eqs sec secs ch chap art arts ref refs para exh ed"
# ... and after these only before a word that does not open sentences.
_MAY_BE_LAST = """
    inc ltd co corp plc llc l.p n.a s.a u.s u.k e.u etc a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec
    dept est bros assn univ ave blvd rd jr sr ph.d m.d b.c a.d
"""
_OPENERS = """
    the a an this these that those it its he she they we i you in on at as for from by with our their his her there
    if when while although however such each all no any both during after before since under upon to and but or
    what which who how why where see
"""
_never_last, _before_number = frozenset(_NEVER_LAST.split()), frozenset(_BEFORE_NUMBER.split())
_may_be_last, _openers = frozenset(_MAY_BE_LAST.split()), frozenset(_OPENERS.split())


def sentences(page: Page, kinds: tuple[LineKind, ...] = BODY) -> list[tuple[int, int]]:
    """Spans of `page.text`, in order, of the lines of these kinds."""
    spans: list[tuple[int, int]] = []
    for line in page.lines or _whole(page):
        if line.kind in kinds:
            spans.extend(line_sentences(page.text, line))
    return spans


def line_sentences(text: str, line: Line) -> list[tuple[int, int]]:
    """The sentences of one logical line; the line itself when it is a heading or a row, cut where it is endless."""
    start, end = _strip(text, line.start, line.end)
    if start == end:
        return []
    if line.kind != "text":
        return list(_shorten(text, start, end, MAX_ROW_CHARACTERS))
    return sentence_spans(text, start, end)


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Spans of the sentences of `text[start:end]`, without the white space around them."""
    spans: list[tuple[int, int]] = []
    for first, last in _cut(text, start, len(text) if end is None else end):
        first, last = _strip(text, first, last)
        if first < last:
            spans.extend(_shorten(text, first, last))
    return spans


def ends_sentence(text: str) -> bool:
    """Tell whether `text` stops at the end of a sentence."""
    text = text.rstrip()
    ends = [match.end() for match in _END.finditer(text + " ", max(0, len(text) - 12))]
    return bool(ends) and ends[-1] >= len(text)


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for match in _END.finditer(text, start, end):
        if match.start() >= start and not _goes_on(text, start, match, end):
            yield start, match.end()
            start = match.end()
    yield start, end


def _goes_on(text: str, start: int, match: re.Match[str], end: int) -> bool:
    """Tell whether the sentence runs on after this mark."""
    mark = match.group()
    if mark[0] not in ".\u2026!?":
        return False
    if _LOWER.match(text, match.end(), end):
        return True  # "... Yahoo! said", "approx. five", and speech: "Stop!" he said
    if mark != ".":
        return False
    first = _word_start(text, start, match.start())
    word = text[first : match.start()]
    plain = word.lower()
    if plain in _never_last or (plain in _before_number and _NUMBER_NEXT.match(text, match.end(), end)):
        return True
    if word and _NUMBERED.match(word) and _is_first(text, start, first):
        return True  # the number of a list item or section, not a sentence
    if plain in _may_be_last or (_INITIALS.match(word) and len(word) != 2 and word != "I"):
        return not _opens(text, match.end(), end)
    return False


def _word_start(text: str, start: int, end: int) -> int:
    """Start of the word that ends at `end`: looked for backwards, so that a sentence of n words costs n."""
    while end > start and not (text[end - 1].isspace() or text[end - 1] in _BEFORE_WORD):
        end -= 1
    return end


def _is_first(text: str, start: int, first: int) -> bool:
    """Tell whether nothing but brackets and quotation marks stands before a word in its sentence."""
    while first > start and text[first - 1] in _BEFORE_WORD:
        first -= 1
    return _SPACES.match(text, start, first).end() == first  # type: ignore[union-attr]


def _opens(text: str, at: int, end: int) -> bool:
    """Tell whether the next word is one that opens sentences rather than goes on with a name."""
    found = _FIRST_WORD.match(text, at, end)
    return found is not None and found[1][0].isupper() and found[1].lower() in _openers


def _shorten(text: str, start: int, end: int, most: int = MAX_CHARACTERS) -> Iterator[tuple[int, int]]:
    while end - start > most:
        window = list(_SOFT.finditer(text, start + most // 2, start + most))
        strong = [mark for mark in window if mark.group()[0] in ";:\u061b\uff1b"] or window
        at = strong[-1].end() if strong else start + most
        first, last = _strip(text, start, at)
        yield first, last
        start = _strip(text, at, end)[0]
    yield start, end


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _whole(page: Page) -> Iterator[Line]:
    at = 0
    for line in page.text.split("\n"):
        yield Line(at, at + len(line), "text")
        at += len(line) + 1
