"""The people of a story: every form of their names, and who is named in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from catena.agents.extractive.name_table import name_table
from catena.agents.extractive.proper_names import Sex

MAX_SENTENCES = 6000
"""So many sentences, spread evenly over a document, tell who its people are: 60,000 words, half a second."""


@dataclass(frozen=True, slots=True)
class Person:
    """`count` is how many of the sentences read name the person."""

    name: str
    sex: Sex
    count: int


@dataclass(frozen=True, slots=True)
class Named:
    """Place where a text names a person."""

    start: int
    end: int
    person: Person


class People:
    """People of one document by their names. Empty where nobody is named often enough."""

    def __init__(self, forms: Sequence[tuple[Person, Sequence[str]]]) -> None:
        self._by_form: dict[str, Person] = {}
        for person, aliases in sorted(forms, key=lambda one: -one[0].count):
            for alias in aliases:
                self._by_form.setdefault(_plain(alias), person)
        longest_first = sorted(self._by_form, key=len, reverse=True)
        pattern = "|".join(re.escape(form).replace(r"\ ", r"\.?\s+") for form in longest_first)
        self._pattern = re.compile(rf"\b(?:{pattern})\b(?![-’'][a-rt-z])") if pattern else None

    @classmethod
    def of(cls, sentences: Sequence[str]) -> People:
        """Read the people off sentences of a document."""
        step = -(-len(sentences) // MAX_SENTENCES) or 1
        told = name_table(sentences[::step])
        return cls(
            [
                (Person(one.name, one.sex, len(one.sentences)), one.aliases)
                for one in told
                if one.kind == "person"
            ]
        )

    def __len__(self) -> int:
        return len(set(self._by_form.values()))

    def named_in(self, text: str) -> Iterator[Named]:
        """Every name of a person in a text, in order."""
        for found in self._pattern.finditer(text) if self._pattern else ():
            yield Named(found.start(), found.end(), self._by_form[_plain(found.group())])

    def who(self, texts: Iterable[str]) -> set[Person]:
        """All persons whom some texts name."""
        return {one.person for text in texts for one in self.named_in(text)}


def _plain(form: str) -> str:
    """A form of a name without full stops after titles."""
    return " ".join(form.replace(".", " ").split())
