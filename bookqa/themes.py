"""Themes of a book, besides its people and places: nouns of many parts, in clusters."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from catena.bookqa.book import Book
from catena.retrieval.text_analysis import STOPWORDS

MAX_THEMES = 8
MIN_PASSAGES, MAX_SHARE = 12, 0.08
"""A theme stands in so many passages, and in no larger share of them: what stands everywhere is no theme."""
MIN_TENTHS = 5
BLOCKS = 50
_EVERYWHERE = """
    hand hands head face eyes lips arms feet voice heart mind hair side back body mouth shoulder shoulders door room
    house table window chair bed floor wall time morning evening night moment hour minute days year years way place
    thing things word words matter part rest end beginning world life name dear gentleman lady ladies gentlemen man
    woman girl boys fellow people other others same first last next case course mother father brother sister aunt
    uncle wife husband daughter daughters cousin child children friend friends reader chapter story
    fact work form habit effect position presence whole thought sound middle surface nose object nature state subject
    tone line pocket pockets cheeks companion light stairs cause sense idea kind manner moustache coat street road
"""
"""In every novel, and so about none."""
_everywhere = frozenset(_EVERYWHERE.split())
_NOUN = re.compile(r"\b(?:the|his|her|my|our) ([a-z]{4,})(?=[.,;:!?]| (?:of|in|on|at|was|had|is|and|that)\b)")


@dataclass(frozen=True, slots=True)
class Theme:
    """A noun and the passages, by ordinal, in which it stands."""

    name: str
    passages: tuple[int, ...]

    @property
    def words(self) -> frozenset[str]:
        return frozenset({self.name})


def find_themes(book: Book, names: Collection[str]) -> list[Theme]:
    """Nouns of several passages and most tenths of the book, the most clustered first. `names` are no themes."""
    passages = book.passages()
    where: dict[str, set[int]] = defaultdict(set)
    for passage in passages:
        for match in _NOUN.finditer(passage.text):
            where[match[1]].add(passage.ordinal)
    size = max(1, len(passages) // BLOCKS)
    found = [
        Theme(word, tuple(sorted(ordinals)))
        for word, ordinals in where.items()
        if MIN_PASSAGES <= len(ordinals) <= MAX_SHARE * len(passages)
        and len({10 * ordinal // len(passages) for ordinal in ordinals}) >= MIN_TENTHS
        and word not in STOPWORDS
        and word not in _everywhere
        and word not in names
    ]
    return sorted(found, key=lambda one: (-_clustering(one.passages, size), one.name))[:MAX_THEMES]


def _clustering(passages: Collection[int], size: int) -> float:
    """Variance by mean of the counts in blocks of so many passages: 1 for what is strewn at random."""
    blocks = Counter(ordinal // size for ordinal in passages)
    mean = len(passages) / BLOCKS
    there = sum((count - mean) ** 2 for count in blocks.values())
    return (there + (BLOCKS - len(blocks)) * mean**2) / BLOCKS / mean
