"""The work on one run: it ends with an answer, a failure that is told, or a cancellation."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from catena.errors import CatenaError
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
