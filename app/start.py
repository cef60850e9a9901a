"""The entry point of the `catena` command: light, so that Ctrl-C ends it quietly while it is still importing."""

from __future__ import annotations

import sys

from catena.environment import hide_secrets
from catena.telemetry import start_tracing


def main() -> None:
    hide_secrets()
    try:
        start_tracing()
        from catena.app.cli import main as run  # takes a second, in which people change their mind

        run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(130)
