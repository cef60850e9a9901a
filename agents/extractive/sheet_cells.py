"""The cell of a spreadsheet that a question names by its row and its column: places are known, nothing is measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from catena.agents.document_view import DocumentView
from catena.agents.extractive.instructions import verbs
from catena.agents.extractive.numeric_question import must_compute
from catena.agents.extractive.sentence_ranking import GENERIC, Idf, overlap
from catena.agents.reasoner import DraftStatement
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Evidence, Line, Page, PageRef, SheetCell, Span

MIN_COVERED = 0.75
"""Of the question's words by their rarity; below, it asks for more than a row and its column say."""
MAX_PAGES = 12
MAX_ASKED = 40
"""Terms of a question that is looked up; longer ones tell a story first."""
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class NamedCell:
    """A cell as an answer. `is_sure`: row, column and sheet hold every word of the question."""

    statement: DraftStatement
    value: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """A row below its heads; `held[i]` are the question's terms that its cell i has and few other rows, `around` those
    in titles above it and in the row."""

    page: Page
    line: Line
    heads: tuple[Line, ...]
    held: tuple[frozenset[str], ...]
    around: frozenset[str]

    def heads_of(self, cell: SheetCell) -> list[SheetCell]:
        """The heads over a cell; over several columns the one that begins at it or before it."""
        column = _column(cell)
        found = []
        for place, head in enumerate(self.heads):
            is_spanning = place + 1 < len(self.heads)
            before = [one for one in head.cells if _column(one) <= column]
            if before and (is_spanning or _column(before[-1]) == column):
                found.append(before[-1])
        return found


@dataclass(frozen=True, slots=True)
class _Found:
    row: _Row
    cell: SheetCell
    heads: tuple[SheetCell, ...]
    key: SheetCell
    covered: float
    has_all: bool
    num_in_head: int

    @property
    def rank(self) -> tuple[float, int]:
        return round(self.covered, 6), self.num_in_head

    @property
    def value(self) -> str:
        return _text(self.row.page, self.cell)


def name_cell(question: str, refs: Iterable[PageRef], view: DocumentView) -> NamedCell | None:
    """Find the one cell whose row and column hold the words of the question; nothing where two fit alike."""
    asked = query_terms(question)
    if not asked or len(asked) > MAX_ASKED:
        return None
    pages = [view.page(ref) for ref in list(dict.fromkeys(refs))[:MAX_PAGES]]
    rows = [row for page in pages for row in _rows(frozenset(asked), page, view)]
    found = sorted((one for row in rows for one in _cells(asked, row, view)), key=lambda one: one.rank)
    if not found or found[-1].covered < MIN_COVERED:
        return None
    best = found[-1]
    if any(one.rank == best.rank and one.value != best.value for one in found):
        return None
    line, page = best.row.line, best.row.page
    said = page.text[line.start : line.end] + " ".join(_text(page, head) for head in best.heads)
    return None if must_compute(question, said) else _named(best, page)


def _named(found: _Found, page: Page) -> NamedCell:
    key, line = _text(page, found.key), found.row.line
    heads = " ".join(_text(page, head) for head in found.heads)
    text = f"{found.value} ({heads}): {key}" if heads else f"{found.value}: {key}"
    spans = [(line.start, line.end), *((one.start, one.end) for one in (found.cell, *found.heads))]
    evidence = tuple(Evidence((Span(page.ref, *span),), page.text[slice(*span)]) for span in spans)
    return NamedCell(DraftStatement(text, evidence, "supported"), found.value, found.has_all)


def _rows(asked: frozenset[str], page: Page, view: DocumentView) -> Iterator[_Row]:
    """The rows of a page that hold a word of the question which most others do not."""
    lines = [line for line in page.lines if line.kind == "row" and line.cells and not line.is_head]
    if not lines:
        return
    held = [tuple(asked & {*terms(_text(page, cell))} for cell in line.cells) for line in lines]
    words = [frozenset().union(*cells) for cells in held]
    common = {term for term in asked if 2 * sum(term in some for some in words) > len(lines) > 2}
    titles = {*terms(view.document(page.ref.document_id).title)}
    titles.update(term for section in page.sections for part in section.path for term in terms(part))
    heads: tuple[Line, ...] = ()
    place, last = 0, 0
    for line in page.lines:
        if line.is_head:
            heads = (*heads, line) if last and heads and _number(line) == last + 1 else (line,)
        elif line.kind != "row" or not line.cells:
            titles.update(terms(page.text[line.start : line.end]))
        else:
            if last and _number(line) != last + 1 and not (heads and _number(heads[-1]) == last):
                heads = ()  # another table, without heads
            if words[place] - common - GENERIC:
                telling = tuple(cell - common for cell in held[place])
                yield _Row(page, line, heads, telling, frozenset(asked & {*titles, *words[place]}))
            place += 1
        last = _number(line) if line.cells else 0


def _cells(asked: Sequence[str], row: _Row, view: DocumentView) -> Iterator[_Found]:
    """Cells of a row that the question names by their head, or the only one beside what it names the row by."""
    idf = view.rarity(row.page.ref.document_id)
    cells = row.line.cells
    named = [
        [*{*asked} & {*terms(" ".join(_text(row.page, head) for head in row.heads_of(one)))}] for one in cells
    ]
    key = max(range(len(cells)), key=lambda at: sum(idf(term) for term in row.held[at]))
    others = [at for at in range(len(cells)) if not row.held[at]]
    for at in others:
        if named[at] or len(others) == 1:
            rest = frozenset().union(*(own for place, own in enumerate(row.held) if place != at))
            held = {*named[at], *rest, *row.around, *named[key]}
            heads = tuple(row.heads_of(cells[at]))
            covered = _covered(asked, held, idf)
            yield _Found(row, cells[at], heads, cells[key], covered, held >= {*asked}, len(named[at]))


def _covered(asked: Sequence[str], held: set[str], idf: Idf) -> float:
    """Verbs and words for amounts, which tables leave out, count only where they are there."""
    wanted = [term for term in asked if term in held or not (term in GENERIC or term in _verb_terms())]
    return overlap(wanted or asked, held, idf)


@cache
def _verb_terms() -> frozenset[str]:
    return frozenset(terms(" ".join(verbs())))


def _text(page: Page, cell: SheetCell) -> str:
    return page.text[cell.start : cell.end]


def _column(cell: SheetCell) -> tuple[int, str]:
    """A key that sorts columns: A, Z, AA."""
    letters = cell.name.rstrip(_DIGITS)
    return len(letters), letters


def _number(line: Line) -> int:
    """The number of a row in its sheet."""
    return int(line.cells[0].name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0)
