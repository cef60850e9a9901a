"""A model server for tests: an OpenAI-compatible address that answers by a function, and fails where it is told to."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Literal

READ: Literal["*read*"] = "*read*"
"""In a script: leave it to the rules."""
RULES = "catena.testing.stub:read_passages"


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


FaultKind = Literal["key", "busy", "broken", "hang", "stall", "cut", "empty", "other", "drop", "says"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`seconds` is how long a hang or a stall lasts, or what `Retry-After` says.

    key: 401, and the key is repeated in the message · busy: 429 with `Retry-After` · broken: 500 · hang: nothing,
    not even headers · stall: headers and one piece, then nothing · cut: the reply ends in the middle of its JSON
    · empty: a reply without text · other: another model answers than was asked · drop: the connection is reset
    · says: `body`, whatever it is, with `status` and `content_type`.
    """

    kind: FaultKind
    seconds: float = 0.0
    status: int = 200
    body: str = ""
    content_type: str = "application/json"


NOT_FOUND = "Evidence: []\nAnswer: NOT IN THE DOCUMENT"
ENOUGH = 0.5
"""Share of the question's longer words that a sentence must hold to answer it."""


def read_passages(request: Mapping[str, Any]) -> str:
    """Answer the last `Question:` from passages that begin with a line `[n]`, as a patient model would."""
    text, _, question = request["messages"][-1]["content"].rpartition("Question:")
    wanted = {word for word in _words(question) if len(word) > 3}
    best, found = 0.0, NOT_FOUND
    for part in re.split(r"^(?=\[\d+\]$)", text, flags=re.M):
        number = re.match(r"\[(\d+)\]", part)
        body = " ".join(line.removeprefix("| ") for line in part.splitlines()[2:])
        for sentence in re.split(r"(?<=[.!?])\s+", body) if number else ():
            share = len(wanted & set(_words(sentence))) / max(1, len(wanted))
            if number and share >= ENOUGH and share > best:
                said = f"{sentence.rstrip('.!? ')} [{number[1]}]."
                best, found = share, f"Evidence: [{number[1]}]\nAnswer: {said}"
    return found


def _words(text: str) -> list[str]:
    return [word.rstrip("s") for word in re.findall(r"\w+", text.casefold())]
