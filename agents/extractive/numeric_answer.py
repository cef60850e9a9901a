"""Names the number that a question asks for, from the evidence found: the cell, and the lines that prove it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from catena.agents.candidates import section_at
from catena.agents.citations.support_check import support
from catena.agents.document_view import DocumentView
from catena.agents.extractive.numeric_question import Pick, core, pick_number, wants_number, years
from catena.agents.extractive.sentence_ranking import GENERIC, Asked, label_terms, overlap, with_other
from catena.agents.extractive.table_cells import headers_of, pick_cell, stated_scale
from catena.agents.extractive.table_rows import Row, read_row, read_rows
from catena.agents.reasoner import DraftStatement
from catena.retrieval.text_analysis import terms
from catena.types import Evidence, Page, PageRef, Span

MAX_TRIED = 5
MAX_BEHIND = 0.25
"""A number is only taken from evidence that scores this little below the best."""
MIN_FIT = 0.5
MIN_SENTENCE_FIT = 0.6
MAX_HEADER_WORDS = 30
CAPTION_CHARACTERS = 300
MAX_PAGES_BACK = 20
"""A section that runs over pages often states its scale where it begins."""


def name_number(question: str, found: Sequence[Evidence], view: DocumentView) -> DraftStatement | None:
    """From the best evidence the row that fits the question best, or the first sentence with one number."""
    rows: list[tuple[float, DraftStatement]] = []
    for evidence in found[:MAX_TRIED]:
        if evidence.score < found[0].score - MAX_BEHIND:
            break
        if is_row(evidence, view):
            rows.extend(_from_row(question, evidence, view))
        elif wants_number(question) and not rows:
            named = _from_sentence(question, evidence, view)
            if named is not None:
                return named
    return max(rows, key=lambda pair: pair[0])[1] if rows else None


def is_row(evidence: Evidence, view: DocumentView) -> bool:
    span = evidence.spans[0]
    lines = view.text(span.ref).lines
    return len(evidence.spans) == 1 and any(
        line.kind == "row" and line.start <= span.start < line.end for line in lines
    )


def _from_row(
    question: str, evidence: Evidence, view: DocumentView
) -> Iterator[tuple[float, DraftStatement]]:
    """Score a row's fit, with what it says; two rows where two tables stand side by side. Cells of spreadsheets are
    named by `sheet_cells`, or not at all."""
    span = evidence.spans[0]
    page = view.page(span.ref)
    if _sheet_line(page, span.start) is not None:
        return
    for row in read_rows(page, span.start, span.end):
        fit = _fit(question, row, page, span.start, view)
        if fit == 0:
            continue
        line = _scale_line(page, span.start, view)
        pick = pick_cell(question, row, line.text if line else "")
        if pick is not None:
            text = f"{pick.text}: {row.label}" if row.label else pick.text
            statement = DraftStatement(text, (evidence, *_proof(pick, row, page, line)))
            if is_proved(statement):
                yield fit, statement


def _sheet_line(page: Page, at: int) -> int | None:
    """The place of the line at an offset among those of its page, if it is a row of a spreadsheet."""
    return next((n for n, line in enumerate(page.lines) if line.cells and line.start <= at < line.end), None)


def _sheet_heads(page: Page, place: int) -> list[Evidence]:
    """The heads that stand next above a row of a spreadsheet."""
    heads = [line for line in page.lines[:place] if line.is_head][-1:]
    return [_evidence(page, Span(page.ref, line.start, line.end)) for line in heads]


def is_proved(statement: DraftStatement) -> bool:
    """Tell whether the check of written statements has nothing against what was put together from a row."""
    return support(statement.text, [one.text for one in statement.evidence]) not in (
        "contradicted",
        "unsupported",
    )


def with_header(evidence: Evidence, view: DocumentView) -> tuple[Evidence, ...]:
    """A row with the lines that name its columns and their scale; anything else alone."""
    if not is_row(evidence, view):
        return (evidence,)
    span = evidence.spans[0]
    page = view.page(span.ref)
    if (place := _sheet_line(page, span.start)) is not None:
        return (evidence, *_sheet_heads(page, place))
    row = read_row(page, span.start, span.end)
    if row is None:
        return (evidence,)
    line = _scale_line(page, span.start, view)
    above = [_evidence(page, one) for one in row.above if _is_short(page, one)]
    is_shown = line is not None and any(_overlap(line.spans[0], one.spans[0]) for one in above)
    return (evidence, *([] if line is None or is_shown else [line]), *above)


def _overlap(one: Span, other: Span) -> bool:
    return one.ref == other.ref and one.start < other.end and other.start < one.end


def _fit(question: str, row: Row, page: Page, at: int, view: DocumentView) -> float:
    """Score how well question and row name each other, the document's subject aside; 0 where much is left over."""
    asked = Asked.of(question)
    idf = view.rarity(page.ref.document_id)
    own = label_terms(row.label)
    telling = [term for term in own if term not in GENERIC]
    if not telling:
        return 0.0
    caption = row.caption[-CAPTION_CHARACTERS:]
    around = terms(f"{row.label} {headers_of(row.cells)} {section_at(page.sections, at)} {caption}")
    held = {*around, *view.head_terms(page.ref)}
    best = 0.0
    for phrase in asked.terms:
        wanted = asked.besides_subject([term for term in phrase if not years(term)], idf)
        named = {*wanted, *with_other(core(question))}
        in_question = overlap(wanted, held, idf)
        is_other = (
            not set(telling) <= named and not set(wanted) <= held
        )  # "currency effect" is not "tax effect"
        if overlap(telling, named, idf) >= MIN_FIT and in_question >= MIN_FIT and not is_other:
            best = max(best, overlap(own, named, idf) + in_question + overlap(wanted, set(own), idf))
    return best


def _from_sentence(question: str, evidence: Evidence, view: DocumentView) -> DraftStatement | None:
    asked = Asked.of(question)
    idf = view.rarity(evidence.spans[0].ref.document_id)
    wanted = asked.besides_subject(asked.terms[0], idf)
    if overlap(wanted, set(terms(evidence.text)), idf) < MIN_SENTENCE_FIT:
        return None
    pick = pick_number(question, evidence.text)
    return DraftStatement(f"{pick.text}. {evidence.text}", (evidence,)) if pick else None


def _proof(pick: Pick, row: Row, page: Page, scale: Evidence | None) -> list[Evidence]:
    """The header lines that name the column, and the line that gives the scale."""
    proof = [span for span in row.above if _shares(page.text[span.start : span.end], pick.column)]
    is_shown = any(stated_scale(page.text[span.start : span.end]) == pick.scale for span in proof)
    if pick.scale and scale and not is_shown and stated_scale(scale.text) == pick.scale:
        if scale.spans[0].ref != page.ref:
            return [scale, *_apart(page, proof)]
        proof = [scale.spans[0], *proof]
    return _apart(page, proof)


def _apart(page: Page, proof: Sequence[Span]) -> list[Evidence]:
    """Without those that lie in others, or are no header for their length."""
    apart = [one for one in proof if not any(one != two and _holds(two, one) for two in proof)]
    return [_evidence(page, span) for span in apart if _is_short(page, span)]


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _scale_line(page: Page, before: int, view: DocumentView) -> Evidence | None:
    """The last line above the row that states a scale: on its page, or where its section began."""
    path = _path_at(page, before)
    first = max(1, page.ref.number - MAX_PAGES_BACK) if path else page.ref.number
    for number in range(page.ref.number, first - 1, -1):
        current = page if number == page.ref.number else view.page(PageRef(page.ref.document_id, number))
        for line in reversed(current.lines):
            if current is page and line.end > before:
                continue
            if current is not page and _path_at(current, line.start)[: len(path)] != path:
                return None
            if _is_short(current, Span(current.ref, line.start, line.end)) and stated_scale(
                current.text[line.start : line.end]
            ):
                return _evidence(current, Span(current.ref, line.start, line.end))
    return None


def _path_at(page: Page, offset: int) -> tuple[str, ...]:
    """The section that an offset stands in, as a path."""
    return next((one.path for one in reversed(page.sections) if one.start <= offset), ())


def _shares(text: str, column: str) -> bool:
    if years(text) & years(column):
        return True
    words = {word for word in re.findall(r"[^\W\d_]{3,}", column.casefold())}
    return bool(words & set(re.findall(r"[^\W\d_]{3,}", text.casefold())))


def _is_short(page: Page, span: Span) -> bool:
    return len(page.text[span.start : span.end].split()) <= MAX_HEADER_WORDS


def _evidence(page: Page, span: Span) -> Evidence:
    return Evidence((span,), page.text[span.start : span.end])
