"""One run in a process of its own: `python -m catena.run_process RUNS/RUN.jsonl`. It detaches, works, and tells.

Whoever started it may end: what happens stands in the run's file (`catena.question_runs`). A server works on runs of
the embedded reader itself (`Catena.start_here`), with the same `answer_run`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catena.errors import OptionError
from catena.events import Event
from catena.jobs.daemon import detach
from catena.render.harmless import start_log

if TYPE_CHECKING:
    from catena.client import Catena
    from catena.settings import Settings


def main() -> None:
    path = Path(sys.argv[1])
    lock = detach(path.with_suffix(".lock"))
    start_log()
    with path.open(encoding="utf-8") as file:
        first = json.loads(file.readline())
    # After the fork, for which whoever starts us waits: SQLAlchemy and Pydantic.
    from catena.client import Catena

    if (settings := _settings_of(path, first)) is not None:
        with Catena(settings=settings) as catena:
            work(catena, path.stem)
    path.with_suffix(".lock").unlink(missing_ok=True)
    lock.release()


def _settings_of(path: Path, first: Mapping[str, Any]) -> Settings | None:
    """The settings that a run was begun with; None where its file now says why they cannot be used."""
    from catena.question_runs import Runs  # Pydantic, as above
    from catena.settings import kept_settings, load_settings

    try:
        return kept_settings(first["settings"])
    except OptionError as error:
        runs = Runs(load_settings(home=path.parent.parent))
        runs.tell(path.stem, Event("failed", error.message, {"remedy": error.remedy}))
    return None


def work(catena: Catena, run_id: str) -> None:
    import asyncio  # after the fork, as above

    from catena.run_work import answer_run  # SQLAlchemy, as above

    if not asyncio.run(answer_run(catena.runs, run_id, catena.continue_async(run_id))):
        os._exit(0)  # at once: an event loop and a process wait for their threads before they end


if __name__ == "__main__":
    main()
