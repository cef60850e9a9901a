"""One set in a process of its own, of low priority: `python -m catena.set_process FOLDER`.

See `catena.bookqa.batch_processes`.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path

from catena.bookqa.batch_processes import CANCEL, END, JOB, LOCK, LOG, SET, BatchState, Json, read_json
from catena.bookqa.book_set_runs import GenerateOptions, generate
from catena.bookqa.generator import Order
from catena.client import Catena
from catena.errors import CatenaError
from catena.files.atomic_files import write_file
from catena.jobs.daemon import detach, lower_priority
from catena.render.harmless import start_log
from catena.settings import kept_settings

POLL_SECONDS = 0.5


def main() -> None:
    """Detach, make the set, and say how it ended."""
    folder = Path(sys.argv[1])
    lock = detach(folder / LOCK)
    lower_priority()
    # It is ignored where a script began the server with "&".
    signal.signal(signal.SIGINT, signal.default_int_handler)
    start_log()
    try:
        threading.Thread(target=_watch, args=(folder / CANCEL,), daemon=True).start()
        _make(folder)
        end = _end("done")
    except KeyboardInterrupt:
        end = _end("stopped", "It was cancelled.", "It can go on.")
    except CatenaError as error:
        end = _end("failed", error.message, error.remedy)
    except Exception as error:  # a process border: whoever watches must learn that it is over
        logging.exception("set %s", folder.name)
        end = _end("failed", type(error).__name__, f"{folder / LOG} says more.")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what came to an end is not cancelled any more
    write_file(folder / END, json.dumps(end).encode())
    lock.release()


def _make(folder: Path) -> None:
    job = read_json(folder / JOB) or {}
    order = Order(**{**job["order"], "kinds": tuple(job["order"]["kinds"])})
    with Catena(settings=kept_settings(job["settings"])) as catena:
        generate(catena, job["books"], order, folder / SET, GenerateOptions(**job["options"]))


def _watch(cancel: Path) -> None:
    """Interrupt this process once it is asked to stop."""
    while not cancel.exists():
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGINT)


def _end(state: BatchState, message: str = "", remedy: str = "") -> Json:
    return {"state": state, "message": message, "remedy": remedy}


if __name__ == "__main__":
    main()
