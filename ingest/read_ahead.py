"""Work done ahead in a copy of this process (a fork): its results come through a pipe, and so does its death."""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import struct
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from catena.ingest.confinement.confinement import OUT_OF_MEMORY_EXIT, die_with_parent
from catena.ingest.frames import write_all

_LENGTH = struct.Struct("<I")
_END = _LENGTH.pack(0)


def made_ahead(results: Iterable[Any]) -> Iterator[Any]:
    """Yield what `results` yields, made by another process while this one works on what came before.

    Results are what `marshal` writes: both processes read the same file under the same confinement, so neither
    can do the other harm. If the other is killed or runs out of memory, this process ends in the same way.
    """
    output, theirs = os.pipe()
    parent = os.getpid()
    process = os.fork()
    if process == 0:
        os.close(output)
        _make(results, theirs, parent)
    os.close(theirs)
    try:
        with open(output, "rb") as pipe:
            yield from _received(pipe, process)
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _make(results: Iterable[Any], pipe: int, parent: int) -> None:
    code = 1
    try:
        die_with_parent(parent)
        for result in results:
            data = marshal.dumps(result)
            write_all(pipe, _LENGTH.pack(len(data)) + data)
        write_all(pipe, _END)
        code = 0
    except MemoryError:
        code = OUT_OF_MEMORY_EXIT
    finally:
        os._exit(code)


def _received(pipe: BinaryIO, process: int) -> Iterator[Any]:
    while len(head := pipe.read(_LENGTH.size)) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        if not length:
            return
        data = pipe.read(length)
        if len(data) < length:
            break
        yield marshal.loads(data)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))
