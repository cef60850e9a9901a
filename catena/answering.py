"""One run in a process of its own: `python -m catena.answering RUNS/RUN.jsonl`. It detaches, works, and tells.

Whoever started it may end: what happens stands in the run's file (`catena.runs`).
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

if TYPE_CHECKING:
    from catena.client import Catena

POLL_SECONDS = 0.3
GRACE_SECONDS = 3.0
"""After which a cancelled run is ended wherever it is: its checkpoints are on the disk."""


def main() -> None:
    path = Path(sys.argv[1])
    lock = detach(path.with_suffix(".lock"))
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    with path.open(encoding="utf-8") as file:
        first = json.loads(file.readline())
    from catena.client import Catena  # seconds, after the fork
    from catena.settings import load_settings

    with Catena(settings=load_settings(**first["settings"])) as catena:
        answer_run(catena, path.stem)
    path.with_suffix(".lock").unlink(missing_ok=True)
    lock.release()


def answer_run(catena: Catena, run_id: str) -> None:
    """Answer, or say in the run's file why not."""
    import asyncio

    from catena.agents.events import Event
    from catena.errors import CatenaError

    async def work() -> None:
        task = asyncio.ensure_future(catena.continue_async(run_id))
        asked_at: float | None = None
        while not task.done():
            await asyncio.wait([task], timeout=POLL_SECONDS)
            if catena.runs.is_cancelled(run_id):
                task.cancel()
                asked_at = asked_at or time.monotonic()
                if time.monotonic() - asked_at > GRACE_SECONDS:  # a thread that cannot be cancelled holds it
                    catena.runs.tell(run_id, Event("cancelled", "Cancelled"))
                    os._exit(0)
        await task

    try:
        asyncio.run(work())
    except asyncio.CancelledError:
        catena.runs.tell(run_id, Event("cancelled", "Cancelled"))
    except CatenaError as error:
        catena.runs.tell(run_id, Event("failed", error.message, {"remedy": error.remedy}))
    except Exception as error:  # a process border: whoever watches must learn that it is over
        logging.exception("run %s", run_id)
        remedy = "The log of the runs says more."
        catena.runs.tell(run_id, Event("failed", type(error).__name__, {"remedy": remedy}))


if __name__ == "__main__":
    main()
