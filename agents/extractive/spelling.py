"""Misspelt words of a question, put right from the words of the documents: "Netfilx" is looked for as "Netflix".

A slip is one letter too many, missing, wrong or swapped inside a word that neither the documents nor English know.
First letter and ending stay: they are seldom mistyped, and other endings make other words ("freezer", "freeze").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from string import ascii_lowercase

from catena.retrieval.common_words import common_words
from catena.retrieval.text_analysis import terms

MIN_LETTERS = 6
_WORD = re.compile(rf"(?<![\w'’-])[A-Za-z]{{{MIN_LETTERS},}}(?![\w-])")

Frequency = Callable[[str], int]
"""In how many passages a term stands."""


def spelled(question: str, frequency: Frequency) -> str:
    """The question with each misspelt word as the documents spell it."""
    return _WORD.sub(lambda match: _put_right(match.group(), frequency), question)


def _put_right(word: str, frequency: Frequency) -> str:
    lower = word.lower()
    if lower in common_words() or _count(lower, frequency):
        return word
    known = {slip: _count(slip, frequency) for slip in _slips(lower) if slip in common_words()}
    best = max(known, key=lambda slip: known[slip], default=lower)
    if not known.get(best):
        return word
    return best.upper() if word.isupper() else best.capitalize() if word[0].isupper() else best


def _count(word: str, frequency: Frequency) -> int:
    return min(map(frequency, terms(word)))


def _slips(word: str) -> Iterator[str]:
    """Words that this one may have been before one slip."""
    for at in range(1, len(word) - 1):
        before, letter, after = word[:at], word[at], word[at + 1 :]
        yield before + after
        yield before + after[0] + letter + after[1:]
        for other in ascii_lowercase:
            yield before + other + after
            yield before + other + letter + after
