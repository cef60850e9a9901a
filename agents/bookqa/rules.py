"""Questions that rules make with no model: a name or number left out of a sentence, which of two comes first."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from catena.agents.bookqa.book import Book, Sentence
from catena.agents.bookqa.items import ItemKind
from catena.agents.bookqa.slots import TENTHS, Slot
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
_SPOKEN = re.compile(r"[\"“”‘]|(?:^|\s)'|'(?:\s|$)|\b(?:I|we|you|my|your|our|us)\b", re.I)
_NUMBER = re.compile(
    r"(?<!or )(?<!-)\b(?:three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|"
    r"sixty|hundred|thousand|\d[\d,.]*\d|\d)\b(?= [a-z]+s\b)"
)


@dataclass(frozen=True, slots=True)
class Gap:
    """A sentence with a word left out, and what kind of word."""

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
        found = list(self._by_tenth.get(slot.tenths[0], ()))
        drawn.shuffle(found)
        gaps = (gap for one in found if (gap := _gap(one, self._names)))
        choice = [gap for gap, _ in zip(gaps, range(CHOICE), strict=False)]
        # A number only where there is no name to ask for.
        rarest = min(choice, key=lambda gap: (gap.what == "number", self._counts[gap.left_out]), default=None)
        return self._draft(rarest) if rarest else None

    def _draft(self, gap: Gap) -> Draft:
        question = f"Which {gap.what} is left out of this sentence of the book: “{_quotable(gap.text)}”?"
        return Draft(question, gap.left_out, (cite(gap.sentence.evidence, self._book.desk),))

    def _order(self, slot: Slot, drawn: random.Random) -> Draft | None:
        if not all(self._by_tenth.get(tenth) for tenth in slot.tenths):
            return None
        early, late = (drawn.choice(self._by_tenth[tenth]) for tenth in sorted(drawn.sample(slot.tenths, 2)))
        first, second = (early, late) if drawn.random() < 0.5 else (late, early)
        question = (
            f"Which of these two sentences stands earlier in the book: (a) “{_quotable(first.text)}” "
            f"or (b) “{_quotable(second.text)}”?"
        )
        citations = tuple(cite(one.evidence, self._book.desk) for one in (early, late))
        return Draft(question, "(a)" if first is early else "(b)", citations)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """Single words that are somebody's or some place's most frequent name."""
        named = ((one.aliases[0], one.kind) for one in self._subjects.entities if one.kind != "other")
        return {alias: "name" if kind == "person" else "place" for alias, kind in named if " " not in alias}

    @cached_property
    def _counts(self) -> Counter[str]:
        """How often each name stands in the book: the rarer one is the better question."""
        return Counter({one.aliases[0]: len(one.mentions) for one in self._subjects.entities})

    @cached_property
    def _by_tenth(self) -> Mapping[int, list[Sentence]]:
        found: dict[int, list[Sentence]] = {}
        for sentence in _fit(self._book):
            found.setdefault(min(TENTHS - 1, int(TENTHS * sentence.at)), []).append(sentence)
        return found


def _gap(sentence: Sentence, names: Mapping[str, str]) -> Gap | None:
    """Leave out the only name of a sentence, or else its only number."""
    text = sentence.text
    found = [match for match in re.finditer(r"[^\W\d_]+", text) if match.group() in names]
    numbers = list(_NUMBER.finditer(text))
    if len(found) == 1:
        match, what = found[0], names[found[0].group()]
    elif len(numbers) == 1 and not found:
        match, what = numbers[0], "number"
    else:
        return None
    return Gap(sentence, f"{text[: match.start()]}{GAP}{text[match.end() :]}", match.group(), what)


def _fit(book: Book) -> Iterator[Sentence]:
    """Sentences of narrative that tell enough to be recognised, and contain no speech."""
    for one in book.sentences:
        if (
            one.is_good
            and MIN_WORDS <= len(one.text.split()) <= MAX_WORDS
            and not _SPOKEN.search(one.text)
            and len(set(query_terms(one.text))) >= MIN_TERMS
        ):
            yield one


def _quotable(text: str) -> str:
    return text.rstrip().removesuffix(".")
