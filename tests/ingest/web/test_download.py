"""Documents from the web: what is public is fetched, by a process of its own; strangers get nothing else from it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catena.errors import DocumentError
from catena.ingest.web import download as module
from catena.ingest.web.download import download
from catena.ingest.web.web_request import fetch, is_public, open_socket
from catena.web_addresses import checked_url, file_name, is_address, url_of
from tests.ingest.web.web_server import PAGE, TAG, Stranger, stranger


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A stranger's server; its port alone is let through."""
    with stranger() as address:
        monkeypatch.setattr(module, "TESTED_PORTS", frozenset({int(address.rpartition(":")[2])}))
        yield address


@pytest.fixture
def get(tmp_path: Path, web: str) -> Callable[..., module.Download]:
    def get(path: str, **options: Any) -> module.Download:
        return download(url_of(f"{web}{path}"), tmp_path, **({"max_bytes": 1 << 20} | options))

    return get


Get = Callable[..., module.Download]
Asked = Callable[..., bytes]


@pytest.fixture
def asked(tmp_path: Path, web: str) -> Asked:
    """What the process does, in this one: it starts in a fifth of a second, and there are many strangers."""

    def asked(path: str, **options: Any) -> bytes:
        request = {"url": f"{web}{path}", "seconds": 5, "max_bytes": 1 << 20, "agent": "test"} | options
        with (tmp_path / "body").open("w+b") as out:
            fetch({**request, "tested": [*module.TESTED_PORTS]}, out.fileno())
            return (tmp_path / "body").read_bytes()

    return asked


def test_a_page_is_fetched_with_what_its_server_calls_it(get: Get, web: str) -> None:
    found = get("/page")
    assert found.file and (found.file.name, found.file.read_bytes()) == ("page.html", PAGE)
    assert (found.url, found.etag) == (f"{web}/page", TAG)
    (asked,) = Stranger.seen
    assert (
        not asked.keys() & {"cookie", "authorization", "referer"} and asked["accept-encoding"] == "identity"
    )


def test_what_has_not_changed_is_not_sent_again(get: Get) -> None:
    assert get("/page", etag=TAG).file is None
    assert get("/page", etag='"v0"').file is not None


def test_a_redirect_is_followed_without_cookies(get: Get, web: str) -> None:
    found = get(f"/to?{web}/page")
    assert found.url == f"{web}/page" and found.file
    assert not any("cookie" in asked for asked in Stranger.seen)


PRIVATE = [
    "http://127.0.0.1:9/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://0177.0.0.1/",
    "http://0x7f.1/",
    "http://127.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://user:pass@127.0.0.1:8080/",
    "http://127.0.0.1:22/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/x",
    "gopher://127.0.0.1:70/x",
    "http://exa_mple .org/",
    "http://a\\@127.0.0.1/",
    "http://[::1/",
    "http://127.0.0.1:99999/",
    "https:///x",
]
"""No address of a document: this machine, its neighbours, clouds' own services, in every spelling, and what is none."""
_TRY = """
import json, sys
from catena.errors import DocumentError
from catena.ingest.web.web_request import fetch
asked = json.load(sys.stdin)
for url in asked["urls"]:
    try:
        print(fetch({**asked, "url": url}, -1))
    except DocumentError as error:
        print(error.reason, error.message)
"""


def refusals(urls: list[str], tested: list[int]) -> list[str]:
    """What comes of each, in one process without the tests' own fence."""
    asked = {"urls": urls, "tested": tested, "seconds": 5, "max_bytes": 9, "agent": "test"}
    command = [sys.executable, "-c", _TRY]
    return subprocess.run(
        command, input=json.dumps(asked), capture_output=True, text=True
    ).stdout.splitlines()


def test_what_is_not_public_is_refused_at_first_and_on_a_redirect(web: str) -> None:
    led = [f"{web}/to?{target}".replace(" ", "%20").replace("\\", "%5C") for target in PRIVATE]
    found = refusals([*PRIVATE, *led], [int(web.rpartition(":")[2])])
    assert [one for one in found if not one.startswith("not_allowed")] == []
    assert len(found) == 2 * len(PRIVATE) and "pass@" not in "".join(found)


@pytest.mark.parametrize(
    ("path", "reason", "said"),
    [
        ("/bomb", "too_big", "larger than 1 MiB"),
        ("/endless", "too_big", "larger than 1 MiB"),
        ("/short?10737418240", "too_big", "larger than 1 MiB"),
        ("/short?1000", "unreachable", "91 of 1,000 bytes came"),
        ("/status?404", "unreachable", "answers 404"),
        ("/status?206", "unreachable", "answers 206"),
        ("/type?video/mp4", "not_a_document", "video/mp4, no document"),
        ("/encoded?br", "unreachable", "packed as 'br'"),
        ("/encoded?gzip", "unreachable", "packed, and damaged"),
        ("/junk", "unreachable", "no HTTP"),
        ("/to?/to?/page", None, ""),
        ("/to?" * 6 + "/page", "unreachable", "leads on more than 5 times"),
        ("/packed", None, ""),
    ],
)
def test_strangers(path: str, reason: str | None, said: str, asked: Asked) -> None:
    if reason is None:
        assert asked(path) == PAGE
        return
    with pytest.raises(DocumentError, match=said) as failed:
        asked(path)
    assert failed.value.reason == reason


def test_the_process_says_what_was_refused(get: Get) -> None:
    with pytest.raises(DocumentError, match="larger than 1 MiB") as failed:
        get("/bomb")
    assert failed.value.reason == "too_big"
    with pytest.raises(DocumentError, match="no public address"):
        get("/to?http://127.0.0.1:8080/")


def test_a_slow_one_is_given_up(get: Get) -> None:
    with pytest.raises(DocumentError, match="took too long") as failed:
        get("/slow", seconds=0.5)
    assert failed.value.reason == "timeout"


def test_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setattr(module, "TESTED_PORTS", frozenset({port}))
    with pytest.raises(DocumentError, match="could not be fetched: Connection refused"):
        download(f"http://127.0.0.1:{port}/", tmp_path, max_bytes=1)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/named?../../etc/x.html", "x.html"),
        ("/named?a%20b", "a b.html"),
        ("/page.pdf", "page.pdf"),
        ("/page.php", "page.php.html"),
        ("/type?application/pdf", "type.pdf"),
    ],
)
def test_the_file_has_a_name_that_fits(path: str, name: str, get: Get) -> None:
    found = get(path)
    assert found.file and found.file.name == name and found.file.parent.name.startswith("test_")


def resolving(*answers: list[str]) -> Callable[..., list[tuple[Any, ...]]]:
    """A resolver that says something else each time it is asked."""
    left = list(answers)

    def resolve(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in left.pop(0)]

    return resolve


def test_a_name_is_resolved_once_and_all_its_addresses_are_judged() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        resolve = resolving(["127.0.0.1"])  # asked twice, it would raise
        open_socket("rebinding.example", port, frozenset({port}), resolve).close()
        for answer in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"]):
            with pytest.raises(DocumentError, match=r"is at 127\.0\.0\.1, which is no public address"):
                open_socket("rebinding.example", port, frozenset(), resolving(answer))


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "8.8.8.8", "64:ff9b::808:808"]
)
def test_the_open_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("arxiv:2406.02818", "https://arxiv.org/pdf/2406.02818"),
        ("arXiv: 2406.02818v2", "https://arxiv.org/pdf/2406.02818v2"),
        ("arxiv:hep-th/9901001", "https://arxiv.org/pdf/hep-th/9901001"),
        ("doi:10.1000/182", "https://doi.org/10.1000/182"),
        ("doi:10.1002/(SICI)1<1::AID>3.0", "https://doi.org/10.1002/(SICI)1%3C1%3A%3AAID%3E3.0"),
        ("HTTPS://Example.ORG/a b#c".replace(" ", "%20"), "https://example.org/a%20b"),
        ("https://münchen.example/ä?q=ß", "https://xn--mnchen-3ya.example/%C3%A4?q=%C3%9F"),
        ("https://example.org:8443", "https://example.org:8443/"),
    ],
)
def test_an_address_has_one_form(name: str, url: str) -> None:
    assert is_address(name) and url_of(name) == url == checked_url(url)


@pytest.mark.parametrize("name", ["a.pdf", "/tmp/a.pdf", "C:\\x.pdf", "https:/x", "arxiv.pdf", "a:b"])
def test_a_path_is_none(name: str) -> None:
    assert not is_address(name)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://x.org/a/b.pdf?c=d/e", "b.pdf"),
        ("https://x.org/", "x.org"),
        ("https://x.org/%2e%2e%2fetc%2fpasswd", "_etc_passwd"),
        ("https://x.org/" + "a" * 500 + ".pdf", "a" * 116 + ".pdf"),
    ],
)
def test_names_of_files(url: str, name: str) -> None:
    assert file_name(url) == name
