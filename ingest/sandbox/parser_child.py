"""The parser process: it imports once, then a fresh copy of it (a fork) reads each document and ends.

    python -m catena.ingest.sandbox.parser_child FD

FD is a socket; each byte on it brings a job, end of file ends all.

A document comes as an open descriptor. The warm process itself never reads one, so nothing that a document breaks
outlives its copy.
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
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from catena.ingest.confinement.confinement import confine_job, leave_network, readable_places
from catena.ingest.confinement.landlock import landlock_version
from catena.ingest.frames import NEWS, Send, encode, write_all

Handle = Callable[[Mapping[str, Any], Send], None]
MAX_DESCRIPTORS = 4
"""With a job: to talk, to tell its end, the document, and what was recognised of it before."""


def main(handle: Handle | None = None) -> None:
    """Serve jobs until the parent closes its end. Tests pass another `handle`."""
    control = socket.socket(fileno=int(sys.argv[1]))
    leave_network()  # first: a user namespace needs a process without threads
    handle = handle or load_handle()
    readable_places()
    gc.collect()
    gc.freeze()  # copies share these pages as long as the collector does not touch them
    _silence()
    control.sendall(b"R")
    _serve(control, handle)


def load_handle() -> Handle:
    """Import what reads documents; takes 1 to 3 s."""
    # pymupdf 2.0 imports layout analysis and onnxruntime if it can: 1 s and 60 MB that nothing here uses.
    sys.modules["pymupdf.layout"] = None  # type: ignore[assignment]
    from catena.ingest.sandbox.child_work import handle

    return handle


def warm_up(request: Mapping[str, Any]) -> None:
    """Load what a job would look for later: where a job leaves its root, it finds no file from then on."""
    import encodings
    import pkgutil
    from importlib import import_module

    for found in pkgutil.iter_modules(encodings.__path__, "encodings."):
        with contextlib.suppress(ImportError):  # of other systems
            import_module(found.name)
    if order := request.get("recognition"):
        from catena.ingest.ocr.tesseract import open_engine  # pymupdf, which the handler has loaded

        open_engine(order["tessdata"], order["languages"])


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
            message, descriptors, _, _ = socket.recv_fds(control, 1, MAX_DESCRIPTORS)
            if not message:
                break
            _start(control, jobs, handle, *descriptors)
    for process in jobs:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)


def _start(
    control: socket.socket, jobs: dict[int, int], handle: Handle, talk: int, status: int, *files: int
) -> None:
    parent = os.getpid()
    process = os.fork()
    if process == 0:
        code = 70
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _close_all_but(talk, *files)
            _run(talk, files, handle, parent)
            code = 0
        finally:
            os._exit(code)
    with contextlib.suppress(OSError):  # a job that is over already took its group along
        os.setpgid(process, process)
    for descriptor in (talk, *files):
        os.close(descriptor)
    jobs[process] = status
    _tell(status, process)


def _run(talk: int, files: Sequence[int], handle: Handle, parent: int) -> None:
    """Do one job in the copy: the request is read to its end, frames are written, the process ends."""
    data = b""
    while chunk := os.read(talk, 65536):
        data += chunk
    request = json.loads(data)
    gc.disable()  # pages make no cycles, and the collector takes a fifth of the time to find none
    request["document"], request["known"] = files[0], files[1] if len(files) > 1 else None
    tessdata = (request.get("recognition") or {}).get("tessdata", "")
    if not landlock_version():
        warm_up(request)
    confine_job(request["memory_mib"], parent, files=files, tessdata=tessdata)

    def send(header: Mapping[str, Any], body: bytes = b"") -> None:
        write_all(talk, encode(dict(header), body))

    handle(request, send)


def _close_all_but(*kept: int) -> None:
    """Have nothing open but the standard streams and these: no other job, and no way to the warm process."""
    for last, following in pairwise([2, *sorted(kept), os.sysconf("SC_OPEN_MAX")]):
        os.closerange(last + 1, following)


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
