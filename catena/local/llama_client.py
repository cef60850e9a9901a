"""Status of a llama.cpp server: whether it works, and on what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """The tasks that its slots had last, and whether one is under way."""

    tasks: tuple[int, ...] = ()
    is_busy: bool = False


def ask(address: str, key: str) -> Asked | None:
    """Look at a server's slots; None where it does not say, as in the middle of a long step."""
    slots = _get(f"{address}/slots", key)
    if not isinstance(slots, list):
        return None
    known = [slot for slot in slots if isinstance(slot, dict)]
    tasks = tuple(int(slot.get("id_task", -1)) for slot in known)
    return Asked(tasks, any(bool(slot.get("is_processing")) for slot in known))


def _get(url: str, key: str) -> Any:
    import httpx  # on the way to a model only

    try:
        answer = httpx.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=SECONDS, trust_env=False)
        return answer.json() if answer.status_code == 200 else None
    except (httpx.HTTPError, ValueError):
        return None
