"""Names in running text: capitalised spans with the titles before them.

Rules for English, with no list of names: what is counted in the book itself decides what is a name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from catena.retrieval.text_analysis import STOPWORDS

Sex = Literal["he", "she", ""]

MIN_CAPITAL = 0.8
"""Share of a name's words that are capitalised where no sentence begins."""
AROUND = 20
"""Characters of text on both sides of a name that tell what it is."""

_OF_MEN = """
    mr mister sir lord master uncle king prince duke count baron squire monsieur herr signor brother father captain
    colonel major general lieutenant
"""
_OF_WOMEN = """
    mrs miss ms lady madam madame mademoiselle aunt queen princess duchess countess baroness frau signora sister
    mother nurse
"""
_OF_BOTH = "dr doctor reverend rev professor st saint"
_BEFORE_NAMES = "old young little poor dear"
_OTHER_CAPITALS = """
    oh ah yes well god heaven christ jesus bible christmas easter sunday monday tuesday wednesday thursday friday
    saturday january february march april may june july august september october november december english french
    german italian spanish american latin greek irish scotch welsh roman jewish jew jews christian christians indian
    indians americans europeans italians germans russian russians chinese japanese british canadian canadians jan
    feb mar apr jun jul aug sept sep oct nov dec chapter book volume part mamma papa majesty nature providence
    englishman frenchman church
"""
_qualifiers = frozenset(_BEFORE_NAMES.split())
"""Before a name, but no part of it."""
_titles: Mapping[str, Sex] = {
    **dict.fromkeys(_OF_MEN.split(), "he"),
    **dict.fromkeys(_OF_WOMEN.split(), "she"),
    **dict.fromkeys([*_OF_BOTH.split(), *_qualifiers], ""),
}
_never_names = frozenset(_OTHER_CAPITALS.split()) | STOPWORDS | frozenset(_titles)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*(?:['’](?!s\b)[^\W\d_]+)?")
_CONTRACTED = re.compile(r"['’](?:ll|m|ve|d|re|s|t)$")
_MALE = frozenset({"he", "him", "his", "himself"})
_PRONOUN = re.compile(r"\b(he|him|his|himself|she|her|hers|herself)\b", re.I)
_ABBREVIATED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Rev|Capt|Col|Prof)\.$")
_ENDS = frozenset("\"'“‘”’([{—–-:;.!?…*_")


@dataclass(frozen=True, slots=True)
class Name:
    """A capitalised span: titles in lower case without full stop, and the words of the name."""

    titles: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def sex(self) -> Sex:
        return next((sex for title in self.titles if (sex := _titles.get(title, ""))), "")

    @property
    def text(self) -> str:
        shown = [title.capitalize() + ("." if title in ("mr", "mrs", "dr") else "") for title in self.titles]
        return " ".join([*shown, *self.words])


@dataclass(frozen=True, slots=True)
class Found:
    """A name in a sentence of the book, by its number."""

    sentence: int
    name: Name
    before: str
    after: str
    pronoun: Sex
    """Of the first pronoun after the name, in its sentence."""


def name_words(texts: Iterable[str]) -> frozenset[str]:
    """Words that are capitalised wherever they stand, counted where no sentence or speech begins."""
    capital, small = Counter[str](), Counter[str]()
    for text in texts:
        for match in _WORD.finditer(text):
            word = match.group()
            if word[0].islower():
                small[word] += 1
            elif word[0].isupper() and not _is_first(text, match.start()) and not word.isupper():
                capital[word] += 1
    return frozenset(
        word
        for word, count in capital.items()
        if count >= 2
        and len(word) > 1
        and not _CONTRACTED.search(word)
        and word.casefold() not in _never_names
        and count >= MIN_CAPITAL * (count + small[word.casefold()])
    )


def _is_first(text: str, start: int) -> bool:
    """Tell whether a sentence, or speech, begins at a word."""
    before = text[max(0, start - AROUND) : start].rstrip()
    return not before or (before[-1] in _ENDS and not _ABBREVIATED.search(before))


def find_names(number: int, text: str, known: frozenset[str]) -> Iterator[Found]:
    """Runs of known name words, with the titles before them."""
    run: list[re.Match[str]] = []
    for match in [*_WORD.finditer(text), None]:
        word = match.group() if match else ""
        is_part = match is not None and (word in known or word[:1].isupper() and word.casefold() in _titles)
        gap = text[run[-1].end() : match.start()] if run and match else ""
        if run and (not is_part or gap.strip(".") != " " or (gap != " " and not _is_title(run[-1]))):
            yield from _name(number, text, run)
            run = []
        if match is not None and is_part:
            run.append(match)


def _is_title(match: re.Match[str]) -> bool:
    return match.group().casefold() in _titles


def _name(number: int, text: str, run: Sequence[re.Match[str]]) -> Iterator[Found]:
    titles = [one for one in run if _is_title(one)]
    words = tuple(one.group() for one in run if not _is_title(one))
    if words:
        told = tuple(title for one in titles if (title := one.group().casefold()) not in _qualifiers)
        start, end = run[0].start(), run[-1].end()
        after = text[end:]
        pronoun = _PRONOUN.search(after)
        sex: Sex = "" if pronoun is None else "he" if pronoun[1].lower() in _MALE else "she"
        yield Found(number, Name(told, words), text[max(0, start - AROUND) : start], after[:AROUND], sex)


def is_titled(text: str) -> bool:
    """Tell whether the form of a name begins with a title."""
    return text.split()[0].casefold().strip(".") in _titles


def name_tokens(forms: Iterable[str]) -> frozenset[str]:
    """The words of some forms of a name in lower case, without titles."""
    words = {word.casefold() for form in forms for word in form.split()}
    return frozenset(word for word in words if word.strip(".") not in _titles)
