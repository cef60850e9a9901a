"""What `catena doctor` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Health:
    facts: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]
    repairs: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        return {"facts": dict(self.facts), "problems": list(self.problems), "repairs": list(self.repairs)}
