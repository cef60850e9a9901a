"""A limit on what a request sends: its bytes, whatever length it declares, and the time that it takes over them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class LimitBody:
    """ASGI middleware: refuses a request above a size, or slower than allowed, while it comes in."""

    def __init__(
        self, app: ASGIApp, max_bytes: Callable[[Scope], int], max_seconds: float | None = None
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        max_bytes, received, is_whole = self._max_bytes(scope), 0, False
        loop = asyncio.get_running_loop()
        deadline = None if self._max_seconds is None else loop.time() + self._max_seconds

        async def count() -> Message:
            nonlocal received, is_whole
            try:
                async with asyncio.timeout_at(None if is_whole else deadline):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, f"The request took more than {self._max_seconds:g} s.") from None
            received += len(message.get("body", b""))
            is_whole = is_whole or not message.get("more_body", False)
            if received > max_bytes:
                raise HTTPException(413, f"The request is larger than {max_bytes:,} bytes.")
            return message

        await self._app(scope, count, send)
