"""Which requests are refused by what they say of themselves, however it is spelled."""

from __future__ import annotations

from typing import Any

import pytest

from catena.request_origins import OwnAddress

PORT = 8501


def asked(
    *headers: tuple[str, str], path: str = "/", method: str = "GET", port: int = PORT
) -> dict[str, Any]:
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {
        "type": "http",
        "path": path,
        "method": method,
        "server": ("127.0.0.1", port),
        "headers": pairs,
    }


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "LocalHost:8501", "[::1]:8501"])
def test_own_names_come_in_from_no_page_or_their_own(host: str) -> None:
    own = OwnAddress()
    assert own.objection(asked(("Host", host))) == ""
    assert own.objection(asked(("Host", host), ("Origin", f"http://{host}"))) == ""
    assert own.objection(asked(("Host", host), ("Sec-Fetch-Site", "same-origin"))) == ""


FOREIGN_HOSTS = [
    "",
    "evil.example",
    "evil.example:8501",
    "EVIL.EXAMPLE:8501",
    "localhost",
    "127.0.0.1",
    "127.0.0.1:8502",
    "127.0.0.1:08501",
    "127.0.0.1:",
    "localhost.:8501",
    "127.0.0.1.:8501",
    "localhost.evil.example:8501",
    "127.0.0.1.nip.io:8501",
    "127.0.0.1@evil.example:8501",
    "evil.example@127.0.0.1:8501",
    "evil.example#127.0.0.1:8501",
    "evil.example, 127.0.0.1:8501",
    "127.0.0.1:8501/evil.example",
    "127.1:8501",
    "2130706433:8501",
    "0.0.0.0:8501",
    "[::]:8501",
    "[::ffff:127.0.0.1]:8501",
    "::1:8501",
    "[::1]",
    "\xb9\xb2\xb7.0.0.1:8501",
]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_other_hosts_are_refused(host: str) -> None:
    assert "another server" in OwnAddress().objection(asked(("Host", host)))


FOREIGN_ORIGINS = [
    "",
    "null",
    "http://evil.example",
    "http://EVIL.example:8501",
    "http://127.0.0.1",
    "http://127.0.0.1:8502",
    "http://localhost:8501",
    "http://[::1]:8501",
    "http://127.0.0.1:8501.evil.example",
    "http://127.0.0.1:8501@evil.example",
    "http://user@127.0.0.1:8501",
    "http://127.0.0.1.:8501",
    "http://127.0.0.1:8501/",
    "127.0.0.1:8501",
    "ws://127.0.0.1:8501",
    "file://",
    "chrome-extension://abcdef",
    "http://127.0.0.1:8501, http://evil.example",
]


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_other_origins_are_refused(origin: str) -> None:
    scope = asked(("Host", "127.0.0.1:8501"), ("Origin", origin))
    assert "another origin" in OwnAddress().objection(scope)


@pytest.mark.parametrize(
    "scope",
    [
        asked(),
        asked(("Host", "127.0.0.1:8501"), ("Host", "evil.example")),
        asked(("Host", "127.0.0.1:8501"), ("Host", "127.0.0.1:8501")),
        asked(("Host", "127.0.0.1:8501"), path="http://evil.example/"),
        asked(("Host", "127.0.0.1:8501"), path="*", method="OPTIONS"),
        asked(("Host", "127.0.0.1:8501"), ("Origin", "http://127.0.0.1:8501"), ("Origin", "null")),
    ],
)
def test_requests_that_say_it_twice_or_not_at_all_are_refused(scope: dict[str, Any]) -> None:
    assert OwnAddress().objection(scope)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_page_may_link_here_and_embed_nothing(site: str) -> None:
    host, said = ("Host", "127.0.0.1:8501"), ("Sec-Fetch-Site", site)
    link = (("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"))
    frame = (("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe"))
    picture = (("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image"))
    assert OwnAddress().objection(asked(host, said, *link)) == ""
    for scope in (
        asked(host, said, *frame),
        asked(host, said, *picture),
        asked(host, said, *link, method="POST"),
    ):
        assert "another site" in OwnAddress().objection(scope)


def test_the_port_of_a_protocol_goes_without_saying() -> None:
    assert OwnAddress().objection(asked(("Host", "localhost"), port=80)) == ""


def test_a_proxy_before_it_has_a_name_of_its_own() -> None:
    own = OwnAddress(public="https://docs.example.org")
    page = ("Origin", "https://docs.example.org")
    assert own.objection(asked(("Host", "docs.example.org"), page)) == ""
    assert own.objection(asked(("Host", "127.0.0.1:8501"), page)) == ""
    assert own.objection(asked(("Host", "docs.example.org:8501")))
    assert own.objection(asked(("Host", "docs.example.org"), ("Origin", "https://evil.example")))


def test_where_keys_are_asked_any_host_is_taken_and_no_other_origin() -> None:
    own = OwnAddress(is_any=True)
    assert own.objection(asked(("Host", "gpu-box.lan:8000"))) == ""
    assert own.objection(asked(("Host", "gpu-box.lan:8000"), ("Origin", "http://gpu-box.lan:8000"))) == ""
    assert own.objection(asked(("Host", "gpu-box.lan:8000"), ("Origin", "http://evil.example")))
    assert own.objection(asked(("Host", "a@b:8000")))
