"""The parser process: it imports once, then a fresh copy of it (a fork) reads each document and ends.

    python -m catena.ingest.child FD      FD: a socket; each byte on it brings a job, end of file ends all

The warm process itself never opens a document, so nothing that a document breaks outlives its copy.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

from catena.ingest.frames import NEWS, Send, encode, write_all
from catena.ingest.isolation import confine_job, leave_network

Handle = Callable[[Mapping[str, Any], Send], None]


def main(handle: Handle | None = None) -> None:
    """Serve jobs until the parent closes its end. Tests pass another `handle`."""
    control = socket.socket(fileno=int(sys.argv[1]))
    leave_network()  # first: a user namespace needs a process without threads
    handle = handle or load_handle()
    gc.collect()
    gc.freeze()  # copies share these pages as long as the collector does not touch them
    _silence()
    control.sendall(b"R")
    _serve(control, handle)


def load_handle() -> Handle:
    """Import what reads documents; takes 1 to 3 s."""
    # pymupdf 2.0 imports layout analysis and onnxruntime if it can: 1 s and 60 MB that nothing here uses.
    sys.modules["pymupdf.layout"] = None  # type: ignore[assignment]
    from catena.ingest.work import handle

    return handle


def _serve(control: socket.socket, handle: Handle) -> None:
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken)
    jobs: dict[int, int] = {}  # process id -> descriptor on which its end is told
    while True:
        ready, _, _ = select.select([control.fileno(), wake], [], [])
        if wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wake, 4096)
            _reap(jobs)
        if control.fileno() in ready:
            message, descriptors, _, _ = socket.recv_fds(control, 1, 2)
            if not message:
                break
            _start(control, jobs, handle, *descriptors)
    for process in jobs:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)


def _start(control: socket.socket, jobs: dict[int, int], handle: Handle, talk: int, status: int) -> None:
    parent = os.getpid()
    process = os.fork()
    if process == 0:
        code = 70
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (status, *jobs.values()):
                os.close(descriptor)
            control.close()
            _run(talk, handle, parent)
            code = 0
        finally:
            os._exit(code)
    with contextlib.suppress(OSError):  # a job that is over already took its group along
        os.setpgid(process, process)
    os.close(talk)
    jobs[process] = status
    _tell(status, process)


def _run(talk: int, handle: Handle, parent: int) -> None:
    """Do one job in the copy: the request is read to its end, frames are written, the process ends."""
    data = b""
    while chunk := os.read(talk, 65536):
        data += chunk
    request = json.loads(data)
    gc.disable()  # pages make no cycles, and the collector takes a fifth of the time to find none
    confine_job(request["memory_mib"], parent)

    def send(header: Mapping[str, Any], body: bytes = b"") -> None:
        write_all(talk, encode(dict(header), body))

    handle(request, send)


def _reap(jobs: dict[int, int]) -> None:
    for process in list(jobs):
        ended, code = os.waitpid(process, os.WNOHANG)
        if ended:
            status = jobs.pop(process)
            _tell(status, os.waitstatus_to_exitcode(code))
            os.close(status)


def _tell(status: int, number: int) -> None:
    """Tell the parent the process id of a job, later its exit code."""
    with contextlib.suppress(BrokenPipeError):  # the parent has lost interest
        os.write(status, NEWS.pack(number))


def _silence() -> None:
    """Send what libraries print to nowhere: it may quote the document."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


if __name__ == "__main__":
    main()
