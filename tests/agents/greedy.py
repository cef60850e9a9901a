"""Rules for the stub model: one that always says as much as it may, and makes every call that can follow be made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LINE = "The whale of the north sang in {} and was heard by many [{}]."


def reply(request: Mapping[str, Any]) -> str:
    """Longer than any reply may be; an answer asks for one more search, a pair is of no use."""
    system, user = (message["content"] for message in request["messages"])
    numbers = re.findall(r"^\[(\d+)\]", user, re.M) or ["1"]
    lines = [LINE.format(1600 + n, numbers[n % len(numbers)]) for n in range(request["max_tokens"])]
    if "Missing" in system:
        return f"Missing: other whales, all of them\nEvidence: {numbers[:3]}\nAnswer: {' '.join(lines)}"
    if "Question:" in system and "Answer:" in system and "Evidence" not in system:
        return "I would rather not. " * 200
    return "\n".join(lines)
