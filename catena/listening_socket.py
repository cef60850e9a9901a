"""A socket that listens for a server of ours, or the word why there is none."""

from __future__ import annotations

import socket

from catena.errors import OptionError


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there, before anything slow is done. Raises OptionError where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family)
        # Connections inherit it. asyncio sets it for sockets of its own alone, and a reply in two parts waits 40 ms.
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    except (OSError, UnicodeError) as error:  # the second of a name that can be none
        said = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise OptionError(
            f"Nothing can listen at {host}, port {port}: {said}.", "Give another --port or --host."
        ) from error
