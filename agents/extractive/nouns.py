"""Common English nouns: what kind of thing each is, and which words say the same or nearly so. From WordNet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from catena.retrieval.text_analysis import terms

THINGS = frozenset(["animal", "artifact", "body", "food", "object", "phenomenon", "plant", "substance"])
"""WordNet's names of what can be seen and touched: a document on it names it, as it need not name a "percentage"."""


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
