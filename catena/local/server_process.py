"""The process that serves one local model: it finds out what to serve, says where it listens, and ends when idle."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

from catena.errors import CatenaError
from catena.jobs.worker_start import detach
from catena.local.llama_client import Asked, ask
from catena.local.memory_fit import num_threads
from catena.local.server_record import EngineKind, Record, Standing, standing_of
from catena.local.stored_models import LocalModel, Shelf

POLL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Work:
    """Configuration of a server: what it is to serve, and how."""

    shelf: Shelf
    model: LocalModel
    window: int
    key: str
    threads: int


class Engine(Protocol):
    """A server at work; `address` as http://HOST:PORT."""

    kind: EngineKind
    address: str

    def lives_for(self, seconds: float) -> bool:
        """Wait so long, or until it has ended; tell whether it lives."""

    def end(self) -> None: ...


def serve(standing: Standing, work: Work, idle_seconds: float, make: Callable[[Work], Engine]) -> None:
    """Load the model, write down where it listens, and go on until nobody asked for so long."""
    try:
        engine = make(work)
    except (RuntimeError, OSError, ImportError) as error:
        told = standing.last_words() or str(error)
        standing.write(Record(os.getpid(), fault=f"local/{work.model.name} could not be loaded: {told}",
                              remedy=f"Its log: {standing.log}"))  # fmt: skip
        return
    try:
        port = int(engine.address.rpartition(":")[2])
        standing.write(Record(os.getpid(), port, work.key, work.window, engine=engine.kind))
        _watch(engine, work.key, idle_seconds)
    finally:
        standing.forget()
        engine.end()


def _watch(engine: Engine, key: str, idle_seconds: float) -> None:
    """Return when the model was idle for so long, or is no more."""
    asked, since = Asked(), time.monotonic()
    while engine.lives_for(min(POLL_SECONDS, idle_seconds / 4)):
        now = ask(engine.address, key)
        if now is None or now.is_busy or now != asked:  # what is too busy to say so is not idle
            since = time.monotonic()
        asked = now or asked
        if time.monotonic() - since >= idle_seconds:
            return


def run(make: Callable[[Work], Engine]) -> None:
    """Do all that such a process does, by the arguments that it was given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("name")
    parser.add_argument("--window", type=int, required=True)
    parser.add_argument("--idle", type=float, required=True)
    options = parser.parse_args()
    standing = standing_of(options.folder, options.name)
    lock = detach(standing.lock)
    try:
        signal.signal(signal.SIGTERM, _stop)
        shelf = Shelf(options.folder)
        work = Work(shelf, shelf.get(options.name), options.window, secrets.token_urlsafe(32), num_threads())
        serve(standing, work, options.idle, make)
    except CatenaError as error:
        standing.write(Record(os.getpid(), fault=error.message, remedy=error.remedy))
    finally:
        lock.release()
        os._exit(0)  # the engine's threads would be waited for


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(0)  # through `finally`: the child and the record go, too
