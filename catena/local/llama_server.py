"""The process that serves a GGUF file: `python -m catena.local.llama_server FOLDER NAME`, begun by a question.

llama.cpp does the work: a `llama-server` on the PATH, built for this machine by whoever put it there, or else the
package xllamacpp (extra `llm`), which is imported here and nowhere else.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from catena.errors import MissingExtra
from catena.local.memory_fit import PROGRAM
from catena.local.server_process import Engine, Work, run
from catena.local.server_record import EngineKind

PR_SET_PDEATHSIG = 1
STEP = 512
"""Tokens of a prompt that are read at once; between two steps a server says how far it is."""
CACHE_MIB = 512
"""Memory for prompts that were read before, besides the last one."""


class InProcess:
    """xllamacpp: the server is a thread of this process."""

    kind: EngineKind = "llama.cpp"

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

    kind: EngineKind = "llama.cpp"

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


if __name__ == "__main__":
    run(make_engine)
