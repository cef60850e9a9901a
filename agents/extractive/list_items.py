"""A sentence that announces a list ("two limitations") answers nothing without the list: its items come along."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from catena.agents.extractive.instructions import asks_how
from catena.agents.extractive.sentence_ranking import is_listed
from catena.options import AskOptions
from catena.retrieval.sentences import line_sentences, sentences
from catena.types import Evidence, Page, PageRef, Span

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
