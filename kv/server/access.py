"""Access: bearer keys compared in constant time, and owners of documents."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

from catena.errors import OptionError
from catena.request_origins import is_loopback

ANYBODY = ""
MIN_KEY = 16


def read_keys(path: Path) -> tuple[str, ...]:
    """One key a line; lines that begin with # do not count. Raises OptionError."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise OptionError(f"The key file {path} cannot be read: {error.strerror}.") from error
    keys = tuple(line for line in lines if line and not line.startswith("#"))
    if not keys:
        raise OptionError(f"The key file {path} holds no key.", "Write one into it: openssl rand -hex 32.")
    if any(len(key) < MIN_KEY for key in keys):
        raise OptionError(
            f"A key in {path} has less than {MIN_KEY} characters.", "Take openssl rand -hex 32."
        )
    return keys


def check_address(host: str, keys: Sequence[str]) -> None:
    """Raise OptionError for an address that others reach, when no key is asked of them."""
    if not keys and not is_loopback(host):
        raise OptionError(
            f"{host} can be reached by others, and no key is asked of them.",
            "Give --api-key-file, or take the host 127.0.0.1.",
        )


def owner_of(authorization: str, keys: Sequence[str], start_key: str = "") -> str | None:
    """Whose documents a request may see: a hash of its key, nobody's (None) for a wrong one.

    With the key of one start it is anybody's: what was read before is still there after the next start.
    """
    if not keys and not start_key:
        return ANYBODY
    scheme, _, given = authorization.partition(" ")
    given = given.strip()
    matches = [_is_equal(given, key) for key in (*keys, start_key) if key]
    if scheme.lower() != "bearer" or not any(matches):
        return None
    return ANYBODY if _is_equal(given, start_key) else hashlib.sha256(given.encode()).hexdigest()[:16]


def _is_equal(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode(), key.encode())
