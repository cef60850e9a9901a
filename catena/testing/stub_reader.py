"""The stub's own rules: a patient reader of one prompt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NOT_FOUND = "Evidence: []\nAnswer: NOT IN THE DOCUMENT"
ENOUGH = 0.5
"""Share of the question's longer words that a sentence must hold to answer it."""


def read_passages(request: Mapping[str, Any]) -> str:
    """Answer the last `Question:` from passages that begin with a line `[n]`, as a patient model would."""
    text, _, question = request["messages"][-1]["content"].rpartition("Question:")
    wanted = {word for word in _words(question) if len(word) > 3}
    best, found = 0.0, NOT_FOUND
    for part in re.split(r"^(?=\[\d+\]$)", text, flags=re.M):
        number = re.match(r"\[(\d+)\]", part)
        body = " ".join(line.removeprefix("| ") for line in part.splitlines()[2:])
        for sentence in re.split(r"(?<=[.!?])\s+", body) if number else ():
            share = len(wanted & set(_words(sentence))) / max(1, len(wanted))
            if number and share >= ENOUGH and share > best:
                said = f"{sentence.rstrip('.!? ')} [{number[1]}]."
                best, found = share, f"Evidence: [{number[1]}]\nAnswer: {said}"
    return found


def _words(text: str) -> list[str]:
    return [word.rstrip("s") for word in re.findall(r"\w+", text.casefold())]
