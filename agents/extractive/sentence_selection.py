"""Selection of the sentences of an answer: best first, nothing twice, within the words allowed.

A sentence that announces a list ("two limitations") answers nothing without the list: its items come along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from catena.agents.extractive.instructions import asks_how
from catena.agents.extractive.sentence_ranking import is_fragment, is_listed
from catena.options import AskOptions
from catena.retrieval.sentences import ends_sentence, line_sentences, sentences
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
PageOf = Callable[[PageRef], Page | None]
"""A page of a document that has it."""
MAX_ITEMS = 20
LIST_WORDS = 2
"""A list may take so many times the words of an answer: what is left out of it is missing, not padding."""
MAX_BETWEEN = 3
"""Sentences that say more of one item, before the next."""
TITLE_WORDS = 3
_FIRST = re.compile(r"\W*(?:first(?:ly)?,|the first\b|\(?(?:1|i|a)[.)]\s|[•●▪◦]\s)", re.IGNORECASE)
_ITEM = re.compile(
    r"\W*(?:(?:first|second|third|fourth|fifth|finally|last)(?:ly)?,|the (?:second|third|fourth|fifth|last)\b"
    r"|\(?(?:\d{1,2}|[ivx]{1,4}|[a-h])[.)]\s|[•●▪◦]\s)",
    re.IGNORECASE,
)


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


def with_items(
    question: str, chosen: Sequence[Evidence], page_of: PageOf, options: AskOptions
) -> tuple[list[Evidence], int]:
    """Put the items of a list behind the best sentence if it announces one, in place of what ranked lower.

    One item brings the next ones along only where steps are asked for. Also returns how many items did not fit.
    """
    best = chosen[0]
    if is_listed(best.text) and not asks_how(question):
        return list(chosen), 0
    items = list(islice(_items(best, page_of), MAX_ITEMS))
    kept, num_words = [best], len(best.text.split())
    for item in items:
        num_words += len(item.text.split())
        if num_words > LIST_WORDS * options.max_words:
            break
        kept.append(item)
    return (kept, len(items) - len(kept) + 1) if len(kept) > 1 else (list(chosen), 0)


def _items(announcing: Evidence, page_of: PageOf) -> Iterator[Evidence]:
    """The items of a list that begins right behind a sentence, over the pages that it takes."""
    span = announcing.spans[-1]
    page = page_of(span.ref)
    if page is None:
        return
    behind = _behind(page, span.end)
    if not behind and (after := _next(page, page_of)):
        page, behind = after, _behind(after, 0)
    if not behind or not _FIRST.match(page.text[slice(*behind[0])]):
        if announcing.text.rstrip().endswith(":") and page.ref == span.ref:
            yield from _paragraphs(announcing, page, span.end)
        return
    following: Page | None = page
    while following:
        page = following
        found, goes_on = _items_of(page, behind)
        for start, stop in found:
            yield replace(announcing, spans=(Span(page.ref, start, stop),), text=page.text[start:stop])
        following = _next(page, page_of) if found and goes_on else None
        behind = _behind(following, 0) if following else []
        if following and not (behind and _ITEM.match(following.text[slice(*behind[0])])):
            return  # what comes first overleaf is no item: the list is over


def _behind(page: Page, offset: int) -> list[tuple[int, int]]:
    return [span for span in sentences(page, ("text", "row", "heading")) if span[0] >= offset]


def _next(page: Page, page_of: PageOf) -> Page | None:
    ref = PageRef(page.ref.document_id, page.ref.number + 1)
    after = page_of(ref)
    return after if after and after.ref == ref else None


def _items_of(page: Page, behind: Sequence[tuple[int, int]]) -> tuple[list[tuple[int, int]], bool]:
    """The items among the sentences of a page, and whether the list may go on overleaf."""
    found: list[tuple[int, int]] = []
    headings = {line.start for line in page.lines if line.kind == "heading"}
    num_between = 0
    for start, stop in behind:
        text = page.text[start:stop]
        if _ITEM.match(text) or _FIRST.match(text):
            num_between = 0
            found.append((start, stop))
        elif start in headings or (num_between := num_between + 1) > MAX_BETWEEN:
            return found, False
    return found, True


def _paragraphs(announcing: Evidence, page: Page, end: int) -> Iterator[Evidence]:
    """The first sentence of each paragraph up to the next heading; "Recall." alone is a title, and takes one more."""
    for line in page.lines:
        if line.start < end:
            continue
        if line.kind != "text":
            return
        inside = line_sentences(page.text, line)
        start, stop = inside[0]
        if len(page.text[start:stop].split()) <= TITLE_WORDS and len(inside) > 1:
            stop = inside[1][1]
        yield replace(announcing, spans=(Span(page.ref, start, stop),), text=page.text[start:stop])
