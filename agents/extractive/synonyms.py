"""Other words for the same thing, so that "CEO" finds "chief executive" and "capex" "purchases of property".

Abbreviations and nouns, with what kind of thing each is, are WordNet's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from catena.retrieval.text_analysis import terms

# What people ask for, and how statements print it. Plain accounting usage, no document's own.
_SAME = {
    r"capital expenditures?|cap ?ex": "purchases of property, plant and equipment",
    r"pp ?& ?e|ppne|pp and e": "property, plant and equipment",
    r"cogs|cost of goods sold": "cost of sales",
    r"cost of sales": "cost of goods sold",
    r"revenues?": "net sales",
    r"net sales": "revenue",
    r"net income attributable to (?:\w+ )?(?:share|stock)holders": "net income",
    r"net income": "net earnings",
    r"net earnings": "net income",
    r"sg ?& ?a": "selling, general and administrative expenses",
    r"r ?& ?d": "research and development expenses",
    r"eps": "earnings per share",
    r"d ?& ?a": "depreciation and amortization",
    r"cash flow from operat\w+(?: activities)?|operating cash flow": "net cash provided by operating activities",
    r"operating profit": "operating income",
    r"staff|headcount": "number of employees",
}
_PATTERNS = [
    (re.compile(rf"\b(?:{pattern})(?!\w)", re.IGNORECASE), other) for pattern, other in _SAME.items()
]
MAX_FORMS = 2
"""Meanings of one abbreviation that are looked for."""
_WORD = re.compile(r"\b[A-Za-z]{2,6}\b")
THINGS = frozenset(["animal", "artifact", "body", "food", "object", "phenomenon", "plant", "substance"])
"""WordNet's names of what can be seen and touched: a document on it names it, as it need not name a "percentage"."""


def phrasings(question: str) -> list[str]:
    """The question itself, then the same with each term's other name."""
    named = [pattern.sub(other, question) for pattern, other in _PATTERNS if pattern.search(question)]
    return list(dict.fromkeys([question, *named, *other_forms(question)]))


def long_forms(short: str) -> tuple[str, ...]:
    """The long forms of an abbreviation; none for a word that is none, or is one only in capitals."""
    return _table().get(short) or _table().get(short.lower(), ())


def other_forms(text: str) -> list[str]:
    """The text with one abbreviation written out, or one long form abbreviated, for each that it holds."""
    written = [
        text[: word.start()] + long + text[word.end() :]
        for word in _WORD.finditer(text)
        for long in long_forms(word.group())[:MAX_FORMS]
    ]
    lower = text.lower()
    shortened = [
        re.sub(re.escape(long), short, text, flags=re.IGNORECASE)
        for long, short in _shorts().items()
        if long in lower
    ]
    return [*written, *shortened]


@cache
def _table() -> dict[str, tuple[str, ...]]:
    lines = (files("catena.agents.extractive") / "abbreviations.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {short: tuple(long.split("; ")) for short, long in rows}


@cache
def _shorts() -> dict[str, str]:
    """By long form in small letters, where the abbreviation stands for nothing else."""
    return {longs[0].lower(): short.upper() for short, longs in _table().items() if len(longs) == 1}


def kind_of(word: str) -> str:
    """The kind of a noun's first sense; nothing for a word that is no common noun. A plural counts as its singular."""
    return next((_nouns()[form][0] for form in _forms(word.lower()) if form in _nouns()), "")


def related(word: str) -> tuple[str, ...]:
    """Words of the same meaning, of the kind above and of the kinds below."""
    return next((_nouns()[form][1] for form in _forms(word.lower()) if form in _nouns()), ())


def related_terms(word: str) -> frozenset[str]:
    """The terms of `related`."""
    return frozenset(term for other in related(word) for term in terms(other))


def _forms(word: str) -> Iterator[str]:
    yield word
    if word.endswith("ies"):
        yield f"{word[:-3]}y"
    if word.endswith("es"):
        yield word[:-2]
    if word.endswith("s"):
        yield word[:-1]


@cache
def _nouns() -> dict[str, tuple[str, tuple[str, ...]]]:
    found = {}
    for line in (files("catena.agents.extractive") / "nouns.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            word, kind, others = line.split("\t")
            found[word] = kind, tuple(others.split())
    return found
