"""Whose key a request brings, and where one has to be asked."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the extra `local` is not installed")

from catena.errors import OptionError
from catena.kv.server.access import ANYBODY, check_address, owner_of

KEY, START = "a-key-of-a-file-0123", "the-key-of-one-start"


def test_the_key_of_one_start_sees_what_nobody_owns() -> None:
    assert owner_of(f"Bearer {START}", (), START) == ANYBODY == owner_of("", ())
    assert owner_of(f"Bearer {KEY}", (KEY,)) not in (ANYBODY, None)


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", START, f"Basic {START}", f"Bearer {START}x", f"Bearer {KEY}"]
)
def test_without_it_nothing_is_seen(given: str) -> None:
    assert owner_of(given, (), START) is None


def test_an_empty_key_opens_nothing() -> None:
    assert owner_of("Bearer ", (KEY,), "") is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.2", "gpu-box"])
def test_addresses_that_others_reach_need_a_key_file(host: str) -> None:
    check_address(host, (KEY,))
    with pytest.raises(OptionError, match="can be reached by others"):
        check_address(host, ())
