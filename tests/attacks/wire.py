"""Requests written letter by letter: what no client library would send."""

from __future__ import annotations

import socket

SECONDS = 120


def status(port: int, request: bytes) -> int:
    """Send a request as it is; the status that comes back, 0 if the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        try:
            connection.sendall(request)
            answer = connection.makefile("rb").readline()
        except (ConnectionResetError, BrokenPipeError):  # it did not want to hear the rest
            return 0
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def written(first_line: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([first_line, *headers, "", ""]).encode("latin-1") + body


UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
"""What a WebSocket asks for, less Host and Origin."""
