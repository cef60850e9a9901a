"""Questions about a document as a whole, for a reader without a language model: its own words about itself.

"What is this about?" shares no word with what answers it. Authors answer it in known places (abstract, introduction,
conclusion) and in known words ("this report describes"): `aspects.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from catena.agents.candidates import Candidate, is_apparatus
from catena.agents.document_view import DocumentView
from catena.agents.extractive.question_form import plain_form
from catena.retrieval.sentences import ends_sentence
from catena.retrieval.text_analysis import STOPWORDS, query_terms, terms
from catena.types import Evidence, PageRef

SECTION, WORDING, EARLY, CENTRAL = 0.6, 0.4, 0.4, 0.2
ENOUGH = 0.65
"""The right section is enough, so is the right wording on the first pages; wording alone is not."""
HEADING = 0.62
"""Headings are kept for a document that says nothing of itself."""
EARLY_SHARE = 0.05
"""Of the pages: where a document says what it is."""
TITLE_PAGES = 2
MIN_WORDS, MAX_WORDS = 6, 60

_NUMBER = r"^\W*(?:(?:chapter|part|section|item)\s+)?(?:\d+(?:\.\d+)*|[ivx]+|[a-z])?[\s.:)–—-]*"
_NOTICE = re.compile(
    r"\b(?:copyright|trademarks?|all rights reserved|without notice|any references? to|project gutenberg"
    r"|unless (?:the context|otherwise specified)|forward-looking|incorporat\w+ by reference"
    r"|we (?:\w+ )?(?:thank|appreciate)|indicate by check ?mark|terms used (?:throughout|in) this)\b",
    re.IGNORECASE,
)
_INDEFINITE = re.compile(r"^\W*what (?:is|are|was|were) an? \w+\W*$", re.IGNORECASE)
_BY = re.compile(r"^\W*by\s+", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"[,;&\d*∗†‡§¶]+|\band\b")
_NAME = re.compile(r"(?:[A-Z][\w’'-]*\.? ){1,4}(?:(?:van|von|de|der|da|di|la|le) )*[A-Z][\w’'-]+\.?")
_CAPTION = re.compile(r"(?:figure|fig\.|table|chart|exhibit) *\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Aspect:
    """Aspect of the whole that is asked; the headings and the wordings under which authors answer it."""

    asked: re.Pattern[str]
    sections: re.Pattern[str]
    wordings: re.Pattern[str]
    is_early: bool
    is_general: bool
    is_of_people: bool


def aspect_of(question: str) -> Aspect | None:
    """Return the aspect asked of the whole document; nothing where the question names a subject of its own."""
    asking, aspects = _aspects()
    asked = _itself().sub(r"\1 document", plain_form(question))
    if _INDEFINITE.search(asked):  # a term is asked for, not the document's own
        return None
    own = [word for word in re.findall(r"\w+", asked.casefold()) if word not in STOPWORDS]
    if set(terms(" ".join(own))) - asking:
        return None
    return next((aspect for aspect in aspects if aspect.asked.search(asked)), None)


@cache
def _itself() -> re.Pattern[str]:
    """Words by which a question names the document that it is asked of: "this letter", "the contract"."""
    lines = (Path(__file__).parent / "document_kinds.txt").read_text("utf-8").splitlines()
    kinds = "|".join(word for line in lines if not line.startswith("#") for word in line.split())
    return re.compile(rf"\b(this|that|the|our|your|my) (?:{kinds})\b", re.IGNORECASE)


@cache
def _aspects() -> tuple[frozenset[str], tuple[Aspect, ...]]:
    """The words that name no subject, and the aspects, from the file beside this one."""
    data = tomllib.loads((Path(__file__).parent / "aspects.toml").read_text("utf-8"))
    it = f"(?:{'|'.join(data['it'])})"

    def either(patterns: Sequence[str], before: str = "", after: str = "") -> re.Pattern[str]:
        pattern = "|".join(patterns).replace("IT", it)
        return re.compile(f"{before}(?:{pattern}){after}", re.IGNORECASE)

    aspects = tuple(
        Aspect(
            either(aspect["asked"]),
            either(aspect["sections"], _NUMBER, r"(?: and .*)?\W*$"),
            either(aspect["wordings"]),
            aspect.get("is_early", False),
            aspect.get("is_general", False),
            aspect.get("is_of_people", False),
        )
        for aspect in data["aspect"]
    )
    itself = " ".join(re.sub(r"\W+", " ", name) for name in data["it"])
    return frozenset(query_terms(f"{data['asking']} {itself} study work")), aspects


def score(aspect: Aspect, found: Sequence[Candidate], view: DocumentView) -> list[Evidence]:
    """The sentences that can stand alone, with how likely each says what is asked; and the headings."""
    scored = []
    for one in found:
        if aspect.is_of_people:
            if one.evidence.spans[0].ref.number <= TITLE_PAGES and names_people(one.text):
                scored.append(replace(one.evidence, score=SECTION + EARLY))
        elif one.kind == "heading":
            if aspect.is_general and _is_telling(one.text):
                scored.append(replace(one.evidence, score=HEADING))
        elif can_stand_alone(one, aspect):
            ref = one.evidence.spans[0].ref
            worth = SECTION * bool(aspect.sections.match(one.heading))
            worth += WORDING * bool(aspect.wordings.search(one.text))
            worth += EARLY * aspect.is_early * _earliness(ref, view) + CENTRAL * _centrality(
                one.text, ref, view
            )
            scored.append(replace(one.evidence, score=worth))
    return scored


def names_people(text: str) -> bool:
    """Tell whether a line is names alone, as under a title: "By Jane Austen", "Ann Lee1, Li Wei2 and B. Roy1"."""
    names = [name.strip() for name in _BETWEEN_NAMES.split(_BY.sub("", text)) if name.strip()]
    is_marked = _BY.match(text) is not None or len(names) > 1
    return is_marked and all(_NAME.fullmatch(name) for name in names)


def _is_telling(heading: str) -> bool:
    """Tell whether a heading says more than a number or what every document has."""
    name = re.sub(_NUMBER, "", heading, flags=re.IGNORECASE)
    return len(query_terms(name)) > 1 and not is_apparatus(heading, heading)


def can_stand_alone(candidate: Candidate, aspect: Aspect) -> bool:
    """Tell whether a sentence is whole, or says it in so many words; long enough, and part of the text."""
    text = candidate.text
    return (
        candidate.kind == "text"
        and MIN_WORDS <= len(text.split()) <= MAX_WORDS
        and not text[0].islower()
        and (ends_sentence(text) or aspect.wordings.search(text) is not None)
        and not _CAPTION.match(text)
        and not _NOTICE.search(text)
        and not is_apparatus(text, candidate.heading)
    )


def _earliness(ref: PageRef, view: DocumentView) -> float:
    """1 on the first page, falling to 0 where the opening is over."""
    opening = max(2.0, EARLY_SHARE * view.document(ref.document_id).num_pages)
    return max(0.0, 1 - (ref.number - 1) / opening)


def _centrality(text: str, ref: PageRef, view: DocumentView) -> float:
    """Share of a sentence that its document keeps coming back to, 0 to 1."""
    words = query_terms(text)
    rarity = view.rarity(ref.document_id)
    return sum(1 / (1 + rarity(word)) for word in words) / len(words) if words else 0.0
