"""One run in a process of its own: `python -m catena.answering RUNS/RUN.jsonl`. It detaches, works, and tells.

Whoever started it may end: what happens stands in the run's file (`catena.runs`). A server works on runs of the
embedded reader itself (`Catena.start_here`), with the same `answer_run`.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from catena.detached import detach
from catena.harmless import start_log

if TYPE_CHECKING:
    from catena.asking import Asking

POLL_SECONDS = 0.3
GRACE_SECONDS = 3.0
"""After which a cancelled run is over wherever it is: its checkpoints are on the disk."""


def main() -> None:
    path = Path(sys.argv[1])
    lock = detach(path.with_suffix(".lock"))
    start_log()
    with path.open(encoding="utf-8") as file:
        first = json.loads(file.readline())
    import asyncio  # after the fork, for which whoever starts us waits

    from catena.client import Catena
    from catena.settings import load_settings

    async def work(catena: Catena) -> None:
        if not await answer_run(catena, path.stem):
            os._exit(0)  # at once: an event loop and a process wait for their threads before they end

    with Catena(settings=load_settings(**first["settings"])) as catena:
        asyncio.run(work(catena))
    path.with_suffix(".lock").unlink(missing_ok=True)
    lock.release()


async def answer_run(catena: Asking, run_id: str) -> bool:
    """Answer, or say in the run's file why not. False: cancelled, and a thread that cannot be may be at its step."""
    import asyncio  # after the fork, as above

    from catena.agents.events import Event
    from catena.errors import CatenaError

    runs = catena.runs
    task = asyncio.ensure_future(catena.continue_async(run_id))
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
        remedy = "The log of the runs says more."
        runs.tell(run_id, Event("failed", type(error).__name__, {"remedy": remedy}))
    return True


if __name__ == "__main__":
    main()
