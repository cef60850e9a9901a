"""Spans of a sentence that may be the answer itself, and what tells good ones from others.

Each is described by plain signs (how it begins and ends, what it names, where the question's own words stand);
`short_weights.json` says what each sign counts for each kind of question.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from catena.agents.citations.quantities import word_numbers
from catena.agents.extractive.synonyms import kind_of
from catena.retrieval.text_analysis import STOPWORDS, terms

NounKind = Literal["person", "time", "place", "animal", "food"]
_NOUN_KINDS: dict[str, NounKind] = {
    "person": "person",
    "time": "time",
    "location": "place",
    "animal": "animal",
    "food": "food",
}
MAX_TOKENS = 12
"""Of a short answer."""

_TOKEN = re.compile(r"\w+(?:[-'’.]\w+)*|[^\w\s]")
_STOPS = frozenset('.;:!?()[]"“”—–…')
_CLOSED_CLASSES = """
determiner: a an the this that these those some any no every each all both
possessive: my your his her its our their
preposition: about above across after against along among around at before behind below beneath beside between beyond by
preposition: down during for from in inside into near of off on onto out outside over past round through throughout till
preposition: to toward towards under until unto up upon via with within without
joining: and or but nor so yet
subordinate: because since as that which who whom whose when where while if though although than
be: is are was were be been being am
auxiliary: has have had do does did will would shall should can could may might must not
pronoun: i you he she it we they me him us them himself herself itself themselves
"""
"""The words of English that only hold sentences together."""


def _closed(name: str) -> frozenset[str]:
    lines = [line.split(": ") for line in _CLOSED_CLASSES.strip().splitlines()]
    return frozenset(word for kind, words in lines if kind == name for word in words.split())


_DETERMINERS, _POSSESSIVES, _PREPOSITIONS = (
    _closed("determiner"),
    _closed("possessive"),
    _closed("preposition"),
)
_JOINING, _SUBORDINATE, _BE = _closed("joining"), _closed("subordinate"), _closed("be")
_AUXILIARY = _BE | _closed("auxiliary")
_PRONOUNS = _closed("pronoun")
_NEVER_LAST = _DETERMINERS | _POSSESSIVES | _PREPOSITIONS | _JOINING | _SUBORDINATE | _AUXILIARY


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    start: int
    end: int
    is_asked: bool

    @property
    def lower(self) -> str:
        return self.text.lower()

    @property
    def is_word(self) -> bool:
        return self.text[0].isalnum()

    @property
    def is_content(self) -> bool:
        return self.is_word and self.lower not in STOPWORDS


@dataclass(frozen=True, slots=True)
class Stretch:
    """Tokens `first` to `last`, both included."""

    first: int
    last: int


def tokens(sentence: str, asked: frozenset[str]) -> list[Token]:
    """Words and marks of a sentence; `asked` are the terms of the question."""
    found = []
    for match in _TOKEN.finditer(sentence):
        word = match.group()
        is_asked = word.lower() not in STOPWORDS and not asked.isdisjoint(terms(word))
        found.append(Token(word, match.start(), match.end(), is_asked))
    return found


def stretches(read: list[Token]) -> Iterator[Stretch]:
    """Those that can be an answer: no mark that ends a clause inside, no bare function word at the end."""
    for first, opening in enumerate(read):
        if not opening.is_word or opening.lower in _JOINING:
            continue
        for last in range(first, min(len(read), first + MAX_TOKENS)):
            closing = read[last]
            if closing.text in _STOPS:
                break
            inside = read[first : last + 1]
            if (
                closing.is_word
                and closing.lower not in _NEVER_LAST
                and any(one.is_content and not one.is_asked for one in inside)
            ):
                yield Stretch(first, last)


def kind_of_noun(word: str) -> NounKind | None:
    """Return the kind that a word in singular or plural names, of the kinds that tell answers apart."""
    return _NOUN_KINDS.get(kind_of(word))


def signs(read: list[Token], one: Stretch) -> list[str]:
    """Name the features for or against a span."""
    inside = read[one.first : one.last + 1]
    before = read[one.first - 1] if one.first else None
    after = read[one.last + 1] if one.last + 1 < len(read) else None
    size = sum(token.is_word for token in inside)
    found = [f"size {min(size, 4) if size < 5 else 6 if size < 7 else 9 if size < 10 else 12}"]
    found.append(f"begins {_class(inside[0], read, one.first)}")
    found.append(f"behind {_class(before, read, one.first - 1) if before else 'start'}")
    found.append(f"ends {_class(inside[-1], read, one.last)}")
    found.append(f"before {_class(after, read, one.last + 1) if after else 'end'}")
    num_asked = sum(token.is_asked for token in inside)
    found.append(f"asked {min(num_asked, 3)}")
    found += _held(inside)
    found += _around(read, one)
    if len(inside) > 1 and inside[0].lower in _PREPOSITIONS:
        found.append(f"opens {inside[0].lower}")
    if before and before.lower in _PREPOSITIONS | _BE:
        found.append(f"after {before.lower}")
    return found


def _held(inside: list[Token]) -> list[str]:
    kinds = {kind for token in inside if (kind := kind_of_noun(token.text))}
    found = [f"holds {kind}" for kind in sorted(kinds)]
    found += [f"head {kind_of_noun(inside[-1].text)}"] if kind_of_noun(inside[-1].text) else []
    words = [token for token in inside if token.is_word]
    if any(token.text[0].isupper() for token in words[1:]) or (words[0].text[0].isupper() and len(words) > 1):
        found.append("holds capital")
    if any(token.text[0].isdigit() for token in words) or word_numbers(" ".join(one.text for one in words)):
        found.append("holds number")
    if any(token.lower in _PRONOUNS for token in words):
        found.append("holds pronoun")
    if any(token.lower in _AUXILIARY or token.lower.endswith("ed") for token in words[1:]):
        found.append("holds verb")
    if any(token.text == "," for token in inside):
        found.append("holds comma")
    if any(token.lower in _JOINING for token in inside):
        found.append("holds joining")
    return found


def _around(read: list[Token], one: Stretch) -> list[str]:
    """Place of the question's words: before, behind, how near, and whether in the same clause."""
    left = [at for at in range(one.first) if read[at].is_asked]
    right = [at for at in range(one.last + 1, len(read)) if read[at].is_asked]
    found = [f"left {min(len(left), 3)}", f"right {min(len(right), 3)}"]
    if left:
        gap = one.first - left[-1] - 1
        found.append(f"gap left {gap if gap < 3 else 4 if gap < 6 else 9}")
        marks = sum(read[at].text in _STOPS or read[at].text == "," for at in range(left[-1], one.first))
        found.append(f"marks left {min(marks, 2)}")
    if right:
        gap = right[0] - one.last - 1
        found.append(f"gap right {gap if gap < 3 else 4 if gap < 6 else 9}")
        marks = sum(read[at].text in _STOPS or read[at].text == "," for at in range(one.last, right[0]))
        found.append(f"marks right {min(marks, 2)}")
    found.append(
        "between" if left and right else "behind all" if left else "before all" if right else "alone"
    )
    return found


def _class(token: Token | None, read: list[Token], at: int) -> str:
    """Rough class of a token."""
    if token is None:
        return "none"
    word = token.lower
    if not token.is_word:
        return "comma" if word == "," else "mark"
    if token.is_asked:
        return "asked"
    for name, words in _CLASSES:
        if word in words:
            return name
    if word.isdigit():
        return "number"
    if token.text[0].isupper() and at > 0:
        return "capital"
    for ending in ("ing", "ed", "ly", "s"):
        if word.endswith(ending) and len(word) > 4:
            return ending
    return "word"


_CLASSES = (
    ("to", frozenset({"to"})),
    ("of", frozenset({"of"})),
    ("by", frozenset({"by"})),
    ("reason", frozenset(["because", "for", "since"])),
    ("determiner", _DETERMINERS),
    ("possessive", _POSSESSIVES),
    ("be", _BE),
    ("auxiliary", _AUXILIARY),
    ("preposition", _PREPOSITIONS),
    ("joining", _JOINING),
    ("subordinate", _SUBORDINATE),
    ("pronoun", _PRONOUNS),
)


@dataclass(frozen=True, slots=True)
class Found:
    """The best span of a sentence, and its share of the belief in all of them, 0 to 1."""

    text: str
    share: float


@cache
def weights() -> dict[str, dict[str, float]]:
    """Return the weight of each feature, by kind of question; "" holds for every kind."""
    found: dict[str, dict[str, float]] = json.loads(
        (Path(__file__).parent / "short_weights.json").read_text("utf-8")
    )
    return found


def best_stretch(kind: str, sentence: str, asked: frozenset[str]) -> Found | None:
    """The span that most likely answers a question of a kind."""
    read = tokens(sentence, asked)
    general, own = weights()[""], weights().get(kind, {})
    ranked = []
    for one in stretches(read):
        worth = sum(general.get(sign, 0.0) + own.get(sign, 0.0) for sign in signs(read, one))
        ranked.append((worth, one))
    if not ranked:
        return None
    top, one = max(ranked, key=lambda pair: pair[0])
    total = sum(math.exp(worth - top) for worth, _ in ranked)
    return Found(sentence[read[one.first].start : read[one.last].end], 1 / total)
