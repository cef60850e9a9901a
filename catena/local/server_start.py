"""A model's server as other processes find it: started by the first, shared by the rest, never there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from catena.environment import without_secrets_of
from catena.errors import ModelRefused, ModelTimeout
from catena.files.file_lock import FileLock
from catena.local.engine_choice import MODULES, check_packages, choose_engine
from catena.local.imported_models import ImportedModels
from catena.local.llama_client import ask
from catena.local.llama_server import check_engine
from catena.local.memory_fit import USUAL_WINDOW, available_memory, gigabytes, largest, needed
from catena.local.model_catalogue import known_models
from catena.local.server_record import Record, Standing, standing_of
from catena.local.stored_models import LocalModel, Shelf

LOAD_SECONDS = 600.0
"""Time to load a model: 20 GB from a slow disk."""
STOP_SECONDS = 20.0
BUSY_SECONDS = 600.0
"""How long a server that others ask is waited for before one with a larger window takes its place."""
POLL_SECONDS = 0.1


def ensure(shelf: Shelf, name: str, *, window: int = 0, idle_seconds: float = 600.0) -> Record:
    """Find the server of a model, or start it; with `window`, one that takes so many tokens, if memory allows.

    Raises OptionError for a model that is not here, MissingExtra, ModelRefused where it does not fit or load.
    """
    standing = standing_of(shelf.folder, name)
    if (found := standing.running()) and found.window >= window:
        return found
    model = shelf.get(name)
    standing.open_log()
    with FileLock(standing.start_lock):  # who comes second finds the server of the first
        found = standing.running() or _loading(standing)
        wanted = min(window or USUAL_WINDOW, model.facts.trained)
        if found is not None:
            if found.window >= wanted or _room(shelf, model, wanted, found) <= found.window:
                return found
            _wait_until_idle(found)
            stop(shelf.folder, name)
        return _start(shelf, model, wanted, standing, idle_seconds)


def stop(folder: Path, name: str) -> bool:
    """End a model's server; tell whether one ran."""
    standing = standing_of(folder, name)
    record = standing.running()
    if record is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while standing.lives:
        if time.monotonic() > end:
            with suppress(ProcessLookupError):
                os.kill(record.pid, signal.SIGKILL)
            end += STOP_SECONDS
        time.sleep(POLL_SECONDS)
    standing.forget()
    return True


def _room(shelf: Shelf, model: LocalModel, wanted: int, found: Record) -> int:
    """The window that a model could have once its running server has ended."""
    copy = ImportedModels(shelf.folder).get(model.sha256) if found.engine == "kv" else None
    held = needed(copy.num_bytes if copy else model.num_bytes, model.facts.kv_bytes, found.window)
    return choose_engine(shelf, model, wanted, available_memory() + held).window


def _start(shelf: Shelf, model: LocalModel, wanted: int, standing: Standing, idle_seconds: float) -> Record:
    serving = choose_engine(shelf, model, wanted, available_memory())
    if not serving.window:
        raise _too_large(shelf, model)
    check_engine() if serving.engine == "llama.cpp" else check_packages()
    standing.forget()  # of one that was killed
    command = [sys.executable, "-P", "-m", MODULES[serving.engine], str(shelf.folder), model.name]
    with standing.open_log().open("ab") as log:
        subprocess.run(
            [*command, "--window", str(serving.window), "--idle", str(idle_seconds)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=standing.folder,
            env=without_secrets_of(os.environ),
            start_new_session=True,
            check=False,
        )
    found = _loading(standing)
    if found is None:
        raise _failed(standing, model)
    return found


def _loading(standing: Standing) -> Record | None:
    """Wait for a server that has the lock until it listens; None where there is none (any more)."""
    end = time.monotonic() + LOAD_SECONDS
    while standing.lives:
        if found := standing.running():
            return found
        if time.monotonic() > end:
            raise ModelTimeout(
                f"local/{standing.name} was not loaded within {LOAD_SECONDS:g} s.", f"Its log: {standing.log}"
            )
        time.sleep(POLL_SECONDS)
    return None


def _failed(standing: Standing, model: LocalModel) -> ModelRefused:
    record = standing.read()
    if record is not None and record.fault:
        return ModelRefused(record.fault, f"{record.remedy}. Take another model: catena model ls")
    told = standing.last_words()
    return ModelRefused(
        f"The server of local/{model.name} ended while it loaded the model{f': {told}' if told else '.'}",
        f"Its log: {standing.log}. Was its memory taken away? Take a smaller model: catena model ls",
    )


def _wait_until_idle(found: Record) -> None:
    end = time.monotonic() + BUSY_SECONDS
    while time.monotonic() < end:
        asked = ask(found.api_base.removesuffix("/v1"), found.key)
        if asked is not None and not asked.is_busy:
            return
        time.sleep(POLL_SECONDS)


def _too_large(shelf: Shelf, model: LocalModel) -> ModelRefused:

    free = available_memory()
    sizes = {one.name: needed(one.num_bytes, one.kv_bytes, USUAL_WINDOW) for one in known_models().values()}
    sizes |= {one.name: one.need for one in shelf.models()}
    other = largest(sizes.items(), free)
    return ModelRefused(
        f"local/{model.name} needs {gigabytes(model.need)} of memory, and {gigabytes(free)} are free.",
        f"End other programs, or take {other}, which fits: catena model get {other}"
        if other and shelf.find(other) is None
        else f"End other programs, or take --model local/{other}, which fits."
        if other
        else "End other programs: no model of the catalogue fits.",
    )
