"""How well a sentence answers a question: meaning, shared rare words, the kind of answer, its page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from catena.agents.candidates import Candidate
from catena.agents.quantities import quantities, word_numbers
from catena.retrieval.analysis import query_terms, terms

# Weights beside the cosine's 1.0, chosen on FairytaleQA's train stories (evaluation/answers.py).
OWN = 0.4
AROUND = 0.5
KIND = 0.05
PAGE = 0.3
CONTEXT_CHARACTERS = 240

_FIGURES = re.compile(r"[$€£¥(]*\d[\d.,]*[%)]*|[$€£¥—–]+(?=\s|$)")
_QUANTITY = re.compile(
    r"\bhow (?:many|much|long|old|far|big|large|tall|high|often)\b|\bwhat (?:is|was|were|are) the (?:total |net )?"
    r"(?:number|amount|percentage|share|rate|ratio|price|cost|value|size)\b|\bwhat (?:percentage|percent|share)\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"\bwhen\b|\b(?:what|which) (?:year|month|day|date|time)\b", re.IGNORECASE)
_WHO = re.compile(r"\bwho(?:m|se)?\b", re.IGNORECASE)
_WHY = re.compile(r"\bwhy\b", re.IGNORECASE)
_REASON = re.compile(
    r"\b(?:because|since|therefore|due to|so that|in order to|for|owing|as a result|to)\b", re.I
)
_WHEN = re.compile(
    r"\b(?:1[5-9]\d\d|20\d\d|january|february|march|april|may|june|july|august|september|october|november|december"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|morning|evening|night|day|days|year|years|month"
    r"|months|week|weeks|hour|hours|noon|o['’]clock|ago|until|till|quarter|century)\b",
    re.IGNORECASE,
)
_CAPITAL = re.compile(r"(?<=[a-z,;:] )[A-Z][\w'’]+")

Idf = Callable[[str], float]


def overlap(asked: Sequence[str], held: set[str], idf: Idf) -> float:
    """The share of the question's weight (rare terms weigh more) that the text holds."""
    total = sum(idf(term) for term in asked)
    return sum(idf(term) for term in asked if term in held) / total if total else 0.0


def by_words(question: str, candidate: Candidate, idf: Idf) -> float:
    """What shared words and the kind of answer are worth."""
    asked = query_terms(question)
    own = set(terms(candidate.text))
    around = own | set(terms(f"{candidate.heading} {candidate.before}"))
    words = OWN * overlap(asked, own, idf) + AROUND * overlap(asked, around, idf)
    return words + KIND * fits_kind(question, candidate.text)


def own_text(candidate: Candidate) -> str:
    """What is embedded of a candidate: of a row its words, because numbers say nothing to the embedder."""
    if candidate.kind == "row":
        return _FIGURES.sub(" ", candidate.text).strip() or candidate.text
    return candidate.text


def with_context(candidate: Candidate) -> str:
    """A row with its section; a sentence with the one before, which its pronouns may mean."""
    before = candidate.heading if candidate.kind == "row" else candidate.before[-CONTEXT_CHARACTERS:]
    return f"{before} {own_text(candidate)}".strip()


def fits_kind(question: str, text: str) -> float:
    """1 when the text holds the kind of thing asked for (a number, a time, a name, a reason), else 0."""
    if _TIME.search(question):
        return float(bool(_WHEN.search(text)))
    if _QUANTITY.search(question):
        return float(bool(quantities(text) or word_numbers(text)))
    if _WHO.search(question):
        return float(bool(_CAPITAL.search(text)))
    if _WHY.search(question):
        return float(bool(_REASON.search(text)))
    return 0.0
