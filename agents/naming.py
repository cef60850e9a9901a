"""Names the number that a question asks for, from the evidence found: the cell, and the lines that prove it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from catena.agents.candidates import section_at
from catena.agents.desk import Desk
from catena.agents.numbers import Pick, pick_cell, pick_number, scale_of, years
from catena.agents.ranking import GENERIC, Asked, Idf, label_terms, overlap
from catena.agents.reasoner import DraftStatement
from catena.agents.tables import Row, read_row
from catena.retrieval.analysis import terms
from catena.types import Evidence, Page, Span

MAX_TRIED = 5
MAX_BEHIND = 0.25
"""A number is only taken from evidence that scores this little below the best."""
MIN_FIT = 0.5
MIN_SENTENCE_FIT = 0.6
MAX_HEADER_WORDS = 30


def name_number(question: str, found: Sequence[Evidence], desk: Desk) -> DraftStatement | None:
    """The first piece of evidence that gives one number and no other; nothing if none does."""
    for evidence in found[:MAX_TRIED]:
        if evidence.score < found[0].score - MAX_BEHIND:
            return None
        named = _name(question, evidence, desk)
        if named is not None:
            return named
    return None


def _name(question: str, evidence: Evidence, desk: Desk) -> DraftStatement | None:
    if is_row(evidence, desk):
        return _from_row(question, evidence, desk)
    return _from_sentence(question, evidence, desk)


def is_row(evidence: Evidence, desk: Desk) -> bool:
    span = evidence.spans[0]
    lines = desk.page(span.ref).lines
    return len(evidence.spans) == 1 and any(
        line.kind == "row" and line.start <= span.start < line.end for line in lines
    )


def _from_row(question: str, evidence: Evidence, desk: Desk) -> DraftStatement | None:
    span = evidence.spans[0]
    page = desk.page(span.ref)
    row = read_row(page, span.start, span.end)
    if row is None:
        return None
    around = page.text[: span.start]
    idf = desk.rarity(span.ref.document_id)
    if not _fits(question, row.label, f"{_headers(row)} {section_at(page.sections, span.start)}", idf):
        return None
    pick = pick_cell(question, row, around)
    if pick is None:
        return None
    text = f"{pick.text}: {row.label}" if row.label else pick.text
    return DraftStatement(text, (evidence, *_proof(pick, row, page, span.start)))


def _fits(question: str, label: str, around: str, idf: Idf) -> bool:
    """Whether question and row name each other: little of either is left over, the document's subject aside."""
    asked = Asked.of(question)
    own = label_terms(label)
    if not set(own) - GENERIC:
        return False
    for phrase in asked.terms:
        wanted = asked.besides_subject([term for term in phrase if not term.isdigit()], idf)
        held = {*own, *terms(around)}
        if overlap(own, {*wanted}, idf) >= MIN_FIT and overlap(wanted, held, idf) >= MIN_FIT:
            return True
    return False


def _from_sentence(question: str, evidence: Evidence, desk: Desk) -> DraftStatement | None:
    asked = Asked.of(question)
    idf = desk.rarity(evidence.spans[0].ref.document_id)
    wanted = asked.besides_subject(asked.terms[0], idf)
    if overlap(wanted, set(terms(evidence.text)), idf) < MIN_SENTENCE_FIT:
        return None
    pick = pick_number(question, evidence.text)
    return DraftStatement(f"{pick.text}. {evidence.text}", (evidence,)) if pick else None


def _headers(row: Row) -> str:
    return " ".join(part for cell in row.cells for part in cell.header)


def _proof(pick: Pick, row: Row, page: Page, before: int) -> list[Evidence]:
    """The header lines that name the column, and the line that gives the scale."""
    proof = [span for span in row.above if _shares(page.text[span.start : span.end], pick.column)]
    if pick.scale and not any(scale_of(page.text[span.start : span.end]) for span in proof):
        proof = [*_scale_line(page, before), *proof]
    apart = [one for one in proof if not any(one != two and _holds(two, one) for two in proof)]
    return [_evidence(page, span) for span in apart if _is_short(page, span)]


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _scale_line(page: Page, before: int) -> Iterable[Span]:
    """The last line above the row that names a scale."""
    for line in reversed(page.lines):
        if line.end <= before and scale_of(page.text[line.start : line.end]):
            yield Span(page.ref, line.start, line.end)
            return


def _shares(text: str, column: str) -> bool:
    if years(text) & years(column):
        return True
    words = {word for word in re.findall(r"[^\W\d_]{3,}", column.casefold())}
    return bool(words & set(re.findall(r"[^\W\d_]{3,}", text.casefold())))


def _is_short(page: Page, span: Span) -> bool:
    return len(page.text[span.start : span.end].split()) <= MAX_HEADER_WORDS


def _evidence(page: Page, span: Span) -> Evidence:
    return Evidence((span,), page.text[span.start : span.end])
