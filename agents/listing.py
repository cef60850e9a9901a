"""A sentence that announces a list ("two limitations") answers nothing without the list: its items come along."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from catena.agents.manual import asks_how
from catena.agents.ranking import is_listed
from catena.retrieval.sentences import line_sentences, sentences
from catena.types import AskOptions, Evidence, Page, PageRef, Span

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
    question: str, chosen: Sequence[Evidence], page_of: Callable[[PageRef], Page], options: AskOptions
) -> list[Evidence]:
    """Put the items of a list behind the best sentence if it announces one, in place of what ranked lower.

    One item brings the next ones along only where steps are asked for.
    """
    best = chosen[0]
    if is_listed(best.text) and not asks_how(question):
        return list(chosen)
    items = list(_items(best, page_of(best.spans[-1].ref)))
    if not items:
        return list(chosen)
    kept, num_words = [best], len(best.text.split())
    for item in items[: options.max_sentences - 1]:
        num_words += len(item.text.split())
        if num_words > options.max_words:
            break
        kept.append(item)
    return kept if len(kept) > 1 else list(chosen)


def announces_list(best: Evidence, chosen: Sequence[Evidence]) -> bool:
    """Whether what stands behind the best sentence are the items that it announces."""
    return len(chosen) > 1 and (
        best.text.rstrip().endswith(":") or any(_ITEM.match(one.text) for one in chosen[1:])
    )


def _items(announcing: Evidence, page: Page) -> Iterator[Evidence]:
    """The items on the same page, of a list that begins right behind a sentence."""
    end = announcing.spans[-1].end
    behind = [span for span in sentences(page, ("text", "row")) if span[0] >= end]
    if not behind or not _FIRST.match(page.text[slice(*behind[0])]):
        if announcing.text.rstrip().endswith(":"):
            yield from _paragraphs(announcing, page, end)
        return
    num_between = 0
    for start, stop in behind:
        text = page.text[start:stop]
        if _ITEM.match(text) or _FIRST.match(text):
            num_between = 0
            yield replace(announcing, spans=(Span(page.ref, start, stop),), text=text)
        elif (num_between := num_between + 1) > MAX_BETWEEN:
            return


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
