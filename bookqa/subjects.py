"""Subjects of questions: entities, and themes, which are nouns of many parts, in clusters; and the passages that the
writer is shown."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from catena.agents.extractive.name_table import EntityKind, Named, may_be_one_sex, name_table
from catena.agents.extractive.proper_names import Sex, name_tokens
from catena.bookqa.book import Book, Sentence
from catena.bookqa.item_slots import Slot, tenth
from catena.bookqa.items import LONG_KINDS
from catena.retrieval.text_analysis import STOPWORDS
from catena.types import Passage

MAX_ENTITIES = 40
_WEIGHTS: Mapping[EntityKind, float] = {"person": 1.0, "place": 0.5, "other": 0.25}

_HE = re.compile(r"\b(?:he|him|his|himself)\b", re.I)
_SHE = re.compile(r"\b(?:she|her|hers|herself)\b", re.I)
PER_TENTH = 2
"""Passages shown of each tenth that a long question is to rest on."""
MIN_GOOD = 2
"""Good sentences that a passage must hold to be shown."""
OF_THEMES = 0.2
"""Share of the long questions that are about a theme, not an entity."""
MAX_SUBJECTS = 12
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
_NOUN = re.compile(r"\b(?:the|his|her|my|our) ([a-z]{4,})(?=[.,;:!?]| (?:of|in|on|at|was|had|is|and|that)\b)")


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


@dataclass(frozen=True, slots=True)
class Theme:
    """A noun and the passages, by ordinal, in which it stands."""

    name: str
    passages: tuple[int, ...]

    @property
    def words(self) -> frozenset[str]:
        return frozenset({self.name})


@dataclass(frozen=True, slots=True)
class Subject:
    """`words`, in lower case, would name it openly. `passages` are those that speak of it, by tenth of the book."""

    name: str
    words: frozenset[str]
    passages: Mapping[int, tuple[int, ...]]
    weight: float


class Subjects:
    """The subjects of one book, found when first needed."""

    def __init__(self, book: Book) -> None:
        self._book = book

    @cached_property
    def entities(self) -> list[Entity]:
        return find_entities(self._book)

    @cached_property
    def themes(self) -> list[Theme]:
        return find_themes(self._book, {word for one in self.entities for word in one.words})

    @cached_property
    def good_passages(self) -> Mapping[int, tuple[int, ...]]:
        """By tenth of the book, the passages of running text."""
        found: dict[int, list[int]] = defaultdict(list)
        for ordinal, numbers in enumerate(self._book.of_passage):
            if sum(self._book.sentences[number].is_good for number in numbers) >= MIN_GOOD:
                found[self._tenth(ordinal)].append(ordinal)
        return {tenth: tuple(ordinals) for tenth, ordinals in found.items()}

    def choose(self, slot: Slot, attempt: int) -> tuple[Subject, list[Passage]] | None:
        """A subject that has passages in the slot's tenths, and those to show; none where the book is too short."""
        drawn = slot.drawn(attempt)
        subject = self._draw(slot, drawn)
        if subject is None:
            return None
        num = PER_TENTH if slot.kind in LONG_KINDS else 1
        ordinals = [
            ordinal
            for tenth in slot.tenths
            for ordinal in drawn.sample(subject.passages[tenth], min(num, len(subject.passages[tenth])))
        ]
        return subject, self._book.passages(self._book.id, sorted(set(ordinals)))

    def _draw(self, slot: Slot, drawn: random.Random) -> Subject | None:
        subjects: Sequence[Subject] = self._themes if drawn.random() < OF_THEMES else self._entities
        if slot.kind not in LONG_KINDS:
            subjects = self._entities
        fitting = [one for one in subjects if all(one.passages.get(tenth) for tenth in slot.tenths)]
        if not fitting:
            passages = {tenth: self.good_passages.get(tenth, ()) for tenth in slot.tenths}
            if not all(passages.values()):
                return None
            return Subject("the story", frozenset(), passages, 1.0)
        return drawn.choices(fitting, [one.weight for one in fitting])[0]

    @cached_property
    def _entities(self) -> list[Subject]:
        found = []
        for one in self.entities[:MAX_SUBJECTS]:
            ordinals = {self._book.sentences[mention.sentence].passage for mention in one.mentions}
            found.append(self._subject(one.name, one.words, ordinals, one.score))
        return found

    @cached_property
    def _themes(self) -> list[Subject]:
        return [self._subject(f"the {one.name}", one.words, set(one.passages), 1.0) for one in self.themes]

    def _subject(self, name: str, words: frozenset[str], ordinals: set[int], weight: float) -> Subject:
        passages = {
            tenth: tuple(ordinal for ordinal in good if ordinal in ordinals)
            for tenth, good in self.good_passages.items()
        }
        return Subject(name, words, passages, weight)

    def _tenth(self, ordinal: int) -> int:
        """By what stands before it in the book, as items are placed."""
        numbers = self._book.of_passage[ordinal]
        at = self._book.sentences[numbers.start].at if numbers else 0.0
        return tenth(at)


def find_themes(book: Book, names: Collection[str]) -> list[Theme]:
    """Nouns of several passages and most tenths of the book, the most clustered first. `names` are no themes."""
    passages = book.passages()
    where: dict[str, set[int]] = defaultdict(set)
    for passage in passages:
        for match in _NOUN.finditer(passage.text):
            where[match[1]].add(passage.ordinal)
    size = max(1, len(passages) // BLOCKS)
    common = {*STOPWORDS, *_EVERYWHERE.split(), *names}
    found = [
        Theme(word, tuple(sorted(ordinals)))
        for word, ordinals in where.items()
        if MIN_PASSAGES <= len(ordinals) <= MAX_SHARE * len(passages)
        and len({10 * ordinal // len(passages) for ordinal in ordinals}) >= MIN_TENTHS
        and word not in common
    ]
    return sorted(found, key=lambda one: (-_clustering(one.passages, size), one.name))[:MAX_THEMES]


def _clustering(passages: Collection[int], size: int) -> float:
    """Variance by mean of the counts in blocks of so many passages: 1 for what is strewn at random."""
    blocks = Counter(ordinal // size for ordinal in passages)
    mean = len(passages) / BLOCKS
    there = sum((count - mean) ** 2 for count in blocks.values())
    return (there + (BLOCKS - len(blocks)) * mean**2) / BLOCKS / mean
