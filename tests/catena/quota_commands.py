"""A library's commands where a quota is reached: `python -m tests.catena.quota_commands HOME FILE ALLOWED`.

Of what is written to the home the first ALLOWED operations go through once the quota is reached, none after them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from catena.benchmarks import disk
from catena.benchmarks.disk import Fault
from catena.client import Catena
from catena.errors import CatenaError
from catena.settings import load_settings


def main(home: Path, file: Path, allowed: int) -> None:
    with Catena(settings=load_settings(home=home, background=False, model="")) as client:
        (known,) = client.documents()
        disk.arm(home, Fault(allowed + 1, "EDQUOT", goes_on=True))
        commands: dict[str, Callable[[], object]] = {
            "add": lambda: client.add(file),
            "ls": lambda: len(client.documents()),
            "doctor": lambda: len(client.health().problems),
            "ask": lambda: client.ask("How long does the battery of the lantern last?").text,
            "rm": lambda: client.remove(known),
        }
        for name, command in commands.items():
            try:
                print(name, repr(command()), flush=True)
            except CatenaError as error:
                print(name, f"{type(error).__name__}: {error.message} {error.remedy}", flush=True)
        disk.arm(home, Fault())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
