"""The server as its clients see it: real HTTP on a port of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from catena import Catena, Filter, load_settings
from catena.app.server.admission import Access
from catena.app.server.web_app import ServerLimits, create_app
from catena.listening_socket import listen

KEY = "a-key-of-more-than-sixteen"
LANTERN = (
    "The Harbour Lantern\n\nThe Harbour Lantern is made by Brandt and Sons of Bergen. It is meant for small boats.\n\n"
    "The battery of the lantern lasts forty hours on one charge. The warranty covers five years.\n"
)
BAKERY = "The bakery\n\nThe bakery of Elm Street opens at six in the morning. It is closed on Mondays.\n"


def library(folder: Path) -> Catena:
    """A library of two documents."""
    client = Catena(settings=load_settings(home=folder / "home", background=False))
    for name, text in (("lantern.txt", LANTERN), ("bakery.txt", BAKERY)):
        (folder / name).write_text(text, "utf-8")
        client.add(folder / name)
    client.library.collections.save("Lights", Filter(title="lantern"))
    return client


@contextmanager
def served(client: Catena, access: Access | None = None, limits: ServerLimits | None = None) -> Iterator[str]:
    """The address of a server over a client, until it is left."""
    at = listen("127.0.0.1", 0)
    port = at.getsockname()[1]
    app = create_app(client, access or Access(start_key=KEY), limits)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=5))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [at]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
