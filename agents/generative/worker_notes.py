"""The note that workers hand on: lines, each with the numbers of its passages, within a budget kept by code."""

from __future__ import annotations

import re
from collections.abc import Container

from catena.agents.generative.reply_parser import Claim, plain, read_line
from catena.llm.protocol import num_tokens

NOTHING = "NOTHING FOUND"
"""What the prompt asks for when there is nothing to note."""
_HEADING = re.compile(
    r"^[*_#>\s]*(?:the |new |updated |whole )*note(?: so far)?[*_\s]*(?:[:：][*_\s]*)?$", re.I
)


def read_note(text: str, known: Container[int], *, is_cut: bool = False) -> list[Claim]:
    """The lines of a worker's reply; numbers of passages that it was not given are dropped.

    The last line of a reply that was cut is not whole, so it is dropped too.
    """
    lines = plain(text).splitlines()
    lines = lines[:-1] if is_cut and len(lines) > 1 else lines
    claims = [read_line(line, known) for line in lines if not _HEADING.match(line)]
    return [claim for claim in claims if _says_something(claim)]


def write_note(claims: list[Claim], budget: int) -> str:
    """The lines that fit the budget of tokens, whole, from the first on."""
    kept = []
    for claim in claims:
        numbers = ", ".join(str(number) for number in claim.numbers)
        line = f"- {claim.text} [{numbers}]" if numbers else f"- {claim.text}"
        budget -= num_tokens(line + "\n")
        if budget < 0:
            break
        kept.append(line)
    return "\n".join(kept)


def _says_something(claim: Claim) -> bool:
    is_nothing = not claim.numbers and claim.text.upper().startswith(NOTHING)
    return any(char.isalnum() for char in claim.text) and not is_nothing
