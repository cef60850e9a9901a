"""Does the document hold the answer at all? A rule on what the best evidence covers of the question.

Rare words weigh by the document's own statistics, so that a word on every page of this document counts for
nothing here. Weights and threshold are fitted over documents of several kinds, each left out once; how far the
best sentence stands out from ordinary sentences of the document was tried too and told nothing (AUROC 0.52).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import partial

from catena.agents import ranking
from catena.agents.desk import Desk
from catena.agents.numbers import core, years
from catena.agents.quantities import quantities
from catena.agents.spelling import Frequency
from catena.agents.unknown import unknown_things
from catena.retrieval.analysis import terms
from catena.retrieval.embedder import Embedder
from catena.types import Evidence

NUM_BEST = 3
_MEASURES = "ebit ebitda ebitdar capex opex cogs fcf roa roe roi roic dpo dso dio eps cagr yoy"
ABBREVIATED = frozenset(_MEASURES.split())
"""Measures that documents write out or leave to be computed: no names of anything."""
TITLE_WORDS = 4
UNKNOWN_THING = 0.5
_WORD = re.compile(r"[^\W\d_]{4,}")
_NAME = re.compile(r"(?:(?<=[\w,;:] )|(?<=[\"'“‘(]))[A-Z][^\W_]{2,}")


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for an answer, each 0 to 1.

    covered: share of the question's weight that one piece of evidence and its surroundings hold; known: share of
    its words that stand anywhere in the document; met: 1 if the document uses every name in it, else 0, and less
    UNKNOWN_THING if it never uses the word for what is asked about; figures: share of those that the evidence
    holds; years: share of those asked that its pages hold; cosine: of the best evidence.
    """

    covered: float
    known: float
    met: float
    figures: float
    years: float
    cosine: float


WEIGHTS = Signs(covered=1.92, known=0.91, met=1.88, figures=0.68, years=1.04, cosine=1.33)
BIAS = -5.10
THRESHOLD = 0.37
"""One answer in ten that is there is then refused."""


def confidence(found: Signs) -> float:
    """The chance that the document holds the answer, 0 to 1."""
    pairs = zip(astuple(WEIGHTS), astuple(found), strict=True)
    return 1 / (1 + math.exp(-BIAS - sum(weight * sign for weight, sign in pairs)))


def signs(question: str, found: Sequence[Evidence], desk: Desk, embedder: Embedder) -> Signs:
    """Measure the best evidence against the question."""
    asked = ranking.Asked.of(question)
    best = found[:NUM_BEST]
    document_id = best[0].spans[0].ref.document_id
    idf = desk.rarity(document_id)
    frequency = partial(desk.frequency, document_id)
    around = [set(terms(_around(evidence, desk))) for evidence in best]
    together = set().union(*around)
    on_pages = set().union(*(terms(desk.text(evidence.spans[0].ref).text) for evidence in best))
    figures = [str(int(one.value)) for one in quantities(question)]
    similar = embedder.embed([evidence.text for evidence in best]) @ embedder.embed(asked.phrases).T
    return Signs(
        covered=max(ranking.overlap(phrase, one, idf) for phrase in asked.terms for one in around),
        known=max(_known(phrase, document_id, desk) for phrase in asked.terms),
        met=(not strangers(question, frequency))
        - UNKNOWN_THING * bool(unknown_things(core(question), frequency)),
        figures=_share(figures, together),
        years=_share([str(year) for year in years(question)], on_pages),
        cosine=float(similar.max()),
    )


def strangers(question: str, frequency: Frequency) -> list[str]:
    """The names in a question that the document never uses: its answer would be about something else.

    Where every word begins with a capital, none says that it is a name.
    """
    words = _WORD.findall(question)
    if len(words) >= TITLE_WORDS and all(word[0].isupper() for word in words):
        return []
    names = [name for name in _NAME.findall(question) if name.lower() not in ABBREVIATED]
    return [name for name in names if not any(map(frequency, terms(name)))]


def never_mentioned(question: str, frequency: Frequency) -> list[str]:
    """The names and things in a question that speak for a refusal."""
    return [*strangers(question, frequency), *unknown_things(core(question), frequency)]


def _around(evidence: Evidence, desk: Desk) -> str:
    """The evidence with the lines around it and the top of its page."""
    first = evidence.spans[0]
    page = desk.page(first.ref)
    return f"{page.text[:200]} {page.text[max(0, first.start - 300) : first.end + 200]} {evidence.text}"


def _known(phrase: Sequence[str], document_id: str, desk: Desk) -> float:
    return sum(desk.frequency(document_id, term) > 0 for term in phrase) / max(1, len(phrase))


def _share(wanted: Sequence[str], held: set[str]) -> float:
    return sum(term in held for term in wanted) / len(wanted) if wanted else 1.0
