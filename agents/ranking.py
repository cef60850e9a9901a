"""How well a sentence answers a question: meaning, shared rare words, the kind of answer asked for, its page."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from catena.agents.candidates import Candidate
from catena.agents.quantities import quantities, word_numbers
from catena.retrieval.analysis import query_terms, terms

# Weights beside the cosine's 1.0, chosen on FairytaleQA's train stories and held-out documents (evaluation/answers.py).
LEXICAL = 0.35
KIND = 0.05
PAGE = 0.10

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


def idf_of(texts: Sequence[str]) -> Idf:
    """Inverse frequencies over some sentences; a term that none has is as rare as can be."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(terms(text)))
    return idf_from(counts, len(texts))


def idf_from(counts: Mapping[str, int], total: int) -> Idf:
    return lambda term: math.log(1 + (total + 1) / (counts.get(term, 0) + 1))


def overlap(question: Sequence[str], found: set[str], idf: Idf) -> float:
    """The share of the question's weight (rare terms weigh more) that the text holds."""
    total = sum(idf(term) for term in question)
    return sum(idf(term) for term in question if term in found) / total if total else 0.0


def lexical(question: str, candidate: Candidate, idf: Idf) -> float:
    """Overlap with the sentence; what only its heading or the sentence before holds counts half."""
    asked = query_terms(question)
    own = set(terms(candidate.text))
    around = own | set(terms(candidate.heading)) | set(terms(candidate.before))
    return 0.5 * (overlap(asked, own, idf) + overlap(asked, around, idf))


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
