""" "Who" questions of a story: the person whom the scenes found name or mean by "he", none of those asked about.

A sentence speaks for whom it names as far as it holds the words of the question that are no names, and as near as it is
to those asked about. Whom one sentence alone makes likely is often wrong; the scenes together name the right one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from catena.agents.document_view import DocumentView
from catena.agents.extractive.proper_names import Sex
from catena.agents.extractive.question_form import AnswerKind, kind_of_answer
from catena.agents.extractive.sentence_ranking import overlap
from catena.agents.extractive.story import Person, Reading, Story, is_told, story_of
from catena.agents.reasoner import Question
from catena.retrieval.sentences import sentences
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Evidence, PageRef, Span

# Chosen on questions about five novels that no figure is given for; anything near them does as well.
PRONOUN = 0.8
"""What a pronoun says for a person beside a name."""
NEXT = 0.5
"""What the sentence before or behind says, beside the sentence itself."""
COVERED = 2.0
"""To this power goes the share of the question's words that a sentence holds,"""
PAGE = 0.5
"""to this the score of its page beside the best one's, and"""
COMMON = 0.5
"""by the mentions in the whole story to this power a person's say is divided: the hero is named everywhere."""
UNFIT = 0.05
"""What is left of the say for a man where a sister is asked for: pronouns tell the sex of a name, and may err."""
_KINDS: tuple[AnswerKind, ...] = ("person", "person acted on")
# English words for kin and rulers by their sex.
_MEN = (
    "father grandfather stepfather godfather son grandson stepson brother half-brother uncle nephew husband widower"
    " bridegroom fiancé king prince duke count lord master landlord host hero man boy"
)
_WOMEN = (
    "mother grandmother stepmother godmother daughter granddaughter stepdaughter sister half-sister aunt niece wife"
    " widow bride fiancée queen princess duchess countess lady mistress landlady hostess heroine woman girl"
    " governess"
)
_MAN, _WOMAN = (re.compile(rf"\b(?:{'|'.join(words.split())})\b", re.IGNORECASE) for words in (_MEN, _WOMEN))
_MARRIES = re.compile(r"\b(?:marr(?:y|ies|ied|ying)|wed(?:s|ded)?|engaged to)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """The person who answers, the evidence that tells it, and the pronoun by which the person is meant there."""

    person: Person
    evidence: Evidence
    pronoun: str = ""

    @property
    def read_as(self) -> tuple[str, ...]:
        """Explain how the quote was read, where the name is not in it."""
        return (f"In the quote, “{self.pronoun}” is read as {self.person.name}.",) if self.pronoun else ()

    def leads(self, found: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """The evidence with what tells the person first."""
        own = self.evidence.spans[0]
        others = (
            one
            for one in found
            if one.spans[0].ref != own.ref or not own.start <= one.spans[0].start < own.end
        )
        return (self.evidence, *others)


@dataclass(frozen=True, slots=True)
class _Told:
    """A sentence of a page: where it stands, whom it names, and what it is worth as an answer."""

    span: Span
    text: str
    readings: tuple[Reading, ...]
    worth: float

    def says(self, person: Person) -> float:
        """1 if it names a person, less by a pronoun."""
        own = [one for one in self.readings if one.person == person]
        return 0.0 if not own else PRONOUN if all(one.is_pronoun for one in own) else 1.0


def whom(question: Question, found: Sequence[Evidence], view: DocumentView) -> PersonAnswer | None:
    """The person whom a "who" question of a story asks for; nothing elsewhere, and where no scene tells."""
    if not found or kind_of_answer(question.text) not in _KINDS or not speaks_of_people(found, view):
        return None
    document_id = found[0].spans[0].ref.document_id
    story = story_of(document_id, view)
    if story is None:
        return None
    asked = story.people.who([question.text])
    scenes = [
        _scene(question.text, ref, share, story, view)
        for ref, share in _pages(question, found).items()
        if ref.document_id == document_id
    ]
    votes: dict[Person, float] = defaultdict(float)
    telling: dict[Person, tuple[float, _Told]] = {}
    for one, person, say in (vote for scene in scenes for vote in _votes(scene, asked)):
        votes[person] += say
        if one.says(person) and say > telling.get(person, (0.0, one))[0]:
            telling[person] = say, one
    if not telling:
        return None
    wanted = wanted_sex(question.text, asked)
    person = max(telling, key=lambda one: votes[one] * _fit(one, wanted) / one.count**COMMON)
    return _shown(person, telling[person][1], found, story, view, question)


def _pages(question: Question, found: Sequence[Evidence]) -> dict[PageRef, float]:
    """The pages that retrieval brought with their scores beside the best one's; those of the evidence without it."""
    best = max(question.page_scores.values(), default=0.0)
    if best <= 0.0:
        return {one.spans[0].ref: 1.0 for one in found}
    return {ref: max(0.0, score / best) for ref, score in question.page_scores.items()}


def _scene(question: str, ref: PageRef, share: float, story: Story, view: DocumentView) -> list[_Told]:
    """The sentences of a page."""
    page, idf = view.text(ref), view.rarity(ref.document_id)
    wanted = _besides_names(question, story)
    scene = []
    for start, end in sentences(page, ("text",)):
        span, text = Span(ref, start, end), page.text[start:end]
        covered = overlap(wanted, set(terms(text)), idf)
        worth = share**PAGE * covered**COVERED
        scene.append(_Told(span, text, tuple(story.meant_in(span, view)), worth))
    return scene


def _besides_names(question: str, story: Story) -> list[str]:
    """The words of a question that name nobody."""
    rest, at = [], 0
    for one in story.people.named_in(question):
        rest.append(question[at : one.start])
        at = one.end
    return query_terms(re.sub(r"(?<!\w)['’]s\b", " ", " ".join([*rest, question[at:]])))


def _votes(scene: Sequence[_Told], asked: Collection[Person]) -> Iterator[tuple[_Told, Person, float]]:
    """Votes of each sentence for each person, where those asked about are named in it or beside it."""
    for place, one in enumerate(scene):
        if not one.worth:
            continue
        near = [
            (one, 1.0),
            *((other, NEXT) for other in (*scene[max(0, place - 1) : place], *scene[place + 1 : place + 2])),
        ]
        said: dict[Person, float] = defaultdict(float)
        for other, share in near:
            for person in {reading.person for reading in other.readings}:
                said[person] = max(said[person], share * other.says(person))
        of_asked = sum(said.get(person, 0.0) for person in asked) / len(asked) if asked else 1.0
        for person, share in said.items():
            if person not in asked and of_asked:
                yield one, person, one.worth * share * of_asked


def _fit(person: Person, wanted: Sex) -> float:
    return 1.0 if not wanted or person.sex in (wanted, "") else UNFIT


def _shown(
    person: Person,
    told: _Told,
    found: Sequence[Evidence],
    story: Story,
    view: DocumentView,
    question: Question,
) -> PersonAnswer:
    """The best evidence that names the person and holds what is asked, else the sentence that tells most."""
    wanted = set(_besides_names(question.text, story))

    def tells(one: Evidence) -> bool:
        is_named = any(reading.person == person for reading in story.meant_in(one.spans[0], view))
        return is_named and not wanted.isdisjoint(terms(one.text))

    own = Evidence((told.span,), told.text, found[0].score)
    evidence = next((one for one in found if tells(one)), own)
    meant = [one for one in story.meant_in(evidence.spans[0], view) if one.person == person]
    if any(not one.is_pronoun for one in meant):
        return PersonAnswer(person, evidence)
    named = _with_name(person, evidence, story, view, question.options.max_words)
    return PersonAnswer(person, named) if named else PersonAnswer(person, evidence, meant[0].word)


def speaks_of_people(found: Sequence[Evidence], view: DocumentView) -> bool:
    """Tell whether one of the pages found may be of a story, before its whole document is looked at."""
    return any(is_told(view.text(ref).text) for ref in {one.spans[0].ref for one in found})


def _with_name(
    person: Person, evidence: Evidence, story: Story, view: DocumentView, max_words: int
) -> Evidence | None:
    """The sentence together with those before it, from the one on that names whom its pronoun means."""
    span = evidence.spans[0]
    page = view.text(span.ref)
    named = [one for one in story.read(span.ref, view) if one.person == person and not one.is_pronoun]
    last = next((one.start for one in reversed(named) if one.start < span.start), None)
    if last is None or len(evidence.spans) > 1:
        return None
    start = next((first for first, end in sentences(page, ("text",)) if first <= last < end), last)
    whole = page.text[start : span.end]
    if len(whole.split()) > max_words:
        return None
    return Evidence((Span(span.ref, start, span.end),), whole, evidence.score)


def wanted_sex(question: str, asked: Collection[Person]) -> Sex:
    """The sex of whom a question asks for, where a word for kin tells it, or the one of two who marry."""
    man, woman = _MAN.search(question), _WOMAN.search(question)
    if man or woman:
        return "" if man and woman else "he" if man else "she"
    sexes = {one.sex for one in asked if one.sex}
    if _MARRIES.search(question) and len(sexes) == 1:
        return "she" if "he" in sexes else "he"
    return ""
