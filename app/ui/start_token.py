"""Admission to the pages: by the token of the address that `catena ui` printed, and from then on by its cookie."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from urllib.parse import parse_qs, quote

import streamlit as st
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catena.app.process_border import say
from catena.app.ui.login import needs_login, public_origin
from catena.errors import OptionError
from catena.request_origins import OwnAddress, at

VARIABLE = "CATENA_UI_TOKEN"
MIN_TOKEN = 16
HEALTH = "/_stcore/health"
"""Says `ok` and nothing else; who starts the pages asks it until they are up."""
_single_use: set[str] = set()
is_asked = threading.Event()
"""Set once a token is asked of everybody: the pages show nothing before."""


@cache
def start_token() -> str:
    """The token of this process: random, or what CATENA_UI_TOKEN names. Raises OptionError for a short one."""
    given = os.environ.get(VARIABLE, "")
    if given and len(given) < MIN_TOKEN:
        raise OptionError(
            f"{VARIABLE} has less than {MIN_TOKEN} characters.", "Take the output of: openssl rand -hex 32."
        )
    return given or secrets.token_urlsafe(32)


def address(host: str, port: int, token: str | None = None) -> str:
    """Return the address of the pages for a browser, with the token where visitors do not log in."""
    if needs_login():
        return public_origin() or at(host, port)
    return f"{at(host, port)}/?token={quote(token or start_token(), safe='')}"


def opening_address(host: str, port: int) -> str:
    """The same for one use: every user of a machine can read the command line that a browser is opened with."""
    _single_use.add(token := secrets.token_urlsafe(32))
    return address(host, port, token)


@asynccontextmanager
async def announced(app: st.App) -> AsyncIterator[None]:
    """Print the address when the server starts: it is the one place where the token is shown."""
    host, port = st.get_option("server.address") or "0.0.0.0", st.get_option("server.port")
    say(f"Catena is at {address(host, port)}\nCtrl-C stops it.", is_flushed=True)
    yield


class AskForToken:
    """ASGI middleware before every route and the WebSocket. Without a `token` visitors log in instead."""

    def __init__(self, app: ASGIApp, own: OwnAddress, token: str) -> None:
        self._app = app
        self._own = own
        self._token = token
        is_asked.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, _fenced(send))
        elif scope["type"] == "http":
            await refusal(scope, receive, _fenced(send))
        else:
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: HTTP 403

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the reply in place of the pages; nothing where they are."""
        if reason := self._own.objection(scope):
            return PlainTextResponse(f"{reason}\n", 403)
        if not self._token or scope["path"] == HEALTH:
            return None
        given = _token_of(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if given is not None and (_is_equal(given, self._token) or _use(given)):
            return self._letting_in(scope)
        return None if self._has_cookie(scope) else HTMLResponse(REFUSED, 403, PLAIN)

    def _letting_in(self, scope: Scope) -> Response:
        """The cookie, and the same address without the token: it stays in no history and no link."""
        rest = [one for one in scope["query_string"].split(b"&") if one and not one.startswith(b"token=")]
        path = "/" + quote(scope["path"].lstrip("/"))  # `//host` would lead to another server
        where = path + ("?" + b"&".join(rest).decode("latin-1") if rest else "")
        reply = RedirectResponse(where, 303, {"Cache-Control": "no-store"})
        reply.set_cookie(
            *self._cookie(scope), httponly=True, samesite="strict", secure=scope["scheme"] == "https"
        )
        return reply

    def _has_cookie(self, scope: Scope) -> bool:
        name, value = self._cookie(scope)
        return any(_is_equal(one, value) for one in _cookies_of(scope, name))

    def _cookie(self, scope: Scope) -> tuple[str, str]:
        """Browsers give a cookie to all ports of a name, so the port is in it; the token itself is not."""
        port = (scope.get("server") or ("", 0))[1]
        value = hmac.new(self._token.encode(), f"catena ui, port {port}".encode(), hashlib.sha256)
        return f"catena-{port}", value.hexdigest()


def _fenced(send: Send) -> Send:
    """No other page frames what is sent, includes it, or keeps a hand on its window."""

    async def send_fenced(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *FENCE]}
        await send(message)

    return send_fenced


def _token_of(scope: Scope) -> str | None:
    found = parse_qs(scope["query_string"].decode("latin-1")).get("token")
    return found[-1] if found else None


def _use(given: str) -> bool:
    found = {one for one in _single_use if _is_equal(given, one)}
    _single_use.difference_update(found)
    return bool(found)


def _cookies_of(scope: Scope, name: str) -> list[str]:
    """Every cookie of a name: another server of this machine can set a second one."""
    lines = [value.decode("latin-1") for key, value in scope["headers"] if key == b"cookie"]
    pairs = [pair.strip().partition("=") for line in lines for pair in line.split(";")]
    return [value for key, _, value in pairs if key == name]


def _is_equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


FENCE = (
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
PLAIN = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}
REFUSED = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Catena: open it with its address</title>
<style>
:root { color-scheme: light dark; }
body { font: 1.05rem/1.6 Georgia, serif; max-width: 36rem; margin: 15vh auto; padding: 0 1.5rem; }
code { font-size: .95em; }
</style></head><body>
<h1>Open it with its address</h1>
<p>These pages show your documents, so they let nobody in who merely reaches this port.</p>
<p>Open the address that <code>catena ui</code> printed where it was started: it ends in <code>?token=…</code> and
is new at each start. To keep a bookmark, start it with a token of your own, which <code>openssl rand -hex 32</code>
makes: <code>CATENA_UI_TOKEN=… catena ui</code>.</p>
</body></html>
"""
