"""Requests from elsewhere, over every route of `catena ui`, `serve-model` and `serve`: refused, however spelled.

They carry a valid cookie or key: nothing but where they come from is against them.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from catena.benchmarks.browsing import TOKEN, serving
from tests.attacks.wire import UPGRADE, status, written

REFUSED = (400, 403)
OWN = ["Host: 127.0.0.1:{port}"]
SAME = [*OWN, "Origin: http://127.0.0.1:{port}", "Sec-Fetch-Site: same-origin"]
XSRF = ["Cookie: _streamlit_xsrf=6162", "X-Xsrftoken: 6162"]
"""Streamlit wants the same in a cookie and a header before it takes a file."""
KEY = "a-key-of-more-than-sixteen"
FOREIGN = {
    "another name": ["Host: evil.example:{port}"],
    "in capitals": ["Host: EVIL.EXAMPLE:{port}"],
    "a name below it": ["Host: localhost.evil.example:{port}"],
    "a public name of this machine": ["Host: 127.0.0.1.nip.io:{port}"],
    "a full stop behind": ["Host: localhost.:{port}"],
    "a user before": ["Host: evil.example@127.0.0.1:{port}"],
    "our name as user": ["Host: 127.0.0.1:{port}@evil.example"],
    "no port": ["Host: 127.0.0.1"],
    "another port": ["Host: 127.0.0.1:1"],
    "any address": ["Host: 0.0.0.0:{port}"],
    "another loopback": ["Host: [::ffff:127.0.0.1]:{port}"],
    "two hosts": ["Host: 127.0.0.1:{port}", "Host: evil.example"],
    "no host": [],
    "an empty host": ["Host:"],
    "another origin": ["Host: 127.0.0.1:{port}", "Origin: http://evil.example"],
    "an origin in capitals": ["Host: 127.0.0.1:{port}", "Origin: HTTP://EVIL.EXAMPLE:{port}"],
    "another port of this machine": ["Host: 127.0.0.1:{port}", "Origin: http://127.0.0.1:1"],
    "another name of this machine": ["Host: 127.0.0.1:{port}", "Origin: http://localhost:{port}"],
    "no port in the origin": ["Host: 127.0.0.1:{port}", "Origin: http://127.0.0.1"],
    "an origin that begins like ours": ["Host: 127.0.0.1:{port}", "Origin: http://127.0.0.1:{port}.evil.example"],
    "null": ["Host: 127.0.0.1:{port}", "Origin: null"],
    "two origins": ["Host: 127.0.0.1:{port}", "Origin: http://127.0.0.1:{port}", "Origin: http://evil.example"],
    "rebound": ["Host: evil.example:{port}", "Origin: http://evil.example:{port}"],
    "a picture on another page": ["Host: 127.0.0.1:{port}", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors"],
    "a frame on another page": [
        "Host: 127.0.0.1:{port}", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"
    ],
}  # fmt: skip
PAGES = [
    "GET /",
    "GET /library",
    "GET /favicon.png",
    "GET /static/x.js",
    "GET /media/x.png",
    "GET /component/x/y",
    "GET /_stcore/health",
    "GET /_stcore/host-config",
    "GET /_stcore/metrics",
    "GET /_stcore/stream",
    "PUT /_stcore/upload_file/a/b",
    "DELETE /_stcore/upload_file/a/b",
    "OPTIONS /_stcore/upload_file/a/b",
    "GET /auth/login",
    "GET /oauth2callback",
    "GET /nothing",
]
ROUTES = [
    "POST /v1/chat/completions",
    "POST /v1/completions",
    "GET /v1/models",
    "GET /v1/models/recall",
    "POST /v1/documents",
    "GET /v1/documents",
    "GET /v1/documents/x",
    "DELETE /v1/documents/x",
    "OPTIONS /v1/documents",
    "GET /health",
    "GET /metrics",
    "GET /nothing",
]
SERVED = [
    "POST /v1/documents",
    "GET /v1/documents",
    "GET /v1/documents/x",
    "DELETE /v1/documents/x",
    "GET /v1/documents/x/pages/1/image",
    "POST /v1/search",
    "POST /v1/ask",
    "POST /v1/ask/events",
    "POST /v1/runs",
    "GET /v1/runs/x/events",
    "DELETE /v1/threads/x",
    "OPTIONS /v1/ask",
    "GET /openapi.json",
    "GET /v1/health",
    "GET /nothing",
]


class Server:
    """A port, its routes, and what lets a request in."""

    def __init__(self, url: str, routes: list[str], credential: str) -> None:
        self.url = url
        self.port = int(urlsplit(url).port or 0)
        self.routes = routes
        self.credential = credential

    def status(self, route: str, headers: list[str], body: bytes = b"") -> int:
        upgrade = UPGRADE if route.endswith("/stream") else (f"Content-Length: {len(body)}",)
        more = [header.format(port=self.port) for header in headers]
        return status(self.port, written(f"{route} HTTP/1.1", *more, *upgrade, self.credential, body=body))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("streamlit", reason="the extra `ui` is not installed")
    home = tmp_path_factory.mktemp("pages") / "home"
    with serving(home, {"CATENA_BACKGROUND": "false"}) as (url, _):
        reply = httpx.get(f"{url}/?token={TOKEN}", timeout=60)
        yield Server(url, PAGES, f"Cookie: {reply.headers['set-cookie'].split(';')[0]}")
    assert TOKEN not in (home / "ui.log").read_text("utf-8").replace(f"?token={TOKEN}\n", "", 1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("torch", reason="the extra `local` is not installed")
    from catena.benchmarks.kv.recall_server import load_recall, served

    folder = tmp_path_factory.mktemp("model")
    with served(load_recall(folder), folder / "kv", start_key=KEY) as url:
        yield Server(url, ROUTES, f"Authorization: Bearer {KEY}")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("fastapi", reason="the extra `server` is not installed")
    from tests.app.server.serving import KEY, library, served

    with library(tmp_path_factory.mktemp("service")) as client, served(client) as url:
        yield Server(url, SERVED, f"Authorization: Bearer {KEY}")


@pytest.fixture(params=["pages", "model", "service"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("name", FOREIGN)
def test_no_route_answers_a_foreign_request(server: Server, name: str) -> None:
    answered = {route: server.status(route, FOREIGN[name]) for route in server.routes}
    assert {route: code for route, code in answered.items() if code not in REFUSED} == {}


@pytest.mark.parametrize("headers", [OWN, SAME])
def test_the_same_requests_from_here_come_in(server: Server, headers: list[str]) -> None:
    headers = [*headers, *XSRF]
    answered = {route: server.status(route, headers) for route in server.routes}
    assert {route: code for route, code in answered.items() if code == 403 or not code} == {}


def test_an_address_in_the_request_line_is_refused(server: Server) -> None:
    for target in (
        f"http://evil.example:{server.port}/",
        f"http://127.0.0.1:{server.port}/",
        "evil.example:80",
        "*",
    ):
        first = f"{'OPTIONS' if target == '*' else 'GET'} {target} HTTP/1.1"
        assert status(server.port, written(first, f"Host: 127.0.0.1:{server.port}", server.credential)) in (
            *REFUSED,
            404,
        )


def test_without_cookie_or_key_only_health_is_told(server: Server) -> None:
    bare = Server(server.url, server.routes, "X-Nothing: none")
    answered = {route: bare.status(route, OWN) for route in server.routes}
    told = {route for route, code in answered.items() if code not in (401, 403)}
    assert told == {route for route in server.routes if route.endswith("/health")}


def still_answers(server: Server) -> bool:
    return all(server.status(route, OWN) == 200 for route in server.routes if route.endswith("/health"))


def test_clients_that_send_half_a_request_stop_nobody(server: Server) -> None:
    half = written("POST /nothing HTTP/1.1", f"Host: 127.0.0.1:{server.port}", server.credential)[:-4]
    with ExitStack() as hanging:
        for _ in range(50):
            slow = hanging.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            slow.sendall(half)
        assert still_answers(server)


@pytest.mark.parametrize("length", [10_000_000, 9_999_999_999])
def test_ten_megabytes_and_a_body_that_is_cut_off_stop_nobody(server: Server, length: int) -> None:
    big = b"x" * 10_000_000
    for credential in (server.credential, "X-Nothing: none"):
        for route in server.routes:
            first, host = f"{route} HTTP/1.1", f"Host: 127.0.0.1:{server.port}"
            with socket.create_connection(("127.0.0.1", server.port)) as cut, suppress(OSError):
                cut.sendall(written(first, host, credential, f"Content-Length: {length}", body=big))
    assert still_answers(server)


@pytest.mark.parametrize("junk", [b"\x16\x03\x01\x02", b"GET / HTTP/9.9", b"\r\n" * 1000, b"A" * 200_000])
def test_what_is_no_request_stops_nobody(server: Server, junk: bytes) -> None:
    assert status(server.port, junk + b"\r\n\r\n") in (0, *REFUSED)
    assert still_answers(server)


@pytest.mark.parametrize("session", ["a", "..%2f..", "%00", "a" * 5000])
@pytest.mark.parametrize("name", ["b", "..%2f..%2fetc%2fpasswd", "b%0d%0aX-Evil:%201"])
def test_an_upload_to_no_session_of_ours_keeps_nothing(pages: Server, session: str, name: str) -> None:
    part = (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="../../../x.pdf"\r\n\r\n%PDF\r\n--x--\r\n'
    )
    headers = [*OWN, *XSRF, "Content-Type: multipart/form-data; boundary=x"]
    code = pages.status(f"PUT /_stcore/upload_file/{session}/{name}", headers, part)
    assert 400 <= code < 500


def test_where_visitors_log_in_their_address_counts(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("streamlit", reason="the extra `ui` is not installed")
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(
        '[auth]\nredirect_uri = "https://docs.example.org/oauth2callback"\ncookie_secret = "x"\n'
    )
    monkeypatch.chdir(tmp_path)
    with serving(home) as (url, _):
        server = Server(url, ["GET /"], "X-Nothing: none")
        page = ["Host: docs.example.org", "Origin: https://docs.example.org"]
        assert server.status("GET /", page) == 200
        assert server.status("GET /_stcore/stream", page) == 101
        assert server.status("GET /_stcore/stream", [page[0], "Origin: https://evil.example"]) == 403
        assert server.status("GET /", ["Host: evil.example"]) == 403
