"""Questions of what somebody says in a recording: "What did Ben say about Etna, and when?"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catena.agents.candidates import Candidate
from catena.agents.document_view import DocumentView
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Evidence, Page

_SAYS = re.compile(
    r"\b(?:what|how) (?:else |exactly )?(?:do|does|did|has|have|had) (?P<who>.{1,80}?) "
    r"(?:say|said|tell|told|think|thought|mention(?:ed)?|state[d]?|claim(?:ed)?|explain(?:ed)?|answer(?:ed)?|report(?:ed)?)\b"
    r"(?: (?:us|them|me|him|her))?(?: (?:about|of|on|regarding|concerning) (?P<what>.+?))?"
    r"(?:,? and (?:when|at (?:what|which) time)(?: .*)?)?[?.!\s]*$",
    re.IGNORECASE,
)
_FEW_WORDS = 6
"""With fewer a sentence names its subject, and the next says something of it."""
FOUND, NAMED = 1.0, 2.0
"""Added to the score of what a speaker says, and to that of what names the subject besides."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What is asked for: the words of `speaker`, about `subject` if that is not empty."""

    speaker: str
    subject: str

    def is_by(self, speaker: str) -> bool:
        """Tell whether a name that the transcript uses is the one that was asked about, in whole or in part."""
        asked, own = terms(self.speaker), terms(speaker)
        return bool(asked) and (set(asked) <= set(own) or set(own) <= set(asked)) and bool(own)


def speech_asked(question: str, pages: Iterable[Page]) -> Speech | None:
    """What a question asks of somebody who speaks on these pages; None for any other question."""
    asked = _SAYS.search(question)
    if asked is None:
        return None
    speech = Speech(asked["who"], asked["what"] or "")
    return speech if any(speech.is_by(name) for name in _speakers(pages)) else None


def said(
    speech: Speech, found: Sequence[Candidate], scored: Sequence[Evidence], view: DocumentView
) -> list[Evidence]:
    """The sentences of a speaker, those that name the subject first; `scored` is how well sentences fit it."""
    fits = {one.spans: one.score for one in scored}
    subject = set(query_terms(speech.subject))
    best: list[Evidence] = []
    goes_on = False
    for one in found:
        if not any(speech.is_by(name) for name in _who_says(one.evidence, view)):
            goes_on = False
            continue
        is_about = goes_on or bool(subject & set(terms(one.text)))
        score = FOUND + NAMED * is_about + fits.get(one.evidence.spans, 0.0)
        best.append(Evidence(one.evidence.spans, one.evidence.text, score))
        goes_on = is_about and not goes_on and len(one.text.split()) < _FEW_WORDS
    return best


def _who_says(evidence: Evidence, view: DocumentView) -> set[str]:
    return {
        cue.speaker
        for span in evidence.spans
        for line in view.text(span.ref).lines
        for cue in line.cues
        if cue.end > span.start and cue.start < span.end and cue.speaker
    }


def _speakers(pages: Iterable[Page]) -> set[str]:
    return {cue.speaker for page in pages for line in page.lines for cue in line.cues if cue.speaker}
