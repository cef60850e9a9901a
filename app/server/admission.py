"""Admission to the server: from where a request comes, then its key; a picture also by the signed address of one."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from catena.app.server.problems import made, reply
from catena.kv.server.access import owner_of
from catena.request_origins import OwnAddress
from catena.types import Box

OPEN = ("/v1/health", "/v1/ready")
"""Say nothing of the library, so they ask no key."""
SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Access:
    """What the server asks of each request: names of its own, and a key of a file or of this start, if there is one."""

    keys: Sequence[str] = ()
    start_key: str = ""
    own: OwnAddress = field(default_factory=OwnAddress)

    @property
    def secret(self) -> str:
        """What addresses of pictures are signed with: with a key of a file they last beyond a start."""
        return self.keys[0] if self.keys else self.start_key

    def picture_path(self, document_id: str, number: int, boxes: Sequence[Box]) -> str:
        """Return the path of a page's picture with boxes drawn, which a browser may open without a key."""
        path = f"/v1/documents/{quote(document_id)}/pages/{number}/image"
        query = [("box", ",".join(f"{edge:.1f}" for edge in box)) for box in boxes]
        if self.secret:
            query.append((SIGNATURE, self._signature(path, query)))
        return f"{path}?{urlencode(query, safe=',')}" if query else path

    def is_signed(self, scope: Scope) -> bool:
        """Tell whether a request is for exactly what we gave the address of."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for name, value in query if name == SIGNATURE]
        if scope["method"] != "GET" or len(given) != 1 or not self.secret:
            return False
        rest = [(name, value) for name, value in query if name != SIGNATURE]
        wanted = self._signature(quote(scope["path"]), rest)
        return hmac.compare_digest(given[0].encode(), wanted.encode())

    def _signature(self, path: str, query: Sequence[tuple[str, str]]) -> str:
        signed = f"{path}?{urlencode(query, safe=',')}".encode()
        return hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()[:32]


class Admission:
    """ASGI middleware before every route."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # there is none
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = None if scope["type"] == "lifespan" else self._refusal(scope)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        path = scope["path"]
        if objection := self._access.own.objection(scope):
            return reply(made(403, objection, "foreign-request"), path)
        if path in OPEN or self._access.is_signed(scope):
            return None
        sent = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        if owner_of(sent[0] if len(sent) == 1 else "", self._access.keys, self._access.start_key) is None:
            remedy = (
                "Send `Authorization: Bearer KEY`: the key that `catena serve` printed, or one of its file."
            )
            problem = made(401, "The key is missing or wrong.", "wrong-key", remedy=remedy)
            return reply(problem, path, {"WWW-Authenticate": "Bearer"})
        return None
