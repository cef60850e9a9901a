"""What pages of others in the same browser get out of an open `catena ui`: nothing read, nothing added."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from catena import Catena
from catena.benchmarks.browsing import TOKEN, chromium, enter, find_chromium, serving, settle

REBOUND = "evil.example"
TRIES = """async url => {
  const said = {}, socket = url.replace('http', 'ws') + '/_stcore/stream';
  const loaded = (tag, name, address) => new Promise(done => {
    const one = document.createElement(tag);
    one.onload = () => done('loaded'); one.onerror = () => done('refused');
    one[name] = address; document.body.append(one);
  });
  const open = () => new Promise(done => {
    const one = new WebSocket(socket, ['streamlit']);
    one.onopen = () => done('opened'); one.onerror = () => done('refused');
  });
  const ask = options => fetch(url + '/_stcore/host-config', options).then(() => 'answered', () => 'refused');
  said.fetch = await ask({credentials: 'include'});
  said.upload = await fetch(url + '/_stcore/upload_file/a/b', {method: 'PUT', credentials: 'include', body: 'x'})
    .then(() => 'answered', () => 'refused');
  said.socket = await open();
  said.picture = await loaded('img', 'src', url + '/favicon.png');
  said.script = await loaded('script', 'src', url + '/_stcore/host-config');
  return said;
}"""
FORM = """url => {
  document.body.innerHTML = `<form method=post enctype=multipart/form-data action="${url}/_stcore/upload_file/a/b">
    <input name=f value=x></form>`;
  setTimeout(() => document.forms[0].submit());
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One whose name server gives a stranger's name the address of this machine."""
    if find_chromium() is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with chromium(f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1") as browser:
        yield browser


@pytest.fixture
def stranger() -> Iterator[str]:
    """A page of somebody else's on another port of this machine: browsers call it the same site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>a stranger</title><body>")

        def log_message(self, *words: Any) -> None:
            pass

    served = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()


def test_a_page_of_another_port_reads_nothing_and_adds_nothing(
    page: Any, server: str, stranger: str, home: Path
) -> None:
    enter(page, server)
    settle(page)
    page.goto(stranger)
    statuses: list[int] = []  # of what the stranger asks, from here on
    page.on("response", lambda reply: statuses.append(reply.status) if reply.url.startswith(server) else None)
    said = page.evaluate(TRIES, server)
    assert set(said.values()) == {"refused"}, said
    with page.expect_response(lambda reply: reply.url.startswith(server) and reply.request.method == "POST"):
        page.evaluate(FORM, server)
    assert statuses and set(statuses) == {403}
    with Catena(home) as c:
        assert c.documents() == []


def test_a_name_that_is_given_our_address_opens_nothing_even_with_the_token(page: Any, server: str) -> None:
    rebound = f"http://{REBOUND}:{urlsplit(server).port}"
    reply = page.goto(f"{rebound}/?token={TOKEN}")
    assert reply.status == 403 and "another server" in page.content()
    assert page.context.cookies() == []
    assert page.evaluate(TRIES, rebound)["socket"] == "refused"
    assert page.evaluate("() => fetch('/_stcore/host-config').then(reply => reply.status)") == 403


def test_who_has_no_token_is_told_how_to_open_it_and_two_pages_do_not_disturb_each_other(
    page: Any, server: str, tmp_path: Path
) -> None:
    assert page.goto(server).status == 403
    page.get_by_role("heading", name="Open it with its address").wait_for()
    with serving(tmp_path / "second") as (other, _):
        for url in (server, other):
            enter(page, url)
            page.get_by_test_id("stMainBlockContainer").wait_for()
            assert "token" not in page.url
        assert page.goto(server).status == page.goto(other).status == 200
    names = {
        cookie["name"]: cookie for cookie in page.context.cookies() if cookie["name"].startswith("catena")
    }
    assert len(names) == 2
    assert all(one["httpOnly"] and one["sameSite"] == "Strict" for one in names.values())
