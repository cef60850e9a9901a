"""Evidence becomes citations: the quote as it stands on the page, and its boxes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from catena.agents.candidates import section_at
from catena.agents.document_view import DocumentView
from catena.ingest.formats.subtitles import clock
from catena.types import Box, Citation, CitationPart, Evidence, Page, QuoteStatus, Span, TextSource
from catena.web_addresses import is_address

BEFORE = 300
"""Characters of text before a quote that count as its surroundings."""
SAME_LINE = 0.5
"""Share of the lower box's height that two words on one printed line overlap by."""


def cite(evidence: Evidence, view: DocumentView) -> Citation:
    """Quote the evidence from its pages; `verified` means that what was read stands at these very offsets."""
    parts: list[CitationPart] = []
    quotes: list[str] = []
    sources: set[TextSource] = set()
    for span in evidence.spans:
        page = view.page(span.ref)
        quotes.append(page.text[span.start : span.end])
        sources.add(page.source)
        parts.append(_part(page, span))
    quote = " ".join(quotes)
    is_found = bool(quote.strip()) and quote == evidence.text
    status: QuoteStatus = "verified" if is_found else "quote_not_found"
    document = view.document(evidence.spans[0].ref.document_id)
    url, fetched_at = (document.path, document.added_at) if is_address(document.path) else ("", None)
    return Citation(
        document.id,
        document.title,
        quote if is_found else evidence.text,
        status,
        "ocr" if "ocr" in sources else "text",
        tuple(parts),
        url=url,
        fetched_at=fetched_at,
    )


def _part(page: Page, span: Span) -> CitationPart:
    """Where a span of a page stands; in a spreadsheet its cells, of a transcript when it was said, and by whom."""
    sheet, cells = _in_sheet(page, span.start, span.end)
    part = CitationPart(
        span.ref, page.label, span.start, span.end, boxes(page, span.start, span.end), sheet, cells
    )
    cues = [cue for line in page.lines for cue in line.cues if cue.end > span.start and cue.start < span.end]
    if not cues:
        return part
    said_by = ", ".join(dict.fromkeys(cue.speaker for cue in cues if cue.speaker))
    times = min(cue.start_s for cue in cues), max(cue.end_s for cue in cues)
    label = f"{clock(times[0])}, {said_by}" if said_by else clock(times[0])
    return replace(part, label=label, start_s=times[0], end_s=times[1], speaker=said_by)


def _in_sheet(page: Page, start: int, end: int) -> tuple[str, str]:
    """The sheet, and the cells in A1 notation, that `page.text[start:end]` stands in; nothing but in a spreadsheet."""
    names = [cell.name for line in page.lines for cell in line.cells if cell.start < end and cell.end > start]
    if not names:
        return "", ""
    sheet = next((one.path[0] for one in reversed(page.sections) if one.start <= start and one.path), "")
    return sheet, names[0] if len(names) == 1 else f"{names[0]}:{names[-1]}"


def cite_all(
    groups: Sequence[Iterable[Evidence]], view: DocumentView
) -> tuple[list[Citation], list[list[int]]]:
    """Cite each group of evidence; the same quote is one citation however often it is used."""
    citations: list[Citation] = []
    numbers: dict[object, int] = {}
    indices: list[list[int]] = []
    for group in groups:
        row: list[int] = []
        for evidence in group:
            if evidence.spans not in numbers:
                numbers[evidence.spans] = len(citations)
                citations.append(cite(evidence, view))
            row.append(numbers[evidence.spans])
        indices.append(row)
    return citations, indices


def surroundings(citations: Sequence[Citation], view: DocumentView) -> str:
    """Return the text a reader sees about the quotes: titles, headings, and the text before them."""
    parts = []
    for citation in citations:
        for part in citation.parts:
            page = view.text(part.ref)
            before = page.text[max(0, part.start - BEFORE) : part.start]
            parts.append(f"{citation.title} {section_at(page.sections, part.start)} {before}")
    return "\n".join(parts)


def boxes(page: Page, start: int, end: int) -> tuple[Box, ...]:
    """One box per printed line that `page.text[start:end]` covers, in reading order."""
    merged: list[Box] = []
    for word in page.words:
        if word.end <= start or word.start >= end:
            continue
        if merged and _is_same_line(merged[-1], word.box):
            merged[-1] = _union(merged[-1], word.box)
        else:
            merged.append(word.box)
    return tuple(merged)


def _is_same_line(left: Box, right: Box) -> bool:
    overlap = min(left[3], right[3]) - max(left[1], right[1])
    height = min(left[3] - left[1], right[3] - right[1])
    return overlap > SAME_LINE * height and right[0] >= left[0]


def _union(left: Box, right: Box) -> Box:
    return min(left[0], right[0]), min(left[1], right[1]), max(left[2], right[2]), max(left[3], right[3])
