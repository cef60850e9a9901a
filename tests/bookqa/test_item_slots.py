"""What is asked for: kinds in turn, every tenth of the book as often."""

from __future__ import annotations

from collections import Counter

import pytest

from catena.bookqa.item_slots import lay_out, parse_kinds
from catena.bookqa.items import KINDS
from catena.errors import OptionError


def test_kinds_and_tenths_are_spread_evenly() -> None:
    slots = list(lay_out("book", 240, KINDS, 1))
    assert set(Counter(slot.kind for slot in slots).values()) == {30}
    for kind in KINDS:
        tenths = Counter(tenth for slot in slots if slot.kind == kind for tenth in slot.tenths)
        assert len(tenths) == 10 and len(set(tenths.values())) == 1


def test_the_same_seed_lays_out_the_same_and_another_does_not() -> None:
    one, same, other = (list(lay_out("book", 40, KINDS, seed)) for seed in (1, 1, 2))
    assert one == same and [slot.tenths for slot in one] != [slot.tenths for slot in other]
    assert one[0].drawn(0).random() == same[0].drawn(0).random() != one[0].drawn(1).random()


@pytest.mark.parametrize(("text", "kinds"), [("", KINDS), ("local, arc", ("arc", "local")), (None, KINDS)])
def test_kinds_are_read(text: str | None, kinds: tuple[str, ...]) -> None:
    assert parse_kinds(text) == kinds


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(OptionError, match="riddle"):
        parse_kinds("arc,riddle")
