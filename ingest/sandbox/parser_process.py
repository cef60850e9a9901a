"""The parent's end of the parser process: starts it, hands it jobs, ends it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catena.errors import DocumentError
from catena.ingest.confinement.confinement import clean_environment
from catena.ingest.frames import NEWS

COMMAND = (sys.executable, "-P", "-m", "catena.ingest.sandbox.parser_child")
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Started:
    """A job: the socket that brings its frames, the pipe that tells its exit code, its process."""

    talk: socket.socket
    status: int
    process_id: int


class ParserProcess:
    """One process that copies itself for each job; started in the background, safe with threads."""

    def __init__(self, command: Sequence[str]) -> None:
        self._control, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the process
        self._lock = threading.Lock()
        self._is_ready = False
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                env=clean_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C in the terminal is the parent's business
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def start_job(self, request: Mapping[str, Any], files: Sequence[int]) -> Started:
        """Start a job on open files. Raises OSError when the process died, DocumentError when it never came to life."""
        talk, theirs = socket.socketpair()
        status, status_end = os.pipe()
        try:
            try:
                with self._lock:
                    self._wait_until_ready()
                    socket.send_fds(self._control, [b"J"], [theirs.fileno(), status_end, *files])
            finally:
                theirs.close()
                os.close(status_end)
            news = os.read(status, NEWS.size)
            if len(news) < NEWS.size:
                raise ConnectionError("the parser process has gone")
            talk.sendall(json.dumps(dict(request)).encode())
            talk.shutdown(socket.SHUT_WR)
        except BaseException:
            talk.close()
            os.close(status)
            raise
        return Started(talk, status, NEWS.unpack(news)[0])

    def close(self) -> None:
        """End the process and all its copies."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _wait_until_ready(self) -> None:
        if self._is_ready:
            return
        self._control.settimeout(_START_SECONDS)
        try:
            answer = self._control.recv(1)
        except TimeoutError:
            answer = b""
        if answer != b"R":
            self._errors.seek(0)
            last = self._errors.read().decode(errors="replace").strip().splitlines()[-1:]
            raise DocumentError(
                "crashed",
                f"The parser does not start: {''.join(last) or 'no reason given'}",
                "Check the installation: `catena doctor`.",
            )
        self._control.settimeout(None)
        self._is_ready = True
