"""This side of the stub: it starts the server's process and tells what it was sent."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Literal

from catena.testing.stub_faults import Fault

READ: Literal["*read*"] = "*read*"
"""In a script: leave it to the rules."""
RULES = "catena.testing.stub_reader:read_passages"


class StubModel:
    """Start with `with`; `url` is its address, `requests()` what it was sent."""

    def __init__(
        self,
        script: Sequence[str | Fault] = (),
        *,
        rules: str = RULES,
        options: Mapping[str, Any] | None = None,
        latency: float = 0.0,
        pause: float = 0.0,
    ) -> None:
        """`rules` is "module:function", called with the request's body and `options` (JSON values) by name.

        `latency` is in seconds before a reply begins, `pause` between two pieces of a streamed one.
        """
        self._config = {
            "script": [asdict(step) if isinstance(step, Fault) else step for step in script],
            "rules": rules,
            "options": dict(options or {}),
            "latency": latency,
            "pause": pause,
        }
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> StubModel:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "catena.testing.stub_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin and self._process.stdout, "both are pipes"
        self._process.stdin.write(json.dumps(self._config) + "\n")
        self._process.stdin.flush()
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}/v1"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def requests(self) -> list[dict[str, Any]]:
        """The bodies of all requests so far, first to last."""
        found: list[dict[str, Any]] = self._state()["requests"]
        return found

    def num_hung_up(self) -> int:
        """Number of requests the other side gave up before they were answered."""
        return int(self._state()["num_hung_up"])

    def most_at_once(self) -> int:
        """Largest number of requests that were under way together."""
        return int(self._state()["most_at_once"])

    def _state(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/state", timeout=10) as reply:
            state: dict[str, Any] = json.load(reply)
        return state


def refusing_url() -> str:
    """An address of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/v1"
