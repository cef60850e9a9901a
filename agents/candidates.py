"""Candidate sentences and table rows for an answer, from the passages read, each with its context."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catena.agents.document_view import DocumentView
from catena.retrieval.sentences import sentences
from catena.types import Evidence, LineKind, Page, PageRef, Passage, Section, Segment, Span

_KINDS: tuple[LineKind, ...] = ("text", "row", "heading")
_HEADING = re.compile(
    r"^\W*(?:\d+\W*)?(?:table of )?(?:contents|references|bibliography|works cited|literature cited|index"
    r"|list of (?:figures|tables|abbreviations)|acknowled?ge?ments?)\W*$",
    re.IGNORECASE,
)
_LEADER = re.compile(r"(?:\.\s?){5,}|\u2026{2,}")
_PAGE_BEHIND = re.compile(r"^\d+(?:\.\d+)*\s.{3,80}\D\s\d{1,4}$")
_REFERENCE = re.compile(
    r"\bIn (?:Proceedings|Findings|Advances in)\b|\barXiv(?: preprint)?[: ]\S*\d{4}"
    r"|\bpages? \d+[\u2013-]\d+\.|\bpp?\. ?\d+[\u2013-]\d+|\bdoi[.:]|^\W*\[\d+\]\s+[A-Z]\W"
    r"|^\W*Cited on pages? \d|https?://\S+,? (?:19|20)\d\d\.",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence or row; `before` is what stands before it on the page, `heading` the section it stands in."""

    evidence: Evidence
    kind: LineKind
    heading: str
    before: str

    @property
    def text(self) -> str:
        return self.evidence.text


def candidates(segment: Segment, view: DocumentView) -> list[Candidate]:
    """Every sentence and row of the segment, in reading order; one that runs over a page break is one."""
    view.read_ahead(passage.ref for passage in segment.passages)
    found: list[Candidate] = []
    spans: dict[PageRef, list[tuple[int, int]]] = {}
    seen: set[tuple[Span, ...]] = set()
    is_open = False
    previous: Passage | None = None
    for passage in segment.passages:
        page = view.text(passage.ref)
        if page.ref not in spans:
            spans[page.ref] = sentences(page, _KINDS)
        ours = list(_of_passage(passage, page, spans[page.ref]))
        if is_open and previous is not None and ours and found and _follows(previous, passage):
            found[-1] = _join(found[-1], ours.pop(0))
        for candidate in ours:
            if candidate.evidence.spans not in seen:
                seen.add(candidate.evidence.spans)
                found.append(candidate)
        is_open, previous = passage.continues, passage
    return found


def _of_passage(passage: Passage, page: Page, spans: Sequence[tuple[int, int]]) -> Iterator[Candidate]:
    before = ""
    kinds = {line.start: line.kind for line in page.lines}
    starts = sorted(kinds)
    line = 0
    for start, end in spans:
        while line + 1 < len(starts) and starts[line + 1] <= start:
            line += 1
        kind = kinds[starts[line]] if starts else "text"
        if passage.start <= start < passage.end:
            end = min(end, passage.end)
            text = page.text[start:end]
            heading = section_at(page.sections, start)
            evidence = Evidence((Span(page.ref, start, end),), text)
            yield Candidate(evidence, kind, heading, before)
        before = page.text[start:end]


def section_at(sections: Sequence[Section], offset: int) -> str:
    """The heading that governs an offset: the last part of the section path, or nothing."""
    path = path_at(sections, offset)
    return path[-1] if path else ""


def path_at(sections: Sequence[Section], offset: int) -> tuple[str, ...]:
    """The headings that govern an offset, the widest first."""
    path: tuple[str, ...] = ()
    for section in sections:
        if section.start > offset:
            break
        path = section.path
    return path


def _follows(first: Passage, second: Passage) -> bool:
    return (
        second.ordinal == first.ordinal + 1
        and second.ref.document_id == first.ref.document_id
        and second.ref.number > first.ref.number
    )


def _join(left: Candidate, right: Candidate) -> Candidate:
    """A sentence that runs over a page break: two spans, one text."""
    evidence = Evidence(
        (*left.evidence.spans, *right.evidence.spans), f"{left.evidence.text} {right.evidence.text}"
    )
    return Candidate(evidence, left.kind, left.heading, left.before)


def is_apparatus(text: str, heading: str) -> bool:
    """Tell whether a line stands in the contents, the references or the like, or looks as if it did."""
    return bool(
        _HEADING.match(heading) or _LEADER.search(text) or _PAGE_BEHIND.match(text) or _REFERENCE.search(text)
    )
