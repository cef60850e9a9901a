"""Numbers of model calls and of their tokens, before any is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallUsage:
    """Model calls: how many, the tokens that all of them read and write, and the longest prompt."""

    calls: int = 0
    read: int = 0
    written: int = 0
    longest: int = 0

    @classmethod
    def of(cls, calls: int, read: int, written: int) -> CallUsage:
        """So many equal calls; `read` and `written` are of one."""
        return cls(calls, calls * read, calls * written, read if calls else 0)

    def __add__(self, other: CallUsage) -> CallUsage:
        return CallUsage(
            self.calls + other.calls,
            self.read + other.read,
            self.written + other.written,
            max(self.longest, other.longest),
        )

    def __mul__(self, times: int) -> CallUsage:
        return CallUsage(
            times * self.calls, times * self.read, times * self.written, self.longest if times else 0
        )

    def __or__(self, other: CallUsage) -> CallUsage:
        """Return the smallest usage that is enough for either."""
        return CallUsage(
            max(self.calls, other.calls),
            max(self.read, other.read),
            max(self.written, other.written),
            max(self.longest, other.longest),
        )


@dataclass(frozen=True, slots=True)
class CallEstimate:
    """Calls that `model` gets in one role."""

    role: str
    model: str
    usual: CallUsage
    most: CallUsage


def total(amounts: Iterable[CallUsage]) -> CallUsage:
    return sum(amounts, CallUsage())
