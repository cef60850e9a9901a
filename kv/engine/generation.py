"""Write answers token by token over documents that were read before; rows over different documents go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from catena.kv.cache.kv_document import DocumentKV
from catena.kv.engine.question_session import Session
from catena.kv.engine.transformers_hooks import Rows, TailCache

BROKEN = "\ufffd"


@dataclass(slots=True, eq=False)
class Row:
    """One question over one document; `logits` (V) are of the token after `last`, which was chosen last."""

    session: Session
    tail: TailCache
    position: int
    logits: Tensor
    last: int = -1

    @property
    def document(self) -> DocumentKV:
        return self.session.document

    @property
    def num_pages(self) -> int:
        return self.session.num_pages

    @property
    def num_keys(self) -> int:
        return self.session.num_keys

    @property
    def bytes_loaded(self) -> int:
        return self.session.loads.num_bytes

    @property
    def mass(self) -> Tensor | None:
        return self.session.mass

    def end(self) -> None:
        """Nothing outlives it."""


def start(model: Any, session: Session, token_ids: Tensor) -> Row:
    """Take a question in, token ids (T), and stand ready to answer."""
    row = Row(session, TailCache(session.document.spec.num_layers), session.start, torch.empty(0))
    extend(model, row, token_ids)
    return row


def extend(model: Any, row: Row, token_ids: Tensor) -> None:
    """Give one row T more tokens at once."""
    _forward(model, [row], row.tail, token_ids[None])


def step(model: Any, rows: Sequence[Row], token_ids: Tensor) -> None:
    """Give each of B rows its next token, token ids (B), in one pass of the model."""
    _forward(model, rows, Rows([row.tail for row in rows]), token_ids[:, None])


def _forward(model: Any, rows: Sequence[Row], cache: TailCache | Rows, token_ids: Tensor) -> None:
    """One pass of token ids (B, T), T more for each row; logits are computed for the last one only."""
    length = token_ids.shape[1]
    starts = torch.tensor([row.position for row in rows], device=model.device)
    positions = starts[:, None] + torch.arange(length, device=model.device)
    with torch.inference_mode():
        out = model(
            token_ids.to(model.device),
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
            sessions=[row.session for row in rows],
        )
    for row, logits in zip(rows, out.logits[:, -1], strict=True):
        row.logits = logits
        row.position += length
        row.session.advance()


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
