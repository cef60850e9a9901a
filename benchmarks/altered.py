"""Statements made of a sentence by rules: said otherwise, or false in one place, each with the mark it should get."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from catena.agents.citations.quantities import quantities
from catena.types import Support


@dataclass(frozen=True, slots=True)
class Made:
    """A statement, the quote that is put under it, and the mark that a careful reader gives."""

    kind: str
    text: str
    quote: str
    expected: Support


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    sentences: tuple[str, ...]

    @property
    def is_held_out(self) -> bool:
        return zlib.crc32(self.name.encode()) % 2 == 1


Alter = Callable[[str, Source, random.Random], str | None]
"""Another statement made of a sentence, or nothing where the rule does not apply."""


def quoted(sentence: str, source: Source, dice: random.Random) -> str | None:
    return sentence


def shortened(sentence: str, source: Source, dice: random.Random) -> str | None:
    """The main clause alone, where what is cut off comes after a comma and `which`, `who` or `including`."""
    cut = re.search(r", (?:which|who|whose|including|such as|where) ", sentence)
    return sentence[: cut.start()] + "." if cut and cut.start() > 30 and "," not in sentence[:30] else None


def moved(sentence: str, source: Source, dice: random.Random) -> str | None:
    """ "In 2018, sales rose." becomes "sales rose in 2018." """
    found = re.fullmatch(
        r"((?:In|At|During|On|For|After|Before|Since) [^,]{4,40}), ([^,;:]{20,})\.", sentence
    )
    if not found:
        return None
    return f"{found[2][0].upper()}{found[2][1:]} {found[1][0].lower()}{found[1][1:]}."


def reworded(sentence: str, source: Source, dice: random.Random) -> str | None:
    """Two or more words by others that mean the same."""
    text = sentence
    for word, other in SYNONYMS.items():
        text = re.sub(rf"\b{word}\b", other, text)
    return text if sum(a != b for a, b in zip(text.split(), sentence.split(), strict=False)) > 1 else None


def rewritten(sentence: str, source: Source, dice: random.Random) -> str | None:
    """The same number in another dress: "$1,577 million" as "$1.577 billion", "5%" as "5 percent", "3" as "three"."""
    for one in quantities(sentence):
        before, printed, after = sentence[: one.start], sentence[one.start : one.end], sentence[one.end :]
        if one.scale == "million" and one.value >= 1000:
            return f"{before}{one.unit}{one.value / 1000:.10g} billion{after}"
        if one.unit == "%" and "%" in printed:
            return f"{before}{printed.replace('%', ' percent')}{after}"
        if printed in WORDS and re.match(r" [a-z]", after):
            return f"{before}{WORDS[printed]}{after}"
    for digit, word in WORDS.items():
        found = re.search(rf"\b{word} (?=[a-z]+s\b)", sentence)
        if found:
            return f"{sentence[: found.start()]}{digit} {sentence[found.end() :]}"
    return None


def redated(sentence: str, source: Source, dice: random.Random) -> str | None:
    """ "March 31, 2019" as "31 March 2019"."""
    found = re.search(rf"\b({MONTHS}) (\d{{1,2}}), ((?:19|20)\d\d)\b", sentence)
    if not found:
        return None
    return f"{sentence[: found.start()]}{found[2]} {found[1]} {found[3]}{sentence[found.end() :]}"


def number(sentence: str, source: Source, dice: random.Random) -> str | None:
    """One number by another, years by other years."""
    found = quantities(sentence)
    if not found:
        return None
    one = dice.choice(found)
    digits = [place for place in range(len(one.digits)) if one.digits[place].isdigit()]
    place = digits[-1] if len(digits) == 4 else dice.choice(digits)
    other = str((int(one.digits[place]) + dice.randint(1, 8)) % 9 + 1)
    changed = one.digits[:place] + other + one.digits[place + 1 :]
    if changed == one.digits:
        return None
    start = sentence.index(one.digits, one.start)
    return sentence[:start] + changed + sentence[start + len(one.digits) :]


def word_number(sentence: str, source: Source, dice: random.Random) -> str | None:
    found = re.search(rf"\b({'|'.join(WORDS.values())})(?= [a-z]+s\b)", sentence)
    if not found:
        return None
    other = dice.choice([word for word in WORDS.values() if word != found[1]])
    return sentence[: found.start()] + other + sentence[found.end() :]


def exchanged(sentence: str, source: Source, dice: random.Random) -> str | None:
    """Two numbers of one kind in each other's place."""
    found = [one for one in quantities(sentence) if one.digits]
    for left, right in zip(found, found[1:], strict=False):
        if (left.unit, left.scale) == (right.unit, right.scale) and left.value != right.value:
            a, b = sentence.index(left.digits, left.start), sentence.index(right.digits, right.start)
            middle = sentence[a + len(left.digits) : b]
            return sentence[:a] + right.digits + middle + left.digits + sentence[b + len(right.digits) :]
    return None


def scale(sentence: str, source: Source, dice: random.Random) -> str | None:
    return _swap(sentence, (("million", "billion"), ("thousand", "million"), ("billion", "million")))


def unit(sentence: str, source: Source, dice: random.Random) -> str | None:
    """Of a number: "forty days" as "forty weeks", "5%" as "$5"."""
    found = re.search(r"(?<=\d)%", sentence)
    if found:
        return sentence[: found.start()] + " dollars" + sentence[found.end() :]
    count = rf"(?:\d+|{'|'.join(WORDS.values())}|hundred)"
    for one, other in UNITS:
        for left, right in ((one, other), (other, one)):
            found = re.search(rf"\b{count} ({left})(?=s?\b)", sentence)
            if found:
                return sentence[: found.start(1)] + right + sentence[found.end(1) :]
    return None


def date(sentence: str, source: Source, dice: random.Random) -> str | None:
    found = re.search(rf"\b({MONTHS})\b(?= \d)", sentence)
    if not found:
        return None
    other = dice.choice([month for month in MONTHS.split("|") if month != found[1]])
    return sentence[: found.start()] + other + sentence[found.end() :]


def negated(sentence: str, source: Source, dice: random.Random) -> str | None:
    """The first auxiliary of a plain sentence gets a "not", or loses it."""
    if re.search(r"\b(?:no|never|none|nor|neither|nothing|without)\b|n['’]t\b", sentence):
        return None
    found = re.search(
        r"\b(?:is|are|was|were|has|have|had|will|would|can|could|should|may|must|did)\b( not\b)?", sentence
    )
    if not found:
        return None
    if found[1]:
        return sentence[: found.start(1)] + sentence[found.end(1) :]
    return sentence[: found.end()] + " not" + sentence[found.end() :] if " not " not in sentence else None


def opposite(sentence: str, source: Source, dice: random.Random) -> str | None:
    return _swap(sentence, OPPOSITES)


def opposite_unlisted(sentence: str, source: Source, dice: random.Random) -> str | None:
    """Opposites that the check's list does not hold."""
    return _swap(sentence, UNLISTED)


def name(sentence: str, source: Source, dice: random.Random) -> str | None:
    """A name inside the sentence by another of the same source."""
    found = list(NAME.finditer(sentence))
    if not found:
        return None
    one = dice.choice(found)
    others = sorted(
        {
            other
            for other in source_names(source)
            if other not in sentence and len(other.split()) == len(one.group().split())
        }
    )
    return sentence[: one.start()] + dice.choice(others) + sentence[one.end() :] if others else None


def other(sentence: str, source: Source, dice: random.Random) -> str | None:
    """Another sentence of the source."""
    return dice.choice(source.sentences)


def near(sentence: str, source: Source, dice: random.Random) -> str | None:
    """The sentence of the source that shares most words with this one, without saying the same."""
    mine = _words(sentence)
    best = max(source.sentences, key=lambda one: _likeness(mine, _words(one)))
    return best if 0.2 < _likeness(mine, _words(best)) < 0.6 else None


def half(sentence: str, source: Source, dice: random.Random) -> str | None:
    """True, and another statement joined on."""
    if len(sentence) > 160:
        return None
    more = dice.choice(source.sentences)
    return f"{sentence.rstrip('.')}, and {more[0].lower()}{more[1:]}" if len(more) < 160 else None


AUXILIARIES = "is|are|was|were|has|have|had|will|would|can|could|should|may|must|did"
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,}){0,2}\b")
WORDS = dict(
    zip("23456789", ("two", "three", "four", "five", "six", "seven", "eight", "nine"), strict=True)
) | {"12": "twelve"}
UNITS = (
    ("day", "week"),
    ("month", "year"),
    ("hour", "minute"),
    ("mile", "yard"),
    ("pound", "ounce"),
    ("inch", "yard"),
)
SYNONYMS = {
    "approximately": "about", "purchase": "buy", "purchased": "bought", "primarily": "mainly", "however": "but",
    "replied": "answered", "began": "started", "big": "large", "beautiful": "lovely", "immediately": "at once",
    "required": "needed", "received": "got", "obtain": "get", "due to": "because of", "prior to": "before",
    "certain": "some", "entire": "whole", "wished": "wanted", "home": "house", "little": "small",
    "related to": "connected with", "including": "among them", "several": "some", "assist": "help",
    "upon": "on", "said": "told", "king": "ruler", "child": "kid", "located": "situated", "woods": "forest",
    "commenced": "began", "shall": "will", "additional": "further", "significant": "considerable",
}  # fmt: skip
OPPOSITES = (
    ("increase", "decrease"), ("increased", "decreased"), ("higher", "lower"), ("before", "after"), ("more", "less"),
    ("above", "below"), ("first", "last"), ("always", "never"), ("rose", "fell"), ("gain", "loss"),
    ("old", "young"), ("rich", "poor"), ("possible", "impossible"), ("able", "unable"), ("large", "small"),
    ("open", "closed"), ("early", "late"), ("good", "bad"), ("up", "down"), ("include", "exclude"),
    ("greater", "smaller"), ("with", "without"), ("long", "short"), ("everyone", "nobody"), ("best", "worst"),
)  # fmt: skip
UNLISTED = (
    ("income", "expense"), ("wide", "narrow"), ("thick", "thin"), ("clean", "dirty"), ("happy", "sad"),
    ("friend", "enemy"), ("remember", "forget"), ("love", "hate"), ("summer", "winter"), ("morning", "evening"),
    ("white", "black"), ("domestic", "foreign"), ("day", "night"), ("effective", "ineffective"), ("lost", "found"),
    ("approved", "rejected"), ("sold", "acquired"), ("asleep", "awake"), ("near", "far"), ("beautiful", "ugly"),
)  # fmt: skip
RULES: tuple[tuple[Alter, Support], ...] = (
    (quoted, "supported"),
    (shortened, "supported"),
    (moved, "supported"),
    (reworded, "supported"),
    (rewritten, "supported"),
    (redated, "supported"),
    (half, "partial"),
    (other, "unsupported"),
    (near, "unsupported"),
    (number, "contradicted"),
    (word_number, "contradicted"),
    (exchanged, "contradicted"),
    (scale, "contradicted"),
    (unit, "contradicted"),
    (date, "contradicted"),
    (negated, "contradicted"),
    (opposite, "contradicted"),
    (opposite_unlisted, "contradicted"),
    (name, "contradicted"),
)


def source_names(source: Source) -> Iterator[str]:
    for sentence in source.sentences:
        yield from NAME.findall(sentence)


def _swap(sentence: str, pairs: Sequence[tuple[str, str]]) -> str | None:
    """The first word of a pair by its opposite."""
    for left, right in pairs:
        for one, two in ((left, right), (right, left)):
            found = re.search(rf"\b{one}\b", sentence)
            if found:
                return sentence[: found.start()] + two + sentence[found.end() :]
    return None


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def _likeness(left: set[str], right: set[str]) -> float:
    return len(left & right) / max(1, min(len(left), len(right))) if left != right else 0.0


def make(source: Source) -> Iterator[Made]:
    """Every rule on every sentence that it applies to; the same ones each time."""
    for sentence in source.sentences:
        for alter, expected in RULES:
            dice = random.Random(f"{alter.__name__} {sentence}")
            text = alter(sentence, source, dice)
            if text and (text != sentence or alter is quoted):
                yield Made(alter.__name__, text, sentence, expected)
