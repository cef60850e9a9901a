"""Who cannot listen at an address is told which, and what to do."""

from __future__ import annotations

import socket

import pytest

from catena.errors import OptionError
from catena.listening_socket import listen


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "192.0.2.1"])
def test_an_address_that_is_none_of_this_machine_is_named(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="Nothing can listen at") as caught:
        listen(host, 0)
    assert host in caught.value.message and "--host" in caught.value.remedy


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OptionError, match="in use"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_connections_send_at_once() -> None:
    with listen("127.0.0.1", 0) as made, socket.create_connection(made.getsockname()):
        accepted, _ = made.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
