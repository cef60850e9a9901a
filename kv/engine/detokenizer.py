"""Tokens become text as they come: whole characters only, and nothing from a stop text on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

BROKEN = "\ufffd"


class Detokenizer:
    """Feed it tokens; it gives back the text that is certain."""

    def __init__(self, tokenizer: Any, stop: Sequence[str] = ()) -> None:
        self._tokenizer = tokenizer
        self._stop = tuple(text for text in stop if text)
        self._tokens: list[int] = []
        self._text = ""
        self._sent = 0
        self.is_stopped = False

    @property
    def num_tokens(self) -> int:
        return len(self._tokens)

    def feed(self, token: int) -> str:
        """Add a token; return the new text that no later token can change or stop."""
        self._tokens.append(token)
        self._text = self._tokenizer.decode(self._tokens, skip_special_tokens=True)
        found = [place for place in (self._text.find(text) for text in self._stop) if place >= 0]
        if found:
            self.is_stopped = True
            self._text = self._text[: min(found)]
            return self._send(len(self._text))
        return self._send(len(self._text) - self._held_back())

    def finish(self) -> str:
        """Return what was held back."""
        return self._send(len(self._text))

    def _held_back(self) -> int:
        """Characters at the end that may be half a character, or the beginning of a stop text."""
        half = len(self._text) - len(self._text.rstrip(BROKEN))
        longest = max(
            (n for text in self._stop for n in range(1, len(text)) if self._text.endswith(text[:n])),
            default=0,
        )
        return max(half, longest)

    def _send(self, end: int) -> str:
        piece = self._text[self._sent : end]
        self._sent = max(self._sent, end)
        return piece
