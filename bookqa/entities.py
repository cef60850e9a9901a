"""Entities of a book: the forms that each name takes, and every sentence that speaks of it.

"He" and "she" go to the one person of that sex whom the sentence before names. No model, no download.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catena.agents.extractive.name_table import EntityKind, Named, may_be_one_sex, name_table
from catena.agents.extractive.proper_names import Sex, name_tokens
from catena.bookqa.book import Book, Sentence

MAX_ENTITIES = 40
_WEIGHTS: Mapping[EntityKind, float] = {"person": 1.0, "place": 0.5, "other": 0.25}

_HE = re.compile(r"\b(?:he|him|his|himself)\b", re.I)
_SHE = re.compile(r"\b(?:she|her|hers|herself)\b", re.I)


@dataclass(frozen=True, slots=True)
class Mention:
    """A sentence of the book, by number, that speaks of an entity, by a pronoun alone or by name."""

    sentence: int
    is_pronoun: bool


@dataclass(frozen=True, slots=True)
class Entity:
    """`aliases` are the forms that the name takes, most frequent first; `mentions` its chain, in reading order."""

    name: str
    kind: EntityKind
    sex: Sex
    aliases: tuple[str, ...]
    mentions: tuple[Mention, ...]
    score: float

    @property
    def words(self) -> frozenset[str]:
        """The words, in lower case, by which it would be named openly."""
        return name_tokens(self.aliases)


def find_entities(book: Book) -> list[Entity]:
    """The entities of a book, those first that are named most often and over the most of it."""
    named = name_table([one.text for one in book.sentences])
    chains = _with_pronouns(named, book.sentences)
    ranked = [_entity(one, chain, len(book.sentences)) for one, chain in zip(named, chains, strict=True)]
    return sorted(ranked, key=lambda one: (-one.score, one.name))[:MAX_ENTITIES]


def _with_pronouns(named: Sequence[Named], sentences: Sequence[Sentence]) -> list[list[Mention]]:
    """Each chain of names, with the sentences after a name that say "he" or "she" of that one person."""
    chains: list[dict[int, bool]] = [dict.fromkeys(one.sentences, False) for one in named]
    by_sentence: dict[int, list[int]] = defaultdict(list)
    for at, one in enumerate(named):
        if one.kind == "person":
            for number in one.sentences:
                by_sentence[number].append(at)
    pronouns: tuple[tuple[Sex, re.Pattern[str]], ...] = (("he", _HE), ("she", _SHE))
    for sex, pronoun in pronouns:
        last: int | None = None
        for sentence in sentences:
            here = (
                [at for at in by_sentence[sentence.number] if may_be_one_sex(named[at].sex, sex)]
                if (sentence.number in by_sentence)
                else []
            )
            if here:
                last = here[0] if len(here) == 1 and named[here[0]].sex == sex else None
            elif last is not None and pronoun.search(sentence.text):
                chains[last].setdefault(sentence.number, True)
            else:
                last = None
    return [[Mention(number, chain[number]) for number in sorted(chain)] for chain in chains]


def _entity(one: Named, chain: Sequence[Mention], num_sentences: int) -> Entity:
    tenths = {10 * number // max(1, num_sentences) for number in one.sentences}
    score = _WEIGHTS[one.kind] * len(one.sentences) * len(tenths) / 10
    return Entity(one.name, one.kind, one.sex, one.aliases, tuple(chain), score)
