"""One running job of the parser process: its frames, and the limits that end it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

import psutil

from catena.errors import DocumentError
from catena.ingest.confinement.confinement import OUT_OF_MEMORY_EXIT
from catena.ingest.frames import NEWS, BadFrame, Frame, FrameDecoder
from catena.ingest.sandbox.parser_process import Started
from catena.types import FailureReason

_POLL_SECONDS = 0.05
_CHUNK = 1 << 18
_END_SECONDS = 5.0


@dataclass(slots=True)
class Limits:
    """Limits at which the parent ends a job; `seconds` may be raised once the number of pages is known."""

    seconds: float
    stall_seconds: float
    memory_mib: int


class OutOfTime(DocumentError):
    """The time of the whole document is up; what was read until then is whole."""


class Job:
    """Reads a job's frames; leaving the block kills what is left of it, with its process group."""

    def __init__(self, started: Started, limits: Limits, name: str) -> None:
        self.limits = limits
        self.name = name
        self._talk = started.talk
        self._status = started.status
        self._process = _process(started.process_id)
        self._exit: int | None = None
        self._started = self._last_frame = self._last_look = time.monotonic()

    def __enter__(self) -> Job:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill()
        self._talk.close()
        os.close(self._status)

    def frames(self) -> Iterator[Frame]:
        """Yield frames until the job ends well. Raises DocumentError when it does not."""
        decoder = FrameDecoder()
        poll = select.poll()
        poll.register(self._talk, select.POLLIN)
        while True:
            if poll.poll(_POLL_SECONDS * 1000):
                data = self._receive()
                if not data:
                    break
                try:
                    for frame in decoder.feed(data):
                        self._last_frame = time.monotonic()
                        yield frame
                except BadFrame as error:
                    raise self.broken(str(error)) from error
            self._check_limits()
        self._check_end()

    def _receive(self) -> bytes:
        try:
            return self._talk.recv(_CHUNK)
        except ConnectionResetError:
            return b""

    def _check_limits(self) -> None:
        now = time.monotonic()
        if now - self._started > self.limits.seconds:
            raise OutOfTime(*self._too_slow(f"took longer than {self.limits.seconds:.0f} s"))
        if now - self._last_frame > self.limits.stall_seconds:
            what = f"stood still for {self.limits.stall_seconds:.0f} s on one page"
            raise DocumentError(*self._too_slow(what))
        if now - self._last_look >= _POLL_SECONDS:
            self._last_look = now
            if self._resident_bytes() > self.limits.memory_mib << 20:
                raise self._too_hungry()

    def _resident_bytes(self) -> int:
        try:
            return int(self._process.memory_info().rss) if self._process else 0
        except psutil.NoSuchProcess:
            return 0

    def _check_end(self) -> None:
        """The frames are over: learn how the process ended."""
        self._read_exit(_END_SECONDS)
        if self._exit == OUT_OF_MEMORY_EXIT:
            raise self._too_hungry()
        if self._exit != 0:
            raise self._crashed()

    def _read_exit(self, seconds: float) -> None:
        if self._exit is None and select.select([self._status], [], [], seconds)[0]:
            news = os.read(self._status, NEWS.size)
            self._exit = NEWS.unpack(news)[0] if len(news) == NEWS.size else None

    def _kill(self) -> None:
        self._read_exit(0)
        if self._exit is None and self._process is not None and self._process.is_running():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _too_slow(self, what: str) -> tuple[FailureReason, str, str]:
        remedy = "Give it more time with CATENA_PARSER_SECONDS, or split the file."
        return "timeout", f"Reading {self.name} {what}.", remedy

    def _too_hungry(self) -> DocumentError:
        return DocumentError(
            "out_of_memory",
            f"Reading {self.name} took more than {self.limits.memory_mib} MiB of memory.",
            "Allow more with CATENA_PARSER_MEMORY_MIB, or split the file.",
        )

    def _crashed(self) -> DocumentError:
        how = "it vanished" if self._exit is None else f"exit code {self._exit}"
        if self._exit is not None and self._exit < 0:
            how = signal.Signals(-self._exit).name
        return DocumentError(
            "crashed",
            f"The parser crashed on {self.name} ({how}).",
            "Other documents are not affected. Print or export the file anew and add that.",
        )

    def broken(self, what: str) -> DocumentError:
        return DocumentError(
            "crashed",
            f"The parser answered nonsense on {self.name}: {what}.",
            "Other documents are not affected. Print or export the file anew and add that.",
        )


def _process(process_id: int) -> psutil.Process | None:
    try:
        return psutil.Process(process_id)
    except psutil.NoSuchProcess:
        return None
