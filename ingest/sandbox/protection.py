"""Protection by this machine's sandbox, found out by a process that confines itself and looks around.

python -m catena.ingest.sandbox.protection FOLDER      FOLDER: of the library
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from catena.ingest.confinement.confinement import clean_environment, confine_job, leave_network

_SECONDS = 30.0
_MEMORY_MIB = 256


def protection(library: Path) -> dict[str, str]:
    """Say for `catena doctor` what holds parsers here: network, files, system calls, limits, what is in reach.

    What does not hold begins with "none"; so does `reach` where all holds.
    """
    command = [sys.executable, "-P", "-m", "catena.ingest.sandbox.protection", str(library)]
    try:
        done = subprocess.run(
            command,
            env=clean_environment(os.environ),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        return dict(json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return {"network": f"none: {error}"}


def _reached(library: str, parent: int) -> str:
    """Resources a confined process still reaches, of those that it should not."""
    deeds: dict[str, Callable[[], object]] = {
        "the library": lambda: os.listdir(library),
        "the root folder": lambda: os.open("/etc/hostname", os.O_RDONLY),
        "the environment of its parent": lambda: os.open(f"/proc/{parent}/environ", os.O_RDONLY),
        "a socket": lambda: socket.socket().close(),
        "another process": lambda: os.kill(parent, 0),
        "a program": _run_program,
    }
    return ", ".join(name for name, deed in deeds.items() if _can(deed)) or "none of what it tried"


def _run_program() -> None:
    """Raise OSError where no program can be run."""
    process = os.fork()
    if not process:
        try:
            os.execv("/bin/true", ["true"])
        finally:
            os._exit(1)
    if os.waitpid(process, 0)[1]:
        raise PermissionError


def _can(deed: Callable[[], object]) -> bool:
    try:
        deed()
    except OSError:
        return False
    return True


def main() -> None:
    library, parent = sys.argv[1], os.getppid()
    found = {"network": leave_network(), **confine_job(_MEMORY_MIB, parent)}
    print(json.dumps(found | {"reach": _reached(library, parent)}), flush=True)


if __name__ == "__main__":
    main()
