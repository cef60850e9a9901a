"""Questions that rules make with no model: who did it, a name or number left out of a sentence, what comes first."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from catena.agents.citations.citation import cite
from catena.agents.extractive.proper_names import name_words
from catena.bookqa.book import Book, Sentence
from catena.bookqa.item_slots import Slot, tenth
from catena.bookqa.item_writer import Draft
from catena.bookqa.items import ItemKind
from catena.bookqa.subjects import Subjects
from catena.retrieval.text_analysis import query_terms

KINDS: tuple[ItemKind, ...] = ("order", "local")
"""Kinds that rules can make; the others need a model."""
MIN_WORDS, MAX_WORDS = 10, 40
MIN_TERMS = 6
"""Telling words that a sentence must keep, so that it can be found again."""
GAP = "_____"
CHOICE = 6
"""Sentences among which the one with the rarest name is taken."""
_SPOKEN = re.compile(r"[\"“”‘?!]|(?:^|\s)'|'(?:\s|$)|\b(?:I|we|you|my|your|our|us)\b", re.I)
_NUMBER = re.compile(
    r"(?<!or )(?<![-\d.,])\b(?:three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|"
    r"fifty|sixty|hundred|thousand|\d[\d,.]*\d|\d)(?=\b [a-z]{3,}s\b|%| per ?cent\b)"
)
_WORD = re.compile(r"[^\W\d_]+")
_BEFORE, _AFTER = re.compile(r"([^\W\d_]+) $"), re.compile(r"-\w| [A-Z]")
"""Words that may stand beside a word that is one of several of a name."""
_LABEL = re.compile(r"(?:^Notes?|^Items?|\s[A-Z][\w.]*) $")
"""Before a number that counts nothing."""
_POINTING = re.compile(
    r"\b(?:he|him|his|she|her|hers|it|its|they|them|theirs?)\b|^(?:this|that|these|those|such)\b", re.I
)
"""English pro-forms: before any name they point at a sentence that is not shown."""
_OPENING = re.compile(r"(?:(?:And|But|So|Then|Now|Yet|Thus|Meanwhile|However|Therefore),? )?")
_CLAUSE_END = re.compile(r"[;:]|,?\s?(?:--|—)")
_NO_VERB = (
    r"(?:the|an?|his|her|its|their|my|our|your|of|in|at|on|with|from|to|for|by|into|under|over|upon|about|after|before"
    r"|and|or|but|nor|who|whom|whose|which|that|as|like|than|when|while|whilst|if|though|because|himself|herself)\b"
)
"""English articles, prepositions, conjunctions and pronouns: what follows a name and is none of them acts."""
MIN_CLAUSE = 6
"""Words of a clause that is asked for its subject."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A question whose answer is a name or a number that its one sentence tells."""

    sentence: Sentence
    question: str
    answer: str
    rank: int
    """0: who did it; 1: a name left out; 2: a number left out."""


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
        best = min(choice, key=lambda gap: (gap.rank, self._counts[gap.answer]), default=None)
        return (
            Draft(best.question, best.answer, (cite(best.sentence.evidence, self._book.view),))
            if best
            else None
        )

    def _order(self, slot: Slot, drawn: random.Random) -> Draft | None:
        filled = [tenth for tenth in slot.tenths if self._whole.get(tenth)]
        if len(filled) < 2:
            return None
        early, late = (drawn.choice(self._whole[tenth]) for tenth in sorted(drawn.sample(filled, 2)))
        first, second = (early, late) if drawn.random() < 0.5 else (late, early)
        question = (
            f"Which of these two sentences stands earlier in the book: (a) “{_quotable(first.text)}” "
            f"or (b) “{_quotable(second.text)}”?"
        )
        citations = tuple(cite(one.evidence, self._book.view) for one in (early, late))
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
        """Tell whether a name is the plural of another word of the book: Americans are no place."""
        return word.endswith("s") and word[:-1] in self._words

    @cached_property
    def _counts(self) -> Counter[str]:
        """Count each name in the book: the rarer one is the better question."""
        return Counter({form: len(one.mentions) for one in self._subjects.entities for form in one.aliases})

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(word for one in self._book.sentences for word in _WORD.findall(one.text))

    @cached_property
    def _gaps(self) -> Mapping[int, list[Gap]]:
        """By tenth: who did it; or the only name of a sentence that begins with another is left out, or a number."""
        found: dict[int, list[Gap]] = defaultdict(list)
        for sentence in self._fit:
            if not self._is_quoted_whole(sentence) and (gap := self._who(sentence) or self._blank(sentence)):
                found[tenth(sentence.at)].append(gap)
        return found

    @cached_property
    def _whole(self) -> Mapping[int, list[Sentence]]:
        """By tenth, every other sentence that begins with who acts; where some name another, too, only those."""
        found: dict[int, list[Sentence]] = defaultdict(list)
        telling: dict[int, list[Sentence]] = defaultdict(list)
        for sentence in self._fit:
            if self._is_quoted_whole(sentence):
                found[tenth(sentence.at)].append(sentence)
                if self._is_telling(sentence.text):
                    telling[tenth(sentence.at)].append(sentence)
        return {**found, **telling}

    def _is_quoted_whole(self, sentence: Sentence) -> bool:
        """Half of them: what is quoted in one question does not answer another."""
        return sentence.number % 2 == 0 and self._actor(sentence.text) is not None

    def _is_telling(self, text: str) -> bool:
        actor = self._actor(text)
        return actor is not None and self._is_anchored(text[actor.end() :])

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

    def _who(self, sentence: Sentence) -> Gap | None:
        """ "Cynthia played with her teaspoon before she replied; then …": who played with her teaspoon?"""
        text = sentence.text
        name = self._actor(text)
        if name is None:
            return None
        clause = _CLAUSE_END.split(text[name.end() :])[0].strip(" ,.!?")
        words = _WORD.findall(clause)
        if len(words) < MIN_CLAUSE or name["name"].split()[-1] in words or not self._is_anchored(clause):
            return None
        return Gap(sentence, f"Who {clause}?", name["name"], 0)

    def _actor(self, text: str) -> re.Match[str] | None:
        """The name of a person with which a sentence begins, and which a verb follows, not "and" or another name."""
        return self._actors.match(text) if self._actors else None

    @cached_property
    def _actors(self) -> re.Pattern[str] | None:
        forms = {form for one in self._subjects.entities if one.kind == "person" for form in one.aliases}
        if not forms:
            return None
        names = "|".join(re.escape(form) for form in sorted(forms, key=lambda form: -len(form)))
        return re.compile(rf"{_OPENING.pattern}(?P<name>{names})(?= (?!{_NO_VERB})[a-z]{{2,}})")

    def _blank(self, sentence: Sentence) -> Gap | None:
        text, names = sentence.text, self._names
        found = [match for match in _WORD.finditer(text) if match.group() in names]
        if len(found) == 1 and not self._is_part(text, found[0]):
            match, what, rank = found[0], "name", 1
        elif not found and (number := _NUMBER.search(text)) and not _LABEL.search(text[: number.start()]):
            match, what, rank = number, "number", 2
        else:
            return None
        kept = text[: match.start()] + text[match.end() :]
        if not self._stands_alone(text) or (what == "name" and not self._is_anchored(kept)):
            return None
        told = _quotable(f"{text[: match.start()]}{GAP}{text[match.end() :]}")
        return Gap(
            sentence, f"Which {what} is left out of this sentence of the book: “{told}”?", match.group(), rank
        )

    def _stands_alone(self, text: str) -> bool:
        """Tell whether nothing before the first name points at another sentence."""
        first = next(
            (match.start() for match in _WORD.finditer(text) if match.group() in self._known), len(text)
        )
        return not _POINTING.search(text[:first])

    def _is_anchored(self, text: str) -> bool:
        """Tell whether a name or a figure ties what is told to this book; else anybody may have done it, any time."""
        return any(word in self._known for word in _WORD.findall(text)) or any(map(str.isdigit, text))

    def _is_part(self, text: str, match: re.Match[str]) -> bool:
        """Tell whether words beside it belong to the name and give it away; behind "the" stands no name alone."""
        before = _BEFORE.search(text[: match.start()])
        if before is None:
            return bool(_AFTER.match(text[match.end() :]))
        word, is_first = before[1], before.start() == 0
        is_second = word in ("the", "The") or (
            word.casefold() in self._name_words if is_first else word[0].isupper()
        )
        return is_second or bool(_AFTER.match(text[match.end() :]))

    @cached_property
    def _known(self) -> frozenset[str]:
        """Words that the book writes with a capital wherever they stand."""
        return name_words(one.text for one in self._book.sentences if not one.text.isupper())

    @cached_property
    def _name_words(self) -> frozenset[str]:
        return frozenset(word for one in self._subjects.entities for word in one.words)


def _quotable(text: str) -> str:
    return text.rstrip().removesuffix(".")
