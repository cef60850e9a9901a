"""One book read into memory: its passages and sentences, and where in the book each stands."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from catena.agents.candidates import Candidate, candidates, path_at
from catena.agents.document_view import DocumentView, Shelf
from catena.retrieval.bm25 import DocumentIndex
from catena.types import Citation, Description, Document, Evidence, Page, PageRef, Passage, Segment

MIN_LETTERS = 0.75
"""Share of a good sentence's characters that are letters or spaces."""
MIN_WORDS, MAX_WORDS = 5, 60
_CLOSED = tuple(".!?…。！？”’\"'")
_CAPTION = re.compile(r"(?:Sources?|Notes?|Figure|Table|Exhibit)\b[^.:]{0,12}[.:]")
_OPENING = re.compile(r"(?:^|(?<=[\s(\u2014-]))['\u2018](?=\w)")
_CLOSING = re.compile(r"(?<=[.,!?;:\u2014-])['\u2019](?=\s|$|[)\u2014-])")
# Front and back matter of the EPUB 3 Structural Semantics Vocabulary (idpf.org/epub/vocab/structure), as printed.
_MATTER = re.compile(
    r"(?:\w+['’]s? )?(?:cover|(?:half[- ])?title ?page|copyright(?: page)?|series page|acknowledge?ments?|imprint"
    r"|imprimatur|contributors|(?:other )?credits|errat(?:a|um)|corrigend(?:a|um)|dedication|revision history|foreword"
    r"|preface|note|preamble|epigraph|colophon|(?:table of )?contents|index(?: of \w+)?|glossary|bibliography|afterword"
    r"|(?:list of )?(?:illustrations|figures|tables|maps|abbreviations)|biography|about the (?:author|publisher)"
    r"|licen[cs]e|advertisements?|(?:end|foot)?notes|transcriber['’]s notes?)\b.{0,40}",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(
    r"(?:(?:an?|the|general|editor['’]s) )?introduct(?:ion|ory)\b.{0,40}", re.IGNORECASE
)
_CHAPTER = re.compile(r"chapter\b|book the \w+$|(?:[ivxlc]+|\d+)[.:]?$", re.IGNORECASE)
MARKER = re.compile(r"\*{3} ?(?P<which>START|END) OF (?:THE|THIS) PROJECT GUTENBERG", re.IGNORECASE)
"""Around the texts of Project Gutenberg (gutenberg.org/policy/license.html): its licence stands outside of them."""
_LEGAL = re.compile(
    r"\b(copyright\w*|licen[cs]\w+|trademarks?|warrant(?:y|ies)|liab(?:le|ility)|redistribut\w+|permission|royalt(?:y|ies)"
    r"|e-?books?|e-?texts?|infring\w+|all rights reserved|isbn)\b",
    re.IGNORECASE,
)
MIN_LEGAL = 4
"""Different legal terms in one passage that make it part of a licence."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or row of the book. `passage` is the ordinal of its passage, `at` the share of the book before it."""

    number: int
    passage: int
    at: float
    evidence: Evidence
    heading: str
    is_good: bool

    @property
    def text(self) -> str:
        return self.evidence.text


class Book:
    """A document as the agents' shelf of one, whole in memory: it travels to other processes with no library."""

    def __init__(
        self, document: Document, pages: Iterable[Page], passages: Iterable[Passage], index: bytes
    ) -> None:
        self.about = document
        self.title = document.title.replace("_", " ")
        self._pages = {page.ref: page for page in pages}
        self._passages = tuple(passages)
        self._index = index

    @property
    def id(self) -> str:
        return self.about.id

    def document(self, document_id: str, /) -> Document:
        return self.about

    def page(self, ref: PageRef, /) -> Page:
        return self._pages[ref]

    def texts(self, document_id: str, numbers: Collection[int], /) -> list[Page]:
        return [self._pages[PageRef(document_id, number)] for number in sorted(numbers)]

    def passages(self, document_id: str = "", ordinals: Sequence[int] | None = None, /) -> list[Passage]:
        return (
            list(self._passages)
            if ordinals is None
            else [self._passages[n] for n in ordinals if self._has(n)]
        )

    def lexical_index(self, document_id: str, /) -> bytes:
        return self._index

    def description(self, document_id: str, /) -> Description:
        return Description(document_id)

    def passage_range(self, document_id: str, /) -> tuple[int, int]:
        return 0, len(self._passages)

    @cached_property
    def view(self) -> DocumentView:
        return DocumentView(self, [self.id])

    @cached_property
    def index(self) -> DocumentIndex:
        """BM25 over the passages."""
        return DocumentIndex.from_bytes(self._index) if self._index else DocumentIndex.builder().build()

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """Every sentence in reading order; one that runs over a page break is one."""
        segment = Segment(self._passages)
        found = candidates(segment, self.view)
        sizes = [len(one.text) + 1 for one in found]
        total, before, ordinal = max(1, sum(sizes)), 0, 0
        sentences = []
        for number, (one, size) in enumerate(zip(found, sizes, strict=True)):
            ordinal = self._passage_of(one, ordinal)
            good = _is_good(one) and ordinal in self._main and not self._is_matter(one)
            sentences.append(Sentence(number, ordinal, before / total, one.evidence, one.heading, good))
            before += size
        return tuple(sentences)

    @cached_property
    def of_passage(self) -> tuple[range, ...]:
        """By the ordinal of a passage, the numbers of the sentences that begin in it."""
        firsts = [len(self.sentences)] * (len(self._passages) + 1)
        for sentence in reversed(self.sentences):
            firsts[sentence.passage] = sentence.number
        for at in range(len(self._passages) - 1, -1, -1):  # a passage in which no sentence begins
            firsts[at] = min(firsts[at], firsts[at + 1])
        return tuple(range(first, end) for first, end in pairwise(firsts))

    def place(self, citation: Citation) -> tuple[int, float]:
        """The passage in which a quote begins, and its share of the book."""
        part = citation.parts[0]
        try:
            return self._begins[part.ref, part.start]
        except KeyError:
            where = f"page {part.ref.number}, {part.start}"
            raise KeyError(f"no sentence of {self.title} begins at {where}") from None

    @cached_property
    def _begins(self) -> dict[tuple[PageRef, int], tuple[int, float]]:
        firsts = ((one.evidence.spans[0], one) for one in self.sentences)
        return {(span.ref, span.start): (one.passage, one.at) for span, one in firsts}

    @cached_property
    def _main(self) -> frozenset[int]:
        """Ordinals of the passages that are no licence, nor outside of the marks around the text."""
        marks = [
            (found["which"].upper(), passage.ordinal)
            for passage in self._passages
            for found in MARKER.finditer(passage.text)
        ]
        first = max((ordinal for which, ordinal in marks if which == "START"), default=-1)
        last = min((ordinal for which, ordinal in marks if which == "END"), default=len(self._passages))
        return frozenset(one.ordinal for one in self._passages[first + 1 : last] if not is_legal(one.text))

    def _is_matter(self, one: Candidate) -> bool:
        span = one.evidence.spans[0]
        return bool(self._matter & set(path_at(self._pages[span.ref].sections, span.start)))

    @cached_property
    def _matter(self) -> frozenset[str]:
        sections = (section for page in self._pages.values() for section in page.sections)
        return matter_headings(heading for section in sections for heading in section.path)

    def _has(self, ordinal: int) -> bool:
        return 0 <= ordinal < len(self._passages)

    def _passage_of(self, one: Candidate, ordinal: int) -> int:
        """The passage that a sentence begins in, looked for from the last one's on."""
        span = one.evidence.spans[0]
        while not self._holds(ordinal, span.ref, span.start) and self._has(ordinal + 1):
            ordinal += 1
        return ordinal

    def _holds(self, ordinal: int, ref: PageRef, start: int) -> bool:
        passage = self._passages[ordinal]
        return passage.ref == ref and passage.start <= start < passage.end


def read_book(shelf: Shelf, pages: Iterable[Page], document_id: str) -> Book:
    """Take a document of a library into memory; a novel is a few MB."""
    return Book(
        shelf.document(document_id), pages, shelf.passages(document_id), shelf.lexical_index(document_id)
    )


def _is_good(one: Candidate) -> bool:
    """A whole sentence of running text: no heading, no list of contents, no line below a table, no scrap."""
    text = one.text
    letters = sum(char.isalpha() or char.isspace() for char in text)
    words = text.split()
    shouted = sum(len(word) > 3 and word.isupper() for word in words)
    return (
        one.kind == "text"
        and text.endswith(_CLOSED)
        and MIN_WORDS <= len(words) <= MAX_WORDS
        and (text[0].isupper() or not text[0].isalpha())
        and letters >= MIN_LETTERS * len(text)
        and shouted <= 1
        and not _CAPTION.match(text)
        and _is_closed(text)
    )


def _is_closed(text: str) -> bool:
    """Tell whether speech that begins in the sentence ends in it, and none ends that began before."""
    if text.count("“") != text.count("”") or text.count('"') % 2:
        return False
    opens = len(_OPENING.findall(text))
    return opens == len(_CLOSING.findall(text))


def matter_headings(headings: Iterable[str]) -> frozenset[str]:
    """The headings of front and back matter; an introduction is one only in a book that has chapters."""
    known = frozenset(headings)
    has_chapters = any(_CHAPTER.match(heading) for heading in known)
    return frozenset(
        heading
        for heading in known
        if _MATTER.fullmatch(heading) or (has_chapters and _INTRODUCTION.fullmatch(heading))
    )


def is_legal(passage: str) -> bool:
    """Tell whether a passage is of a licence."""
    return len({term.casefold() for term in _LEGAL.findall(passage)}) >= MIN_LEGAL
