"""The pages open by the address that was printed, then by its cookie, and else for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("streamlit", reason="the extra `ui` is not installed")

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.testing.v1 import AppTest

from catena.app.ui.start_token import AskForToken, is_asked, opening_address, start_token
from catena.errors import OptionError
from catena.request_origins import OwnAddress

URL = "http://127.0.0.1:8501"
STREAM = "ws://127.0.0.1:8501/_stcore/stream"
SCRIPT = Path(__file__).parents[2] / "app" / "ui" / "visitor_page.py"
TOKEN = "a-token-of-some-length"


def served(token: str = TOKEN) -> Starlette:
    async def accept(socket: WebSocket) -> None:
        await socket.accept()
        await socket.close()

    routes = [
        WebSocketRoute("/_stcore/stream", accept),
        Route("/{path:path}", lambda request: PlainTextResponse("the library")),
    ]
    return Starlette(routes=routes, middleware=[Middleware(AskForToken, own=OwnAddress(), token=token)])


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(served(), base_url=URL, follow_redirects=False) as made:
        yield made


@pytest.mark.parametrize(
    "path",
    ["/", "/library", "/media/a.png", "/_stcore/host-config", "/?token=", "/?token=wrong", "/?token=é"],
)
def test_without_the_token_a_page_says_how_to_open_it(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert reply.status_code == 403
    assert "catena ui" in reply.text and TOKEN not in reply.text


def test_the_token_is_taken_out_of_the_address_and_becomes_a_cookie(client: TestClient) -> None:
    reply = client.get(f"/library?thread=a%20b&token={TOKEN}&documents=1")
    assert (reply.status_code, reply.headers["location"]) == (303, "/library?thread=a%20b&documents=1")
    cookie = reply.headers["set-cookie"]
    assert cookie.startswith("catena-8501=") and "HttpOnly" in cookie and "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert client.get("/library").text == "the library"
    assert client.put("/_stcore/upload_file/a/b").status_code == 405  # it came through


def test_the_redirect_leads_to_no_other_server(client: TestClient) -> None:
    for path in ("//evil.example/", "/\\evil.example/", "///evil.example"):
        where = client.get(f"{URL}{path}?token={TOKEN}").headers["location"]
        assert where.startswith("/") and where[1:2] not in ("/", "\\")


def test_a_cookie_of_another_port_or_token_opens_nothing(client: TestClient) -> None:
    client.get(f"/?token={TOKEN}")
    value = client.cookies["catena-8501"]
    for cookie in (
        f"catena-8502={value}",
        f"catena-8501={value[:-1]}",
        f"catena-8501={TOKEN}",
        "catena-8501",
    ):
        with TestClient(served(), base_url=URL) as other:
            assert other.get("/", headers={"Cookie": cookie}).status_code == 403
    with TestClient(served("another-token-as-long"), base_url=URL) as other:
        assert other.get("/", headers={"Cookie": f"catena-8501={value}"}).status_code == 403


def test_a_second_cookie_of_the_name_shuts_nobody_out(client: TestClient) -> None:
    client.get(f"/?token={TOKEN}")
    cookie = f"catena-8501=planted; x=1; catena-8501={client.cookies['catena-8501']}"
    with TestClient(served(), base_url=URL) as other:
        assert other.get("/", headers={"Cookie": cookie}).status_code == 200


def test_the_stream_asks_too(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(STREAM):
        pass
    client.get(f"/?token={TOKEN}")
    with client.websocket_connect(STREAM) as socket:
        assert socket.receive()["code"] == 1000
    foreign = {"Origin": "http://evil.example"}
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect(STREAM, headers=foreign),
    ):
        pass
    assert refused.value.code == 1008


def test_health_asks_for_no_token_and_for_the_host(client: TestClient) -> None:
    assert client.get("/_stcore/health").status_code == 200
    assert client.get("/_stcore/health", headers={"Host": "evil.example"}).status_code == 403


def test_no_page_may_frame_or_include_what_is_sent(client: TestClient) -> None:
    for reply in (client.get("/"), client.get("/_stcore/health")):
        assert reply.headers["x-frame-options"] == "SAMEORIGIN"
        assert reply.headers["cross-origin-resource-policy"] == "same-origin"


def test_the_address_that_a_browser_is_opened_with_works_once(client: TestClient) -> None:
    address = opening_address("127.0.0.1", 8501)
    assert TOKEN not in address and client.get(address).status_code == 303
    client.cookies.clear()
    assert client.get(address).status_code == 403


def test_the_script_served_by_itself_shows_nothing() -> None:
    is_asked.clear()
    page = AppTest.from_file(str(SCRIPT), default_timeout=90).run()
    assert "catena ui" in page.error[0].value and len(page.main) == 1


def test_a_log_in_stands_in_the_place_of_the_token() -> None:
    with TestClient(served(token=""), base_url=URL) as client:
        assert client.get("/").status_code == 200
        assert client.get("/", headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_token_is_random_or_chosen_and_never_short(monkeypatch: pytest.MonkeyPatch) -> None:
    made = start_token.__wrapped__
    assert len(made()) >= 32 and made() != made()
    monkeypatch.setenv("CATENA_UI_TOKEN", "kept-for-a-bookmark")
    assert made() == "kept-for-a-bookmark"
    monkeypatch.setenv("CATENA_UI_TOKEN", "short")
    with pytest.raises(OptionError, match="CATENA_UI_TOKEN"):
        made()
