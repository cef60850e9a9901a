"""Numbers of model calls and of their tokens, before any is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amount:
    """Model calls: how many, the tokens that all of them read and write, and the longest prompt."""

    calls: int = 0
    read: int = 0
    written: int = 0
    longest: int = 0

    @classmethod
    def of(cls, calls: int, read: int, written: int) -> Amount:
        """So many equal calls; `read` and `written` are of one."""
        return cls(calls, calls * read, calls * written, read if calls else 0)

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.calls + other.calls,
            self.read + other.read,
            self.written + other.written,
            max(self.longest, other.longest),
        )

    def __mul__(self, times: int) -> Amount:
        return Amount(
            times * self.calls, times * self.read, times * self.written, self.longest if times else 0
        )

    def __or__(self, other: Amount) -> Amount:
        """What is enough for either."""
        return Amount(
            max(self.calls, other.calls),
            max(self.read, other.read),
            max(self.written, other.written),
            max(self.longest, other.longest),
        )


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Calls that `model` gets in one role."""

    role: str
    model: str
    usual: Amount
    most: Amount


def total(amounts: Iterable[Amount]) -> Amount:
    return sum(amounts, Amount())
