"""An id for each request, and a line of JSON about it once it is answered, with no address, question or title in it."""

from __future__ import annotations

import json
import re
import time
import uuid
from datetime import UTC, datetime

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catena.app.process_border import say

HEADER = "X-Request-Id"
_ID = re.compile(rb"[\w.:-]{1,64}")


class RequestLog:
    """ASGI middleware before all others. An id that the client sends is kept, if it is a plain one."""

    def __init__(self, app: ASGIApp, *, is_written: bool) -> None:
        self._app = app
        self._is_written = is_written

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, begin, status = _request_id(scope), time.monotonic(), 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, told)
        finally:
            if self._is_written:
                say(_line(scope, request_id, status, time.monotonic() - begin), is_error=True)


def _request_id(scope: Scope) -> str:
    sent = [value for name, value in scope["headers"] if name == HEADER.lower().encode()]
    if len(sent) == 1 and _ID.fullmatch(sent[0]):
        return str(sent[0], "ascii", "replace")
    return uuid.uuid4().hex


def _line(scope: Scope, request_id: str, status: int, seconds: float) -> str:
    """Name the route by its pattern; status 0: the client left before there was one."""
    return json.dumps(
        {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request_id": request_id,
            "method": scope["method"],
            "route": getattr(scope.get("route"), "path", ""),
            "status": status,
            "seconds": round(seconds, 3),
        }
    )
