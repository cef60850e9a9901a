"""Documents that tell a story: who is in them, and whom the names and pronouns of a page mean.

Coreference of "he", "she" and "I" is by rules: the name last said, of that sex, first in its sentence. Names in
quotation marks are whom is spoken of or to, so that pronouns outside do not mean them; "I" in quotation marks is who is
said to speak.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from catena.agents.document_view import DocumentView
from catena.agents.extractive.name_table import name_table
from catena.agents.extractive.proper_names import Sex
from catena.retrieval.sentences import sentence_spans
from catena.types import PageRef, Passage, Span

MAX_SENTENCES = 6000
"""So many sentences, spread evenly over a document, tell who its people are: 60,000 words, half a second."""
NEAR = 40
"""Characters between the quotation marks and who is said to speak."""
_PRONOUN = re.compile(
    r"\b(?:(?P<he>he|him|his|himself)|(?P<she>she|her|hers|herself)|(?P<own>I|[Mm]e|[Mm]y|[Mm]yself))\b"
    r"|\b(?:(?P<he2>He|Him|His|Himself)|(?P<she2>She|Her|Hers|Herself))\b"
)
_SPEECH = re.compile(
    r"\b(?:said|says|replied|cried|asked|answered|exclaimed|returned|rejoined|whispered|murmured|inquired|enquired"
    r"|observed|remarked|continued|added|interrupted|muttered|demanded|shouted|growled|responded|retorted|repeated)\b"
)
_DOUBLE = re.compile(r"“[^”]*(?:”|$)|\"[^\"]*(?:\"|$)")
_SINGLE = re.compile(r"(?:(?<=\s)|^)[‘'](?:[^'’]|['’](?=\w))*(?:['’]|$)")
MIN_PRONOUNS = 0.02
"""Share of "he" and "she" among the words from which on a document tells a story: novels and fairy tales have 0.04
and more, filings, papers and manuals below 0.005."""
MAX_SAMPLED = 200
MAX_READ = 1500
"""So many passages, spread evenly, tell who is in a story: all of a novel of 150,000 words."""
MAX_KNOWN = 8
BEFORE = 1500
"""Characters of the page before that are read along, for whom its last sentences name."""
_HE_OR_SHE = re.compile(r"\b(?:he|she|him|her|his|hers|himself|herself)\b", re.IGNORECASE)
_lock = threading.Lock()


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


@dataclass(frozen=True, slots=True)
class Reading:
    """Person whom a word of a text means: by a name, or a pronoun."""

    word: str
    start: int
    person: Person
    is_pronoun: bool

    def moved(self, by: int) -> Reading:
        """The same word in a text that begins elsewhere."""
        return replace(self, start=self.start + by)


def read_names(text: str, people: People) -> list[Reading]:
    """Read each name and pronoun of some paragraphs as a person, in order; unclear ones are left out."""
    return sorted(_read(text, people), key=lambda one: one.start)


def _read(text: str, people: People) -> Iterator[Reading]:
    speeches = _speeches(text)
    names = list(people.named_in(text))
    last: dict[Sex, Person] = {}
    for start, end in sentence_spans(text):
        here = [one for one in names if start <= one.start < end]
        told = [one for one in here if not _inside(one.start, speeches)]
        read = [Reading(text[one.start : one.end], one.start, one.person, is_pronoun=False) for one in here]
        for found in _PRONOUN.finditer(text, start, end):
            person = _meant(found, told, last, speeches, names, text)
            if person is not None:
                read.append(Reading(found.group(), found.start(), person, is_pronoun=True))
        yield from read
        outside = [one for one in read if not _inside(one.start, speeches)]
        for one in sorted(
            outside, key=lambda one: -one.start
        ):  # the first, who does something, stays the last
            if one.person.sex:
                last[one.person.sex] = one.person


def _meant(
    found: re.Match[str],
    told: list[Named],
    last: dict[Sex, Person],
    speeches: list[tuple[int, int]],
    names: list[Named],
    text: str,
) -> Person | None:
    if found["own"]:
        speech = next(((start, end) for start, end in speeches if start <= found.start() < end), None)
        return None if speech is None else _speaker(speech, names, text)
    sex: Sex = "he" if found["he"] or found["he2"] else "she"
    here = next((one.person for one in told if one.start < found.start() and one.person.sex == sex), None)
    return here or last.get(sex)


def _speaker(speech: tuple[int, int], names: list[Named], text: str) -> Person | None:
    """Find who stands beside a verb of speech, behind the quotation marks or before them."""
    start, end = speech
    behind = [one for one in names if end <= one.start <= end + NEAR]
    if behind and _SPEECH.search(text, end, behind[0].end + NEAR // 2):
        return behind[0].person
    ahead = [one for one in names if start - NEAR <= one.start < start]
    if ahead and _SPEECH.search(text, ahead[-1].end, start):
        return ahead[-1].person
    return None


def _inside(place: int, speeches: list[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in speeches)


def _speeches(text: str) -> list[tuple[int, int]]:
    """Find speech in quotation marks; single ones where there are no double ones."""
    marks = _DOUBLE if _DOUBLE.search(text) else _SINGLE
    return [found.span() for paragraph in re.finditer(r"[^\n]+", text) for found in _in(paragraph, marks)]


def _in(paragraph: re.Match[str], marks: re.Pattern[str]) -> Iterator[re.Match[str]]:
    yield from marks.finditer(paragraph.string, paragraph.start(), paragraph.end())


class Story:
    """One document that tells a story; its pages are read when they are first needed."""

    def __init__(self, people: People) -> None:
        self.people = people
        self._pages: dict[PageRef, list[Reading]] = {}

    def read(self, ref: PageRef, view: DocumentView) -> list[Reading]:
        """Resolve the names and pronouns of a page, by their place on the page."""
        if ref not in self._pages:
            self._pages[ref] = self._read(ref, view)
        return self._pages[ref]

    def meant_in(self, span: Span, view: DocumentView) -> list[Reading]:
        """List the people whom the words of a span mean."""
        return [one for one in self.read(span.ref, view) if span.start <= one.start < span.end]

    def _read(self, ref: PageRef, view: DocumentView) -> list[Reading]:
        before = ""
        if ref.number > 1:
            before = view.text(PageRef(ref.document_id, ref.number - 1)).text[-BEFORE:] + "\n"
        found = read_names(before + view.text(ref).text, self.people)
        return [one.moved(-len(before)) for one in found if one.start >= len(before)]


_known: OrderedDict[int, Story | None] = OrderedDict()
"""By what the passages say: a document may be parsed anew."""


def story_of(document_id: str, view: DocumentView) -> Story | None:
    """The story that a document tells; nothing if it tells none. Half a second for a novel, once."""
    passages = view.passages(document_id)
    key = hash((document_id, *(one.text for one in passages)))
    with _lock:
        if key in _known:
            return _known[key]
    story = Story(_people(passages)) if tells_story(passages) else None
    with _lock:
        _known[key] = story
        while len(_known) > MAX_KNOWN:
            _known.popitem(last=False)
    return story


def tells_story(passages: Sequence[Passage]) -> bool:
    """Tell whether people are spoken of all through, judged by a sample of the passages."""
    return is_told(" ".join(one.text for one in passages[:: len(passages) // MAX_SAMPLED + 1]))


def is_told(text: str) -> bool:
    """Tell whether a text says "he" and "she" as often as stories do."""
    return len(_HE_OR_SHE.findall(text)) > MIN_PRONOUNS * len(text.split())


def _people(passages: Sequence[Passage]) -> People:
    read = passages[:: len(passages) // MAX_READ + 1]
    return People.of([one.text[start:end] for one in read for start, end in sentence_spans(one.text)])
