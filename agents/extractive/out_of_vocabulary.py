"""Words of a question that the document never uses: misspelt ones are put right ("Netfilx" is looked for as "Netflix");
with a name or a thing that it never mentions, its answer would be about something else.

A slip is one letter too many, missing, wrong or swapped inside a word that neither the documents nor English know.
First letter and ending stay: they are seldom mistyped, and other endings make other words ("freezer", "freeze").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from string import ascii_lowercase

from catena.agents.extractive.numeric_question import core
from catena.agents.extractive.synonyms import THINGS, kind_of, long_forms, related_terms
from catena.retrieval.text_analysis import STOPWORDS, common_words, terms

_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_THING = re.compile(r"[a-z]{4,}")
_BEFORE = _WORD.findall("a an the its his her their our my your of in on for by with from many much")
"""What stands before a noun, or before the word that stands before it."""
_AUXILIARY = _WORD.findall("do does did will would can could should must has have had is are was were")
_MEASURES = "ebit ebitda ebitdar capex opex cogs fcf roa roe roi roic dpo dso dio eps cagr yoy"
ABBREVIATED = frozenset(_MEASURES.split())
"""Measures that documents write out or leave to be computed: no names of anything."""
TITLE_WORDS = 4
_LONG = re.compile(r"[^\W\d_]{4,}")
_NAME = re.compile(r"(?:(?<=[\w,;:] )|(?<=[\"'“‘(]))[A-Z][^\W_]{2,}")


MIN_LETTERS = 6
_SPELT = re.compile(rf"(?<![\w'’-])[A-Za-z]{{{MIN_LETTERS},}}(?![\w-])")
Frequency = Callable[[str], int]
"""In how many passages a term stands."""


def strangers(question: str, frequency: Frequency) -> list[str]:
    """The names in a question that the document never uses.

    Where every word begins with a capital, none says that it is a name.
    """
    words = _LONG.findall(question)
    if len(words) >= TITLE_WORDS and all(word[0].isupper() for word in words):
        return []
    names = [name for name in _NAME.findall(question) if name.lower() not in ABBREVIATED]
    return [
        name
        for name in names
        if not any(map(frequency, terms(name))) and not _is_written_out(name, frequency)
    ]


def _is_written_out(name: str, frequency: Frequency) -> bool:
    """Tell whether the document has most words of what an abbreviation is short for: "chief executive" for CEO."""
    written = [[bool(frequency(term)) for term in terms(long)] for long in long_forms(name)]
    return any(2 * sum(held) > len(held) for held in written)


def asked_nouns(question: str) -> list[str]:
    """The common English words that stand where a noun does: "the division", "the bicycle division"."""
    words = _WORD.findall(core(question))
    found = [word for at, word in enumerate(words) if _THING.fullmatch(word) and _is_noun(words, at)]
    return [one for one in dict.fromkeys(found) if one in common_words() and one not in STOPWORDS]


def never_mentioned(question: str, frequency: Frequency) -> list[str]:
    """List what the document uses in no form and under no other name, and would if it spoke of it: names, and things
    that can be seen or touched. Rare words may be misspelt; a "percentage" need not be called so."""
    things = [word for word in asked_nouns(question) if kind_of(word) in THINGS]
    return [*strangers(question, frequency), *(word for word in things if not is_used(word, frequency))]


def is_used(word: str, frequency: Frequency) -> bool:
    """Tell whether a term of a word, or of one that is related, stands somewhere."""
    return any(map(frequency, [*terms(word), *related_terms(word)]))


def _is_noun(words: Sequence[str], at: int) -> bool:
    """Not "break" in "did the bicycle break"."""
    if at and words[at - 1] in _BEFORE:
        return True
    return at > 1 and words[at - 2] in _BEFORE and (at < 3 or words[at - 3].lower() not in _AUXILIARY)


def spelled(question: str, frequency: Frequency) -> str:
    """The question with each misspelt word as the documents spell it."""
    return _SPELT.sub(lambda match: _put_right(match.group(), frequency), question)


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
