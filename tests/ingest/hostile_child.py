"""A parser process that does what the name of the file tells it to; the pool is given it by constructor."""

import os
import signal
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from catena.ingest.frames import Send
from catena.ingest.sandbox import parser_child

REAL = parser_child.load_handle()
OPEN: dict[str, Any] = {"type": "open", "pages": 1, "title": ""}
PAGE: dict[str, Any] = {
    "type": "page",
    "number": 1,
    "text": "one two",
    "label": "1",
    "lines": [[0, 7, "text"]],
}
PAGE |= {"sections": [], "width": 9.0, "height": 9.0, "source": "text"}
LIES: dict[str, dict[str, Any]] = {
    "lie-number": {**PAGE, "number": 7},
    "lie-line": {**PAGE, "lines": [[0, 99, "text"]]},
    "lie-surrogate": {**PAGE, "text": "\ud800"},
    "lie-infinite": {**PAGE, "width": 1e300},
    "lie-kind": {**PAGE, "lines": [[0, 7, "shout"]]},
    "lie-type": {**PAGE, "text": 7},
    "lie-unknown": {"type": "confession"},
}


def handle(request: Mapping[str, Any], send: Send) -> None:
    name = Path(request["name"]).stem
    if name == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif name == "exit":
        os._exit(3)
    elif name == "hang":
        send(OPEN)
        while True:
            time.sleep(0.01)
    elif name == "endless":
        send({**OPEN, "pages": 5000})
        for number in count(1):
            send({**PAGE, "number": number})
            time.sleep(0.05)
    elif name == "hungry":
        eaten = []
        while True:
            eaten.append(b"x" * (8 << 20))
    elif name == "mute":
        return
    elif name == "flood":
        os.write(1, b"noise")
        send(OPEN)
        while True:
            send({"type": "page", "noise": "x" * (1 << 20)})
    elif name in LIES:
        send(OPEN)
        send(LIES[name])
    else:
        REAL(request, send)


if __name__ == "__main__":
    parser_child.main(handle)
