"""A question of whose documents some are removed while it is answered: it is answered from the rest, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from catena.agents.run_store import UnfinishedRun
from catena.errors import CatenaError, DocumentNotFound
from catena.types import Answer

Titles = Callable[[], Mapping[str, str]]
"""Gives the titles of all documents that there are, by their ids."""


async def answer_from_rest(
    asked: UnfinishedRun,
    titles: Titles,
    attempt: Callable[[UnfinishedRun], Awaitable[Answer]],
    begin_anew: Callable[[UnfinishedRun], None],
) -> Answer:
    """Answer, and again without what was removed meanwhile: nothing of that stays in an answer.

    `begin_anew` is told each time what is asked now. Raises what `attempt` raises while all documents are there, and
    DocumentNotFound when none is left.
    """
    known, warnings = await asyncio.to_thread(titles), list[str]()
    while True:
        result = await _tried(attempt, asked)
        there = await asyncio.to_thread(titles)
        gone = [one for one in asked.document_ids if one not in there]
        if not gone:
            if isinstance(result, CatenaError):
                raise result
            return replace(result, warnings=(*result.warnings, *warnings))
        named = [f"{known.get(one, one[:12])!r} was removed while the question was answered" for one in gone]
        if len(gone) == len(asked.document_ids):
            raise DocumentNotFound(f"{'; '.join(named)}.", "Add it again, or ask other documents.")
        warnings += [f"{one}: the answer is from the rest." for one in named]
        asked = replace(asked, document_ids=tuple(one for one in asked.document_ids if one in there))
        begin_anew(asked)


async def _tried(
    attempt: Callable[[UnfinishedRun], Awaitable[Answer]], asked: UnfinishedRun
) -> Answer | CatenaError:
    try:
        return await attempt(asked)
    except CatenaError as error:
        return error
