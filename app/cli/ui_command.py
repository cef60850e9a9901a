"""`catena ui`: the pages in the browser.

It imports what it needs when it runs: `catena --help` waits for no SQLAlchemy and no Streamlit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catena.errors import MissingExtra
from catena.listening_socket import listen


def ui(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Open the page in the browser, by an address that nobody else has."""
    import signal
    import threading
    from importlib.util import find_spec

    if find_spec("streamlit") is None:
        raise MissingExtra("streamlit", "ui")
    import streamlit
    from streamlit.web.cli import main

    from catena.app.ui.start_token import start_token

    start_token()  # one too short is said at once
    listen(host, port).close()  # and an address that cannot be had
    page = Path(__file__).parents[1] / "streamlit_app.py"
    # Headless, or Streamlit asks for an address of mail and offers to install things; we open the browser.
    options = [f"--server.address={host}", f"--server.port={port}", "--server.headless=true"]
    if not no_browser:
        threading.Thread(target=_open_browser, args=(host, port), daemon=True).start()
    threading.Thread(target=_import_pages, daemon=True).start()
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, _leave)  # the server raises it again once it has stopped
    # In this process: a server of its own would outlive a `catena ui` that is told to stop.
    try:
        main(["run", str(page), *options], prog_name="streamlit")
    finally:
        streamlit.cache_resource.clear()  # closes the client: what is being answered can then be gone on with


def _leave(number: int, frame: object) -> None:
    raise SystemExit(0)


def _import_pages() -> None:
    """Import while the server starts and the browser loads its part what Streamlit would when a first page is asked."""
    import catena.app.ui.page_frame  # noqa: F401


def _open_browser(host: str, port: int) -> None:
    """Open the first page once the server listens."""
    import socket
    import time
    import webbrowser

    from catena.app.ui.start_token import opening_address

    for _ in range(300):
        try:
            socket.create_connection((host, port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.2)
    webbrowser.open(opening_address(host, port))
