"""`catena serve` and `catena mcp`: the library for other programs. Needs the extra `server`.

The commands import what they need when they run: `catena --help` waits for no FastAPI.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from catena.app.cli.shared_options import ApiBase, Home, Model
from catena.app.process_border import say
from catena.errors import MissingExtra
from catena.kv.server.access import check_address, read_keys
from catena.listening_socket import listen
from catena.render.harmless import start_log
from catena.request_origins import OwnAddress, at, is_loopback

AddFrom = Annotated[
    list[Path] | None,
    typer.Option(
        "--add-from", metavar="FOLDER", help="Let agents add files of this folder by MCP; may be repeated."
    ),
]


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to serve at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8600,
    api_key_file: Annotated[Path | None, typer.Option("--api-key-file", help="One key a line.")] = None,
    no_key: Annotated[
        bool, typer.Option("--no-key", help="On 127.0.0.1 ask programs for no key; web pages stay out.")
    ] = False,
    max_seconds: Annotated[float, typer.Option(min=1, help="Seconds that a question may take.")] = 600.0,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="Questions that are answered at once.")] = 4,
    log_requests: Annotated[
        bool, typer.Option("--log-requests", help="Write a line of JSON a request to the error stream.")
    ] = False,
    add_from: AddFrom = None,
    model: Model = None,
    api_base: ApiBase = None,
    home: Home = None,
) -> None:
    """Serve the library over HTTP: REST under /v1, OpenAI's protocol under /openai/v1, MCP under /mcp."""
    _need("fastapi", "mcp", "uvicorn", "python_multipart")
    import secrets
    import signal

    from catena.app.server.admission import Access
    from catena.app.server.question_desk import DeskLimits
    from catena.app.server.web_app import ServerLimits, create_app
    from catena.app.server.web_app import serve as run
    from catena.client import Catena
    from catena.settings import load_settings

    keys = read_keys(api_key_file) if api_key_file else ()
    check_address(host, keys)
    start_key = "" if keys or no_key else secrets.token_urlsafe(32)
    desk = DeskLimits(max_at_once=at_once, max_seconds=max_seconds)
    limits = ServerLimits(desk=desk, is_logged=log_requests)
    start_log()
    with Catena(settings=load_settings(home=home, model=model, api_base=api_base)) as catena:
        # Where others reach it each request brings a key: what they call this machine cannot be known.
        access = Access(keys, start_key, OwnAddress(is_any=not is_loopback(host)))
        app = create_app(catena, access, limits, add_from=add_from or ())
        socket = listen(host, port)
        say(f"{catena.settings.home} is served at {at(host, port)}/v1. Ctrl-C stops it.", is_error=True)
        if start_key:
            say(f"Its key until then: export CATENA_API_KEY={start_key}", is_error=True)
        for asked in (signal.SIGINT, signal.SIGTERM):
            signal.signal(asked, _leave)  # the server raises it again once it has stopped
        run(app, socket, desk.grace_seconds)


def mcp(add_from: AddFrom = None, model: Model = None, api_base: ApiBase = None, home: Home = None) -> None:
    """Serve the library to one agent or editor: MCP over standard input and output."""
    _need("mcp")
    import asyncio
    import signal

    from catena.app.server.mcp_server import serve_stdio
    from catena.client import Catena
    from catena.settings import load_settings

    start_log()  # on the error stream: the output is the protocol's
    signal.signal(signal.SIGTERM, _leave)
    with Catena(settings=load_settings(home=home, model=model, api_base=api_base)) as catena:
        asyncio.run(serve_stdio(catena, add_from or ()))


def _leave(number: int, frame: object) -> None:
    raise SystemExit(0)


def _need(*packages: str) -> None:
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtra(package, "server")
