"""Words for an answer's marks, the same on the terminal, in the browser and in what is exported."""

from __future__ import annotations

import re

from catena.ingest.bylines import is_body
from catena.types import Answer, Citation, CitationPart, Confidence, Reference, Statement, Support

_NUMERAL = re.compile(r"\(?[A-Za-z]{0,3}[-–. ]?(?:\d[\d.,–-]*|[ivxlcdmIVXLCDM]+)[a-z]?\)?")
"""A page's number as books and reports print it: 61, xii, A-3, F-12, 12a."""
_LOWER = re.compile(r"(?<!\S)(?:[^\W\d_A-ZÀ-Þ]+ )*\S+$")
"""The family name: the last word, and particles in small letters before it."""
SURE: dict[Confidence, str] = {
    "likely": "likely the answer",
    "possible": "possibly the answer",
    "closest": "the document may not say; these passages came closest",
}
MARKS: dict[Support, str] = {
    "quoted": "“ quoted",
    "supported": "✓ supported",
    "partial": "≈ partly supported",
    "unsupported": "? not supported",
    "contradicted": "✗ contradicted",
    "unchecked": "· not checked",
}


def mark_of(answer: Answer, place: int) -> str:
    """Word the mark of the statement at `place`: how sure the reader is of its first, and what was checked."""
    statement = answer.statements[place]
    mark = MARKS[statement.support]
    if place or answer.confidence is None:
        return mark
    sure = SURE[answer.confidence]
    return sure if statement.support == "quoted" else f"{sure}; {mark}"


def printed(number: int, label: str) -> str:
    """What a page is called beside its number: "printed xii", or the part of a manual, the times of a recording."""
    if label in ("", str(number)):
        return ""
    return f"printed {label}" if _NUMERAL.fullmatch(label) else label


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def cells_name(sheet: str, cells: str) -> str:
    """Name a place in a spreadsheet: "Sheet Sales, B7", "cells A7:C7" where there is no name of a sheet."""
    return f"Sheet {sheet}, {cells}" if sheet else f"cell{'s' * (':' in cells)} {cells}"


def page_name(part: CitationPart) -> str:
    """Name the page of a quote: its number, and what is printed on it where that differs, or the cells."""
    number = f"p. {part.ref.number}"
    if part.cells:
        return f"{number}, {cells_name(part.sheet, part.cells)}"
    said = printed(part.ref.number, part.label)
    return f"{number} ({said})" if said else number


def proof_of(answer: Answer) -> str:
    """One line for all statements: "3 quotes, all verified on their pages"; nothing where nothing is said."""
    if not answer.statements:
        return ""
    cited = [answer.citations[n] for one in answer.statements for n in one.citations]
    quotes = f"{count(len(set(cited)), 'quote')}, {_verified(cited)}"
    written = [one for one in answer.statements if one.support != "quoted"]
    return f"{count(len(written), 'statement')}: {_marks(written)}; {quotes}" if written else quotes


def _verified(cited: list[Citation]) -> str:
    found = {one for one in cited if one.status == "verified"}
    every = set(cited)
    if found == every:
        return "verified on its page" if len(every) == 1 else "all verified on their pages"
    return f"{len(found)} of them verified on their pages"


def _marks(statements: list[Statement]) -> str:
    marks = [one.support for one in statements]
    return ", ".join(f"{marks.count(mark)} {MARKS[mark][2:]}" for mark in dict.fromkeys(marks))


def short_reference(reference: Reference) -> str:
    """Name a work as texts do: "Smith 2019", "Smith and Lee 2019", "Smith et al. 2019"; empty without authors."""
    families = [_family(author) for author in reference.authors]
    if not families:
        return ""
    who = " and ".join(families) if len(families) < 3 else f"{families[0]} et al."
    return f"{who} {reference.year}" if reference.year else who


def _family(author: str) -> str:
    found = None if is_body(author) else _LOWER.search(author)
    return found.group() if found else author
