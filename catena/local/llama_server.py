"""The process that serves one GGUF model: `python -m catena.local.llama_server FOLDER NAME`, begun by a question.

llama.cpp does the work: a `llama-server` on the PATH, built for this machine by whoever put it there, or else the
package xllamacpp (extra `llm`), which is imported here and nowhere else.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from catena.errors import CatenaError, MissingExtra
from catena.jobs.worker_start import detach
from catena.local.llama_client import Asked, ask
from catena.local.memory_fit import PROGRAM, num_threads
from catena.local.server_record import Record, Standing, standing_of
from catena.local.stored_models import LocalModel, Shelf

PR_SET_PDEATHSIG = 1
STEP = 512
"""Tokens of a prompt that are read at once; between two steps a server says how far it is."""
CACHE_MIB = 512
"""Memory for prompts that were read before, besides the last one."""
POLL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Work:
    """Configuration of a server: what it is to serve, and how."""

    model: LocalModel
    window: int
    key: str
    threads: int


class Engine(Protocol):
    """llama.cpp at work; `address` as http://HOST:PORT."""

    address: str

    def lives_for(self, seconds: float) -> bool:
        """Wait so long, or until it has ended; tell whether it lives."""

    def end(self) -> None: ...


class InProcess:
    """xllamacpp: the server is a thread of this process."""

    def __init__(self, work: Work) -> None:
        import xllamacpp  # the extra `llm`

        parameters: Any = xllamacpp.CommonParams()
        parameters.model.path = str(work.model.path)
        parameters.model_alias = {work.model.name}
        parameters.port, parameters.api_keys = 0, [work.key]
        parameters.n_ctx, parameters.n_parallel, parameters.n_batch = work.window, 1, STEP
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = work.threads
        parameters.cache_prompt, parameters.cache_ram_mib = True, CACHE_MIB
        parameters.endpoint_slots, parameters.ui, parameters.offline = True, False, True
        self._server = xllamacpp.Server(parameters)  # raises RuntimeError; the reason is in the log
        self.address: str = self._server.listening_address

    def lives_for(self, seconds: float) -> bool:
        time.sleep(seconds)
        return True  # it would have taken this process with it

    def end(self) -> None:
        pass  # ends with the process


class OwnProgram:
    """A `llama-server` that is installed: a child of this process."""

    def __init__(self, work: Work, program: str) -> None:
        port = _free_port()
        self.address = f"http://127.0.0.1:{port}"
        options: dict[str, object] = {
            "--model": work.model.path, "--alias": work.model.name, "--host": "127.0.0.1", "--port": port,
            "--ctx-size": work.window, "--parallel": 1, "--batch-size": STEP, "--threads": work.threads,
        }  # fmt: skip
        command = [
            program,
            *(str(part) for option in options.items() for part in option),
            "--slots",
            "--jinja",
        ]
        # By variables what not every version knows, and the key, which the list of processes would show.
        own = {"LLAMA_API_KEY": work.key, "LLAMA_ARG_CACHE_RAM": str(CACHE_MIB), "LLAMA_ARG_UI": "0"}
        self._child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, env={**os.environ, **own}, preexec_fn=_die_with_parent
        )
        try:
            while not _listens(self.address):
                if not self.lives_for(0.1):
                    raise RuntimeError(f"{PROGRAM} ended with code {self._child.returncode}")
        except SystemExit:
            self.end()
            raise

    def lives_for(self, seconds: float) -> bool:
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(seconds)
        return self._child.returncode is None

    def end(self) -> None:
        self._child.terminate()
        if self.lives_for(10):
            self._child.kill()


def check_engine() -> None:
    """Raises MissingExtra where nothing is installed that could serve a model."""
    if shutil.which(PROGRAM) is None and find_spec("xllamacpp") is None:
        raise MissingExtra("xllamacpp, which runs local models,", "llm")


def make_engine(work: Work) -> Engine:
    program = shutil.which(PROGRAM)
    return OwnProgram(work, program) if program else InProcess(work)


def serve(standing: Standing, work: Work, idle_seconds: float) -> None:
    """Load the model, write down where it listens, and go on until nobody asked for so long."""
    try:
        engine = make_engine(work)
    except (RuntimeError, OSError, ImportError) as error:
        told = standing.last_words() or str(error)
        standing.write(Record(os.getpid(), fault=f"local/{work.model.name} could not be loaded: {told}",
                              remedy=f"Its log: {standing.log}"))  # fmt: skip
        return
    try:
        port = int(engine.address.rpartition(":")[2])
        standing.write(Record(os.getpid(), port, work.key, work.window))
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


def _die_with_parent() -> None:
    """Have the kernel end a child whose parent was killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _listens(address: str) -> bool:
    import httpx  # for a second, while the model loads

    try:
        return httpx.get(f"{address}/health", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(0)  # through `finally`: the child and the record go, too


def main() -> None:
    parser = argparse.ArgumentParser(prog="catena.local.llama_server")
    parser.add_argument("folder", type=Path)
    parser.add_argument("name")
    parser.add_argument("--window", type=int, required=True)
    parser.add_argument("--idle", type=float, required=True)
    options = parser.parse_args()
    standing = standing_of(options.folder, options.name)
    lock = detach(standing.lock)
    try:
        signal.signal(signal.SIGTERM, _stop)
        model = Shelf(options.folder).get(options.name)
        work = Work(model, options.window, secrets.token_urlsafe(32), num_threads())
        serve(standing, work, options.idle)
    except CatenaError as error:
        standing.write(Record(os.getpid(), fault=error.message, remedy=error.remedy))
    finally:
        lock.release()
        os._exit(0)  # llama.cpp's threads would be waited for


if __name__ == "__main__":
    main()
