"""A web server on loopback that can be told to behave like a stranger."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

PAGE = b"<html><head><title>Etna</title></head><body><p>Etna is 3,357 metres high.</p></body></html>"
TAG = '"v1"'


class Stranger(BaseHTTPRequestHandler):
    """Answers by path: `/page`, `/to?URL`, `/bomb`, `/slow`, `/short?BYTES`, `/endless`, `/type?KIND`, `/status?N` …"""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[dict[str, str]]] = []
    body: ClassVar[bytes] = PAGE
    tag: ClassVar[str] = TAG

    def do_GET(self) -> None:
        self.seen.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
        path, _, argument = self.path.partition("?")
        getattr(self, f"do_{path.strip('/').partition('.')[0].partition('/')[0]}", self.do_page)(argument)

    def do_page(self, _: str) -> None:
        if self.headers.get("If-None-Match") == self.tag:
            self._say(304, b"", ETag=self.tag)
        else:
            self._say(200, self.body, ETag=self.tag, **{"Content-Type": "text/html", "Set-Cookie": "a=b"})

    def do_to(self, target: str) -> None:
        self._say(302, b"", Location=target)

    def do_bomb(self, _: str) -> None:
        self._say(200, gzip.compress(bytes(64 << 20)), **{"Content-Encoding": "gzip"})

    def do_packed(self, _: str) -> None:
        self._say(200, gzip.compress(PAGE), **{"Content-Encoding": "gzip", "Content-Type": "text/html"})

    def do_slow(self, _: str) -> None:
        self._say(200, b"", **{"Content-Length": "1000"})
        for _turn in range(100):
            self.wfile.write(b"x")
            time.sleep(0.1)

    def do_short(self, length: str) -> None:
        self._say(200, PAGE, **{"Content-Length": length})
        self.close_connection = True

    def do_endless(self, _: str) -> None:
        self._say(200, b"", **{"Transfer-Encoding": "chunked"})
        for _turn in range(64):
            self.wfile.write(b"100000\r\n" + bytes(1 << 20) + b"\r\n")

    def do_type(self, kind: str) -> None:
        self._say(200, PAGE, **{"Content-Type": kind})

    def do_encoded(self, how: str) -> None:
        self._say(200, PAGE, **{"Content-Encoding": how})

    def do_status(self, number: str) -> None:
        self._say(int(number), b"no")

    def do_named(self, name: str) -> None:
        self._say(
            200,
            PAGE,
            **{"Content-Type": "text/html", "Content-Disposition": f'attachment; filename="{name}"'},
        )

    def do_junk(self, _: str) -> None:
        self.wfile.write(b"what is HTTP?\r\n\r\n")
        self.close_connection = True

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            if not (name == "Content-Length" and "Transfer-Encoding" in headers):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Who gave up hung up."""


@contextmanager
def stranger() -> Iterator[str]:
    """Serve; gives the address of the server."""
    Stranger.seen.clear()
    Stranger.body, Stranger.tag = PAGE, TAG
    server = _Quiet(("127.0.0.1", 0), Stranger)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
