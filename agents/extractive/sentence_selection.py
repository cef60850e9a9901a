"""Selection of the sentences of an answer: best first, nothing twice, within the words allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from catena.agents.extractive.sentence_ranking import is_fragment
from catena.options import AskOptions
from catena.retrieval.sentences import ends_sentence
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Evidence, Line, Page, PageRef, Span

SAME = 0.7
"""Share of common terms above which two sentences say the same."""
NEAR = 400
"""Characters from the best sentence, within which another may leave the words of the question to it."""
MAX_BEHIND = 0.5
"""What scores this much below the best only fills. FairytaleQA: 40 words an answer instead of 47, 0.64 instead of
0.665 right; at 0.3 it would be 35 words and 0.58."""
_MARKED = re.compile(r"\(?(?:\d{1,3}|[a-z]{1,4})[.)]|\W+", re.IGNORECASE)
"""A bullet or the number of an item."""
_CLAUSE = re.compile(r"(?<=[,;:\u2014])\s+")


def choose(question: str, found: Sequence[Evidence], options: AskOptions, keep: str = "") -> list[Evidence]:
    """Up to `max_sentences`, none that says what another said, `max_words` in all; the best one always.

    `keep`: words of the best one that are not cut away.
    """
    chosen: list[Evidence] = []
    said: list[set[str]] = []
    num_words = 0
    asked = set(query_terms(question))
    for evidence in found:
        if evidence.score < found[0].score - MAX_BEHIND:
            break
        if not chosen:
            evidence = shorten(question, evidence, options.max_words, keep)
        words = len(evidence.text.split())
        held = set(terms(evidence.text))
        is_new = all(len(held & other) < SAME * max(1, min(len(held), len(other))) for other in said)
        if chosen and not (
            is_new and num_words + words <= options.max_words and _adds(asked, evidence, chosen[0])
        ):
            continue
        chosen.append(evidence)
        said.append(held)
        num_words += words
        if len(chosen) == options.max_sentences:
            break
    return chosen


def _adds(asked: set[str], evidence: Evidence, best: Evidence) -> bool:
    """Tell whether it can stand beside the best one: as whole, and of what is asked, or not far from it."""
    if is_fragment(evidence.text) and not is_fragment(best.text):
        return False
    span, other = evidence.spans[0], best.spans[-1]
    is_near = span.ref == other.ref and abs(span.start - other.end) < NEAR
    return is_near or not asked.isdisjoint(terms(evidence.text))


def shorten(question: str, evidence: Evidence, max_words: int, keep: str = "") -> Evidence:
    """Of a sentence with too many words, the run of clauses that answers, verbatim: with `keep` in it, else the one
    that shares most with the question, and says something behind what it shares."""
    text = evidence.text
    if len(text.split()) <= max_words or len(evidence.spans) > 1:
        return evidence
    asked = set(query_terms(question))
    starts = [0, *(match.end() for match in _CLAUSE.finditer(text))]
    runs = [(start, _end(text, start, max_words)) for start in starts]

    def worth(run: tuple[int, int]) -> tuple[bool, int, bool]:
        part = text[slice(*run)]
        held = terms(part)
        return keep in part, len(asked & set(held)), bool(held) and held[-1] not in asked

    start, end = max(runs, key=worth)
    span = evidence.spans[0]
    return Evidence((Span(span.ref, span.start + start, span.start + end),), text[start:end], evidence.score)


def _end(text: str, start: int, max_words: int) -> int:
    """End of the last clause that fits, or of the last word if none does."""
    words = list(re.finditer(r"\S+", text[start:]))[:max_words]
    limit = start + words[-1].end()
    if limit >= len(text.rstrip()):
        return limit
    ends = [match.start() for match in _CLAUSE.finditer(text, start, limit)]
    return ends[-1] if ends else limit


def shown(evidence: Evidence, page_of: Callable[[PageRef], Page]) -> str:
    """The quote with "…" where its sentence begins before it or goes on behind it."""
    first, last = evidence.spans[0], evidence.spans[-1]
    before = page_of(first.ref).text[_line(page_of(first.ref), first.start).start : first.start].strip()
    after = page_of(last.ref).text[last.end : _line(page_of(last.ref), last.end - 1).end].strip()
    begins = "… " if before and not ends_sentence(before) and not _MARKED.fullmatch(before) else ""
    goes_on = " …" if after and not ends_sentence(evidence.text) and not evidence.text.endswith(":") else ""
    return f"{begins}{evidence.text}{goes_on}"


def _line(page: Page, offset: int) -> Line:
    """The paragraph of running text around an offset; nothing of a row or a heading is left out."""
    around = (one for one in page.lines if one.start <= offset < one.end and one.kind == "text")
    return next(around, Line(offset, offset, "text"))
