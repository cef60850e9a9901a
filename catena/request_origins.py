"""Check of a request's origin, for servers on this machine: it names it as its Host, from no page but its own.

A name server can give 127.0.0.1 to any name (DNS rebinding), and every page of the web can send requests here. Both say
where they come from: RFC 9112 (Host), RFC 6454 (Origin), W3C Fetch Metadata (Sec-Fetch-Site).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

OWN_NAMES = ("127.0.0.1", "localhost", "[::1]")
_DEFAULT_PORTS = (80, 443)
_WELL_FORMED = re.compile(r"([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
_Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """Addresses of a server: loopback with its port, `public` (an origin, of a proxy before it), or anything.

    `is_any`: the Host is not looked at, where each request brings a key that no browser has.
    """

    public: str = ""
    is_any: bool = False

    def objection(self, scope: Mapping[str, Any]) -> str:
        """Say why an ASGI request or WebSocket is refused; nothing where it may come in."""
        hosts, origins = _values(scope["headers"], b"host"), _values(scope["headers"], b"origin")
        if not scope["path"].startswith("/") or len(hosts) != 1 or not self._is_own(hosts[0], _port(scope)):
            return "The request is meant for another server: its Host is none of this one's names."
        if len(origins) > 1 or not all(self._is_same(one, hosts[0]) for one in origins):
            return "A page of another origin may not ask this server."
        if _is_of_another_page(scope):
            return "A page of another site may lead here, and not use what is here."
        return ""

    def _is_own(self, host: str, port: int) -> bool:
        if self.is_any:
            return _WELL_FORMED.fullmatch(host) is not None
        own = {f"{name}:{port}" for name in OWN_NAMES}
        if port in _DEFAULT_PORTS:
            own.update(OWN_NAMES)
        return host in own or (self.public != "" and host == urlsplit(self.public).netloc.lower())

    def _is_same(self, origin: str, host: str) -> bool:
        return origin in (f"http://{host}", f"https://{host}", self.public.lower() or None)


def is_loopback(host: str) -> bool:
    """Tell whether this machine alone reaches an address that is listened on."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def at(host: str, port: int) -> str:
    """The address of a server, as a browser takes it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _port(scope: Mapping[str, Any]) -> int:
    """Of the socket that the request came to."""
    server = scope.get("server") or ("", 0)
    return int(server[1] or 0)


def _values(headers: _Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1").lower() for key, value in headers if key == name]


def _is_of_another_page(scope: Mapping[str, Any]) -> bool:
    """Pictures, scripts and frames carry no Origin. Links may lead here: who follows one sees what it shows."""
    said = {
        name: _values(scope["headers"], b"sec-fetch-" + name.encode()) for name in ("site", "mode", "dest")
    }
    if not set(said["site"]) & {"cross-site", "same-site"}:
        return False
    is_link = said["mode"] == ["navigate"] and said["dest"] == ["document"]
    return not (is_link and scope.get("method") == "GET")
