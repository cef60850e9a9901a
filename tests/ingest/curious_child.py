"""A parser process that looks around instead of reading, and tells what it found."""

import os
import resource
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from catena.ingest import child
from catena.ingest.frames import Send


def handle(request: Mapping[str, Any], send: Send) -> None:
    found = {
        "secret": os.environ.get("CATENA_TEST_KEY"),
        "write": attempt(lambda: Path(request["path"]).with_name("stolen").write_text("x")),
        "network": attempt(lambda: socket.create_connection(("192.0.2.1", 80), timeout=1)),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
        "sockets": sum(is_socket(descriptor) for descriptor in range(64)),
    }
    message = ";".join(f"{key}={value}" for key, value in found.items())
    send({"type": "failed", "reason": "damaged", "message": message, "remedy": "None."})


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


if __name__ == "__main__":
    child.main(handle)
