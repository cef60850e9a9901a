"""Where in a passage the answer to a question stands, if it stands there: a start and an end, or neither.

The reader is MiniLM trained on SQuAD as Devlin et al. (2019) do for SQuAD 2.0 (scripts/train_reader.py). English only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from catena.retrieval import minilm_session

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

MAX_ANSWER = 24
"""Tokens of an answer."""
MAX_QUESTION = 64
"""Tokens of a question; a longer one leaves no room for the passage."""
OVERLAP = 64
"""Tokens that two windows of a long passage share."""


class PassageAnswer(NamedTuple):
    """An answer and its characters in its passage; `margin`: its logit less that of no answer in this passage."""

    margin: float
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class PassageReading:
    """The best answer from each token of a passage on: first and last character, and margin, (tokens,) each."""

    passage: str
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    margins: NDArray[np.float32]

    def best(self, start: int, end: int) -> PassageAnswer | None:
        """The best answer that begins within these characters, as far as they go; None where no token does."""
        within = np.flatnonzero((self.starts >= start) & (self.starts < end))
        if not within.size:
            return None
        place = within[self.margins[within].argmax()]
        first, last = int(self.starts[place]), min(int(self.ends[place]), end)
        return PassageAnswer(float(self.margins[place]), first, last, self.passage[first:last])


def read_passages(question: str, passages: Sequence[str]) -> list[PassageReading]:
    """Read each passage for the answer; passages side by side on all cores."""
    asked = _shortened(question)
    found = _tokenizer().encode_batch([(asked, passage) for passage in passages])
    windows = [[one, *one.overflowing] for one in found]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(_reading, passages, windows))


def _shortened(question: str) -> str:
    """The question as far as its tokens are read."""
    tokens = _whole_tokenizer().encode(question, add_special_tokens=False).offsets
    return question[: tokens[MAX_QUESTION - 1][1]] if len(tokens) > MAX_QUESTION else question


def _reading(passage: str, windows: Sequence[Encoding]) -> PassageReading:
    parts = [part for window in windows for part in _of_window(window)]
    if not parts:
        none = np.zeros(0, np.int64)
        return PassageReading(passage, none, none, np.zeros(0, np.float32))
    starts, ends, margins = (np.concatenate(column) for column in zip(*parts, strict=True))
    return PassageReading(passage, starts, ends, margins)


def _of_window(
    window: Encoding,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]:
    kinds = np.array(window.type_ids)
    first = int((kinds == 0).sum())
    logits = minilm_session.run(np.array([window.ids], np.int64), first)[0]
    begin, finish = logits[first:-1].T  # without the last [SEP]
    if not begin.size:
        return
    reach = np.lib.stride_tricks.sliding_window_view(
        np.pad(finish, (0, MAX_ANSWER - 1), constant_values=-np.inf), MAX_ANSWER
    )
    last = reach.argmax(axis=1)
    places = np.array(window.offsets)[first:-1]
    margins = begin + reach.max(axis=1) - logits[0].sum()
    yield places[:, 0], places[np.arange(len(last)) + last, 1], margins


@cache
def _tokenizer() -> Tokenizer:
    made = minilm_session.tokenizer()
    made.enable_truncation(minilm_session.MAX_TOKENS, stride=OVERLAP, strategy="only_second")
    return made


@cache
def _whole_tokenizer() -> Tokenizer:
    return minilm_session.tokenizer()
