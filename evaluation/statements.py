"""How good is the code's check? True statements made false in known ways, and true ones said otherwise.

catena eval statements --data ../shared/data [--all] [--misses KIND]

Sentences of fairy tales, a novel and SEC filings are altered by rules, each in one place; the sentence itself is
the quote. Half of the sources (`--all`: all of them) were looked at while the check was written; the other half,
which is printed, was not.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pymupdf

from catena.agents.checking import support
from catena.agents.quantities import quantities
from catena.retrieval.sentences import sentence_spans
from catena.types import Support

MARKS: tuple[Support, ...] = ("supported", "partial", "unsupported", "contradicted")
PER_SOURCE = 60
"""Sentences taken of each source, half of them with a number where there are so many."""
MAX_PAGES = 80


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


def sources(data: Path) -> Iterator[Source]:
    """Fairy tales, novels, and the SEC filings of FinanceBench."""
    for path in sorted(data.glob("fairytaleqa/data-by-train-split/section-stories/val/*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield _source(path.stem, " ".join(row["text"] for row in csv.DictReader(file)))
    for path in sorted(data.glob("english-novels-100/corpus/*.txt"))[:4]:
        yield _source(path.stem, " ".join(path.read_text(encoding="utf-8", errors="replace").split()))
    for path in sorted(data.glob("financebench/pdfs/*.pdf")):
        with pymupdf.open(path) as document:
            pages = [document[number].get_text() for number in range(min(MAX_PAGES, len(document)))]
        yield _source(path.stem, " ".join(" ".join(pages).split()))


def _source(title: str, text: str) -> Source:
    found = [text[start:end] for start, end in sentence_spans(text)]
    fair = [
        one
        for one in dict.fromkeys(found)
        if 8 <= len(one.split()) <= 45 and one[0].isupper() and one.endswith(".") and _is_prose(one)
    ]
    random.Random(title).shuffle(fair)
    counted = [one for one in fair if quantities(one)][: PER_SOURCE // 2]
    others = [one for one in fair if one not in counted][: PER_SOURCE - len(counted)]
    return Source(title, (*counted, *others))


def _is_prose(text: str) -> bool:
    words = text.split()
    return sum(word[:1].isalpha() and word.islower() for word in words) > 0.5 * len(words)


def measure(made: Sequence[Made]) -> dict[str, Counter[str]]:
    """What the check says of each kind."""
    table: dict[str, Counter[str]] = {alter.__name__: Counter() for alter, _ in RULES}
    for one in made:
        table[one.kind][support(one.text, [one.quote])] += 1
    return table


def report(table: dict[str, Counter[str]]) -> str:
    """A row a kind with the share of each mark; precision and recall of each mark, kinds weighing the same."""
    expected = {alter.__name__: mark for alter, mark in RULES}
    lines = ["| kind | number | expected | " + " | ".join(MARKS) + " |", "| --- " * 7 + "|"]
    shares = {}
    for kind, counts in table.items():
        total = counts.total()
        shares[kind] = {mark: counts[mark] / max(1, total) for mark in MARKS}
        row = " | ".join(f"{shares[kind][mark]:.2f}" for mark in MARKS)
        lines.append(f"| {kind} | {total} | {expected[kind]} | {row} |")
    lines += ["", "| mark | precision | recall |", "| --- | --- | --- |"]
    present = [kind for kind, counts in table.items() if counts]
    for mark in MARKS:
        hit = sum(shares[kind][mark] for kind in present if expected[kind] == mark)
        said = sum(shares[kind][mark] for kind in present)
        want = sum(expected[kind] == mark for kind in present)
        lines.append(f"| {mark} | {hit / max(1e-9, said):.3f} | {hit / max(1, want):.3f} |")
    false = [kind for kind in present if expected[kind] in ("unsupported", "contradicted")]
    passed = sum(shares[kind]["supported"] for kind in false) / max(1, len(false))
    lines += ["", f"False statements marked as supported: {passed:.3f}"]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seen", action="store_true", help="the sources that were looked at instead")
    parser.add_argument("--misses", metavar="KIND", help="print what is marked otherwise than expected")
    args = parser.parse_args()
    chosen = [source for source in sources(args.data) if source.is_held_out != args.seen]
    made = [one for source in chosen for one in make(source)]
    for one in made:
        mark = support(one.text, [one.quote])
        if args.misses == one.kind and mark != one.expected:
            print(f"{mark}: {one.text}\n    quote: {one.quote}")
    print(f"{len(chosen)} sources, {len(made)} statements\n\n{report(measure(made))}")


if __name__ == "__main__":
    main()
