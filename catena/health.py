"""Findings of `catena doctor`."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`can_repair`: `catena doctor --repair` mends it; else `remedy` says what a person can do."""

    name: str
    message: str
    remedy: str = ""
    document_id: str | None = None
    can_repair: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """Facts by name; problems that are there (still), and those that were mended."""

    facts: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]
    mended: tuple[Problem, ...]

    def to_json(self) -> dict[str, object]:
        return {
            "facts": dict(self.facts),
            "problems": [asdict(problem) for problem in self.problems],
            "mended": [asdict(problem) for problem in self.mended],
        }
