"""A parser process that looks around instead of reading, and tells what it found.

Its first argument is a list of what to look for, as JSON; `no-landlock` in it makes it live without.
"""

import ctypes
import json
import os
import resource
import socket
import stat
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from catena.ingest.confinement import confinement
from catena.ingest.frames import Send
from catena.ingest.sandbox import parser_child

ORDER = json.loads(sys.argv.pop(1))


def handle(request: Mapping[str, Any], send: Send) -> None:
    send({"type": "open", "pages": 99, "title": ""})
    parent = ORDER["parent"]
    found: dict[str, object] = {
        "secret": os.environ.get("CATENA_TEST_KEY"),
        "document": attempt(lambda: os.pread(request["document"], 9, 0)),
        "again": attempt(lambda: open(f"/proc/self/fd/{request['document']}").close()),
        "write to the document": attempt(lambda: os.write(request["document"], b"x")),
        "append to the document": attempt(lambda: open(f"/proc/self/fd/{request['document']}", "a").close()),
        "write": attempt(lambda: Path("/tmp/stolen").write_text("x")),
        "network": attempt(lambda: socket.create_connection(("192.0.2.1", 80), timeout=1)),
        "local network": attempt(lambda: socket.create_connection(("127.0.0.1", 80), timeout=1)),
        "environment of the parent": attempt(lambda: Path(f"/proc/{parent}/environ").read_bytes()),
        "memory of the parent": attempt(lambda: os.open(f"/proc/{parent}/mem", os.O_RDONLY)),
        "descriptors of the parent": attempt(lambda: os.listdir(f"/proc/{parent}/fd")),
        "files of the parent": attempt(lambda: os.open(f"/proc/{parent}/root/etc/hostname", os.O_RDONLY)),
        "signal": attempt(lambda: os.kill(parent, 0)),
        "signal to the warm process": attempt(lambda: os.kill(os.getppid(), 0)),
        "trace": attempt(lambda: traced(parent)),
        "program": attempt(lambda: os.execv("/bin/true", ["true"])),
        "another root": attempt(lambda: os.chroot("/")),
        "sockets": sum(is_socket(descriptor) for descriptor in range(64)),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
        "open files": sum(is_open(descriptor) for descriptor in range(256)),
        "user": os.getuid(),
    }
    for place in ORDER["places"]:
        found[f"read {place}"] = attempt(partial(os.open, place, os.O_RDONLY))
        found[f"list {place}"] = attempt(partial(os.listdir, os.path.dirname(place)))
        found[f"mode of {place}"] = attempt(partial(os.chmod, place, 0o666))
        found[f"delete {place}"] = attempt(partial(os.unlink, place))
    message = json.dumps(found)
    for at in range(0, len(message), 1500):
        send({"type": "page", "number": 1 + at // 1500, "text": message[at : at + 1500], **REST})
    send(DONE)


REST = {"label": "", "lines": [], "sections": [], "width": 9.0, "height": 9.0, "source": "text"}
DONE = {"type": "done", "outline": [], "status": "ready", "pages_with_text": 1}
DONE |= {"reason": None, "message": "", "remedy": ""}


def traced(process: int) -> None:
    if ctypes.CDLL(None, use_errno=True).ptrace(16, process, 0, 0):  # PTRACE_ATTACH
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def attempt(deed: Callable[[], object]) -> str:
    try:
        deed()
    except OSError as error:
        return error.strerror or str(error)
    return "done"


def is_socket(descriptor: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def main() -> None:
    if ORDER.get("no-landlock"):
        confinement.landlock_version = parser_child.landlock_version = lambda: 0  # type: ignore[attr-defined]
    parser_child.main(handle)


if __name__ == "__main__":
    main()
