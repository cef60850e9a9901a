"""Questions that a document suggests: of its headings, and of documents of its kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catena.client import Catena
from catena.types import Document, Page

MAX_PAGES = 200
"""The first pages, which are looked at."""
NUM_HEADINGS = 8
MIN_OUTLINE = 5
"""Entries; a shorter outline says less than the headings on the pages."""
MIN_WORDS, MAX_WORDS, MAX_LETTERS = 2, 7, 56
MIN_AGAIN = 2
"""Least count of each word of a heading in the text below it, for the text to be about it."""
NUM_NAMES, MIN_SPEECHES = 3, 3
# "3.2 Data", "Item 7. Data", "Chapter IV: Data", "A.1 Data"
_NUMBERING = re.compile(
    r"^(?:(?:chapter|item|part|section|article|appendix|annex|exhibit)\s+)?"
    r"(?:\d+(?:\.\d+)*[a-z]?|[A-Z](?:\.\d+)+|[A-Z]|[IVXLC]+)[.):—-]*\s+",
    re.IGNORECASE,
)
_HEADING = re.compile(r"[A-Z][\w’'-]*(?:,? (?:[(&]?[\w’'-]+\)?|&))+")
_BROKEN = re.compile(r"\b[b-hj-z]\b")  # "Busines s": a letter that stands alone
_WORD = re.compile(r"[^\W\d_]{4,}")
# Whoever speaks in a story: “…,” said Ahab.
_SPEAKER = re.compile(r"[”\"’'] (?:said|cried|asked|replied|answered|exclaimed) ([A-Z][a-z]{2,})\b")
# Parts of a book that are about the book: The Chicago Manual of Style, 1.4.
_ABOUT_THE_BOOK = re.compile(
    r"\b(?:about|title|copyright|dedication|epigraph|contents|illustrations|tables|figures|foreword|preface|acknowledge?ments?"
    r"|introduction|abbreviations|appendix|chronology|notes?|glossary|bibliography|references|contributors|index"
    r"|signatures?|exhibits?|cover)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question, the pages that its answer must stand on (none: any), and what it must say."""

    question: str
    pages: tuple[int, ...] = ()
    says: str = ""

    def fits(self, text: str) -> bool:
        return re.search(self.says, text, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """Documents that say so on their first pages, and what they are asked."""

    sign: str
    asked: tuple[Candidate, ...]


KINDS = (
    DocumentKind(
        r"^\W*(?:[\w&’'-]+ ){0,5}(?:agreement|contract|lease)\W*$",  # a line of its own: a title
        (
            Candidate("When does it take effect?", says=r"\d"),
            Candidate("How can it be terminated?", says="terminat"),
            Candidate("Which law governs it?", says=r"\blaws?\b"),
        ),
    ),
    DocumentKind(  # SEC forms of periodic reports
        r"\bform (?:10-[KQ]|20-F|40-F)\b|\bannual report\b",
        (
            Candidate("What was the total revenue?", says=r"(?:revenue|sales).*\d|\d.*(?:revenue|sales)"),
            Candidate("What was the net income?", says=r"net (?:income|earnings|loss|profit).*\d"),
            Candidate("What are the main risks?", says=r"\brisks?\b"),
        ),
    ),
)


def questions_of(catena: Catena, document: Document) -> list[Candidate]:
    """Suggest questions about this document, the most promising first: by heading, by kind and by name in turn."""
    pages = catena.library.texts(document.id, range(1, min(document.num_pages, MAX_PAGES) + 1))
    rows = (by_heading(document, pages), [*by_kind(pages), *by_name(pages)])
    return [row[place] for place in range(max(map(len, rows))) for row in rows if place < len(row)]


def by_kind(pages: Sequence[Page]) -> list[Candidate]:
    """Suggest questions for documents that say on their first two pages what they are."""
    first = "\n".join(page.text for page in pages[:2])
    signed = [kind for kind in KINDS if re.search(kind.sign, first, re.IGNORECASE | re.MULTILINE)]
    return [candidate for kind in signed for candidate in kind.asked]


def by_name(pages: Sequence[Page]) -> list[Candidate]:
    """Suggest questions about those that speak most in a story."""
    speakers = Counter(name for page in pages for name in _SPEAKER.findall(page.text))
    most = [name for name, num in speakers.most_common(NUM_NAMES) if num >= MIN_SPEECHES]
    return [Candidate(f"Who is {name}?", says=rf"\b{name}\b") for name in most]


def by_heading(document: Document, pages: Sequence[Page]) -> list[Candidate]:
    """Suggest questions about the headings whose own words the text below them takes up most."""
    entries = _of_outline(document) if len(document.outline) >= MIN_OUTLINE else _of_pages(pages)
    texts = {page.ref.number: page.text for page in pages}
    named = [(_NUMBERING.sub("", title).rstrip(" .:"), number) for title, number in entries]
    times = Counter(name for name, _ in named)
    weights: dict[str, float] = {}
    at: dict[str, int] = {}
    for name, number in named:
        if times[name] > 1 or name in weights or not is_telling(name):
            continue
        below = f"{texts.get(number, '')} {texts.get(number + 1, '')}".lower()
        counts = [below.count(word.lower()) for word in _WORD.findall(name)]
        if counts and min(counts) >= MIN_AGAIN:
            weights[name], at[name] = sum(counts) / len(counts), number
    best = list(_unlike(sorted(weights, key=lambda name: -weights[name])))[:NUM_HEADINGS]
    return [_about(name, at[name]) for name in best]


def _about(name: str, number: int) -> Candidate:
    readable = name.title() if name.isupper() else name
    return Candidate(f"What does it say about “{readable}”?", tuple(range(number - 1, number + 3)))


def _unlike(names: Sequence[str]) -> Iterator[str]:
    """Leave out a heading that shares half of its words with one before it."""
    known: set[str] = set()
    for name in names:
        words = {word.lower() for word in _WORD.findall(name)}
        if 2 * len(words & known) < len(words):
            yield name
            known |= words


def is_telling(name: str) -> bool:
    """Tell whether a heading names a matter, and is neither a sentence nor a part about the book itself."""
    num_words = len(name.split())
    return (
        MIN_WORDS <= num_words <= MAX_WORDS
        and len(name) <= MAX_LETTERS
        and _HEADING.fullmatch(name) is not None
        and not any(sign.isdigit() for sign in name)
        and not _BROKEN.search(name)
        and _ABOUT_THE_BOOK.search(name) is None
    )


def _of_outline(document: Document) -> list[tuple[str, int]]:
    return [(_capital(entry.title.strip()), entry.page) for entry in document.outline]


def _of_pages(pages: Sequence[Page]) -> list[tuple[str, int]]:
    """The headings on the pages; those of the first are the title and what surrounds it."""
    return [
        (page.text[line.start : line.end].strip(), page.ref.number)
        for page in pages
        if page.ref.number > 1
        for line in page.lines
        if line.kind == "heading"
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
