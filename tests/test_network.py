"""The tests' own fence: nothing but this machine can be reached."""

from __future__ import annotations

import socket

import pytest


def test_other_machines_cannot_be_reached() -> None:
    with socket.socket() as link, pytest.raises(RuntimeError, match=r"tried to reach 192\.0\.2\.1"):
        link.connect(("192.0.2.1", 80))
    with pytest.raises(RuntimeError, match="tried to look up"):
        socket.getaddrinfo("example.org", 443)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
