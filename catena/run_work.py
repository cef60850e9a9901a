"""The work on one run: it ends with an answer, a failure that is told, or a cancellation.

A question of whose documents some are removed while it is answered is answered from the rest, and says so.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from catena.agents.run_store import UnfinishedRun
from catena.errors import CatenaError, DocumentNotFound
from catena.events import Event
from catena.question_runs import Runs
from catena.types import Answer

POLL_SECONDS = 0.3
GRACE_SECONDS = 3.0
"""After which a cancelled run is over wherever it is: its checkpoints are on the disk."""


async def answer_run(runs: Runs, run_id: str, work: Coroutine[Any, Any, Answer]) -> bool:
    """Answer, or say in an event why not. False: cancelled, and a thread that cannot be may be at its step."""
    task = asyncio.ensure_future(work)
    asked_at: float | None = None
    try:
        while not task.done():
            await asyncio.wait([task], timeout=POLL_SECONDS)
            if runs.is_cancelled(run_id):
                task.cancel()
                asked_at = asked_at or time.monotonic()
                if time.monotonic() - asked_at > GRACE_SECONDS:
                    raise asyncio.CancelledError
        await task
    except asyncio.CancelledError:
        if not runs.is_cancelled(run_id):  # the process ends: whoever watches goes on in the next
            raise
        runs.tell(run_id, Event("cancelled", "Cancelled"))
        return False
    except CatenaError as error:
        runs.tell(run_id, Event("failed", error.message, {"remedy": error.remedy}))
    except Exception as error:  # a process border: whoever watches must learn that it is over
        logging.exception("run %s", run_id)
        remedy = "The log of the worker says more."
        runs.tell(run_id, Event("failed", type(error).__name__, {"remedy": remedy}))
    return True


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
