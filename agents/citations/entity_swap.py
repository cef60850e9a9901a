"""A name or a number in the place of another: "Brown paid Smith" where the quote says "Smith paid Brown"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from catena.retrieval.text_analysis import STOPWORDS

CLOSE = 0.6
"""Share of a statement's words that stand in a quote in the same order, from which places are compared."""
_NAME = re.compile(r"\b[A-Z][\w'’-]*[a-z][\w'’-]*\b")
_NO_NAMES = STOPWORDS | {"mr", "mrs", "ms", "dr", "may"}
_TITLE = re.compile(r"\b(?:Mrs?|Ms|Dr|St|Prof|Inc|Co|No|[A-Z])\.$")
_DAY_FIRST = re.compile(
    r"\b(\d{1,2}) (January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_TOKEN = re.compile(r"\d[\d,.]*\d|\d|[^\W\d_][\w'’-]*")


@dataclass(frozen=True, slots=True)
class _Token:
    """`shape` is "#" for a number, "@" for a name of one or more words, else the word itself."""

    shape: str
    words: frozenset[str]


def names(text: str) -> list[str]:
    """Capitalised words that do not open a sentence."""
    return [match.group() for match in _names(text)]


def is_exchanged(statement: str, quote: str, around: str = "") -> bool:
    """Tell whether the quote says the same, but for another name or number in some place; `around` names others too."""
    ours, theirs = _tokens(statement), _tokens(quote)
    shapes = [token.shape for token in ours], [token.shape for token in theirs]
    blocks = SequenceMatcher(None, *shapes, autojunk=False).get_matching_blocks()
    if sum(block.size for block in blocks) < CLOSE * len(ours):
        return False
    held = {word for token in theirs for word in token.words}
    known = set(around.casefold().split())
    for block in blocks:
        held_words = ours[block.a : block.a + block.size]
        if block.size < 2 or all(token.shape == "#" for token in held_words):
            continue  # nothing beside it tells that it is the same place
        for step in range(block.size):
            if _differ(ours[block.a + step], theirs[block.b + step], held, known):
                return True
    return False


def _differ(ours: _Token, theirs: _Token, held: set[str], known: set[str]) -> bool:
    if ours.words & theirs.words:
        return False
    if ours.shape == "#":
        return ours.words <= held  # a number that no quote holds is another check's business
    return ours.shape == "@" and not ours.words & known


def _names(text: str) -> Iterator[re.Match[str]]:
    for match in _NAME.finditer(text):
        before = text[: match.start()].rstrip(" \"'“‘(")
        opens = not before or (before[-1] in ".!?:" and not _TITLE.search(before))
        if not opens and match.group().casefold() not in _NO_NAMES:
            yield match


def _tokens(text: str) -> list[_Token]:
    text = _DAY_FIRST.sub(r"\2 \1", text)
    starts = {match.start() for match in _names(text)}
    found: list[_Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        word = match.group()
        shape = "#" if word[0].isdigit() else "@" if match.start() in starts else word.casefold()
        token = _Token(shape, frozenset({word.casefold()}))
        if shape == "@" and found and found[-1].shape == "@" and match.start() == end + 1:
            token = _Token("@", found.pop().words | token.words)
        found.append(token)
        end = match.end()
    return found
