"""Questions that rules make with no model: a name or number left out of a sentence, which of two comes first."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from catena.agents.bookqa.book import Book, Sentence
from catena.agents.bookqa.items import ItemKind
from catena.agents.bookqa.slots import Slot, tenth
from catena.agents.bookqa.subjects import Subjects
from catena.agents.bookqa.writing import Draft
from catena.agents.citing import cite
from catena.retrieval.analysis import query_terms

KINDS: tuple[ItemKind, ...] = ("order", "local")
"""What rules can make; the other kinds need a model."""
MIN_WORDS, MAX_WORDS = 10, 30
MIN_TERMS = 6
"""Telling words that a sentence must keep, so that it can be found again."""
GAP = "_____"
CHOICE = 6
"""Sentences among which the one with the rarest name is taken."""
_SPOKEN = re.compile(r"[\"“”‘?!]|(?:^|\s)'|'(?:\s|$)|\b(?:I|we|you|my|your|our|us)\b", re.I)
_NUMBER = re.compile(
    r"(?<!or )(?<![-\d.,])\b(?:three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|"
    r"fifty|sixty|hundred|thousand|\d[\d,.]*\d|\d)(?=\b [a-z]+s\b|%| per ?cent\b)"
)
_WORD = re.compile(r"[^\W\d_]+")
_BEFORE, _AFTER = re.compile(r"([^\W\d_]+) $"), re.compile(r"-\w| [A-Z]")
"""What may stand beside a word that is one of several of a name."""
_LABEL = re.compile(r"(?:^Notes?|^Items?|\s[A-Z][\w.]*) $")
"""Before a number that counts nothing."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A sentence with a name or a number left out: people and places share names, so it does not say whose."""

    sentence: Sentence
    text: str
    left_out: str
    what: str


class Rules:
    """The questions that rules find in one book."""

    def __init__(self, book: Book, subjects: Subjects) -> None:
        self._book = book
        self._subjects = subjects

    def write(self, slot: Slot, attempt: int) -> Draft | None:
        """A question of the slot's kind and tenths; nothing where no sentence there is fit for one."""
        drawn = slot.drawn(attempt)
        if slot.kind == "order":
            return self._order(slot, drawn)
        found = self._gaps.get(slot.tenths[0], [])
        choice = drawn.sample(found, min(CHOICE, len(found)))
        # A number only where there is no name to ask for.
        rarest = min(choice, key=lambda gap: (gap.what == "number", self._counts[gap.left_out]), default=None)
        return self._draft(rarest) if rarest else None

    def _draft(self, gap: Gap) -> Draft:
        question = f"Which {gap.what} is left out of this sentence of the book: “{_quotable(gap.text)}”?"
        return Draft(question, gap.left_out, (cite(gap.sentence.evidence, self._book.desk),))

    def _order(self, slot: Slot, drawn: random.Random) -> Draft | None:
        if not all(self._whole.get(tenth) for tenth in slot.tenths):
            return None
        early, late = (drawn.choice(self._whole[tenth]) for tenth in sorted(drawn.sample(slot.tenths, 2)))
        first, second = (early, late) if drawn.random() < 0.5 else (late, early)
        question = (
            f"Which of these two sentences stands earlier in the book: (a) “{_quotable(first.text)}” "
            f"or (b) “{_quotable(second.text)}”?"
        )
        citations = tuple(cite(one.evidence, self._book.desk) for one in (early, late))
        return Draft(question, "(a)" if first is early else "(b)", citations)

    @cached_property
    def _names(self) -> frozenset[str]:
        """Single words that are somebody's or some place's most frequent name, and do not stand in the title."""
        named = (one.aliases[0] for one in self._subjects.entities if one.kind != "other")
        told = set(_WORD.findall(self._book.title))
        return frozenset(
            alias for alias in named if " " not in alias and alias not in told and not self._is_people(alias)
        )

    def _is_people(self, word: str) -> bool:
        """Whether a name is the plural of another word of the book: Americans are no place."""
        return word.endswith("s") and word[:-1] in self._words

    @cached_property
    def _counts(self) -> Counter[str]:
        """How often each name stands in the book: the rarer one is the better question."""
        return Counter({one.aliases[0]: len(one.mentions) for one in self._subjects.entities})

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(word for one in self._book.sentences for word in _WORD.findall(one.text))

    @cached_property
    def _gaps(self) -> Mapping[int, list[Gap]]:
        """By tenth, the sentences that a word can be left out of."""
        found: dict[int, list[Gap]] = defaultdict(list)
        for sentence in self._fit:
            if gap := self._gap(sentence):
                found[tenth(sentence.at)].append(gap)
        return found

    @cached_property
    def _whole(self) -> Mapping[int, list[Sentence]]:
        """By tenth, the other sentences: quoted whole, they give no gap away."""
        found: dict[int, list[Sentence]] = defaultdict(list)
        for sentence in self._fit:
            if self._gap(sentence) is None:
                found[tenth(sentence.at)].append(sentence)
        return found

    @cached_property
    def _fit(self) -> list[Sentence]:
        """Sentences of narrative that tell enough to be recognised, stand in the book once and contain no speech."""
        times = Counter(one.text for one in self._book.sentences)
        return [
            one
            for one in self._book.sentences
            if one.is_good
            and times[one.text] == 1
            and MIN_WORDS <= len(one.text.split()) <= MAX_WORDS
            and not _SPOKEN.search(one.text)
            and len(set(query_terms(one.text))) >= MIN_TERMS
        ]

    def _gap(self, sentence: Sentence) -> Gap | None:
        """Leave out the only name of a sentence, or else the first number."""
        text, names = sentence.text, self._names
        found = [match for match in _WORD.finditer(text) if match.group() in names]
        if len(found) == 1 and not self._is_part(text, found[0]):
            match, what = found[0], "name"
        elif not found and (number := _NUMBER.search(text)) and not _LABEL.search(text[: number.start()]):
            match, what = number, "number"
        else:
            return None
        return Gap(sentence, f"{text[: match.start()]}{GAP}{text[match.end() :]}", match.group(), what)

    def _is_part(self, text: str, match: re.Match[str]) -> bool:
        """Whether the words beside it belong to the name and would give it away; behind "the" stands no name alone."""
        before = _BEFORE.search(text[: match.start()])
        if before is None:
            return bool(_AFTER.match(text[match.end() :]))
        word, is_first = before[1], before.start() == 0
        is_second = word in ("the", "The") or (
            word.casefold() in self._name_words if is_first else word[0].isupper()
        )
        return is_second or bool(_AFTER.match(text[match.end() :]))

    @cached_property
    def _name_words(self) -> frozenset[str]:
        return frozenset(word for one in self._subjects.entities for word in one.words)


def _quotable(text: str) -> str:
    return text.rstrip().removesuffix(".")
