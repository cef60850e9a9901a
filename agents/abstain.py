"""Does the document hold the answer at all? A rule on margins against the document's own background.

A raw cosine means nothing across documents: what counts is how far the best sentence stands out from
ordinary sentences of the same document, and how much of the question's rare words and names it covers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from catena.agents import ranking
from catena.agents.desk import Desk
from catena.agents.quantities import quantities
from catena.retrieval.analysis import terms
from catena.retrieval.embedder import Embedder, Vectors
from catena.retrieval.sentences import sentence_spans
from catena.types import Evidence

NUM_BACKGROUND = 32
NUM_BEST = 3
MIN_WORDS = 5


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for an answer; each about 0 to 1 but `margin`, in deviations of the background."""

    margin: float
    covered: float
    best_covered: float
    known: float
    names: float
    figures: float
    cosine: float


def signs(question: str, found: Sequence[Evidence], desk: Desk, embedder: Embedder) -> Signs:
    """Measure the best evidence against the question and the document's background."""
    asked = ranking.Asked.of(question)
    document_id = found[0].spans[0].ref.document_id
    idf = desk.rarity(document_id)
    phrases = embedder.embed(asked.phrases)
    best = embedder.embed([evidence.text for evidence in found[:NUM_BEST]]) @ phrases.T
    usual = (_background(document_id, desk, embedder) @ phrases.T).max(axis=1)
    cosine = float(best.max())
    spread = max(float(usual.std()), 0.03)
    held = [set(terms(_around(evidence, desk))) for evidence in found[:NUM_BEST]]
    phrase = asked.terms[0]
    names = [term for term in asked.names if idf(term) > ranking.COMMON]
    figures = [str(int(one.value)) for one in quantities(question)]
    return Signs(
        margin=(cosine - float(usual.mean())) / spread,
        covered=ranking.overlap(phrase, set().union(*held), idf),
        best_covered=max(ranking.overlap(phrase, one, idf) for one in held),
        known=_known(phrase, document_id, desk),
        names=_share(names, set().union(*held)),
        figures=_share(figures, set().union(*held)),
        cosine=cosine,
    )


def confidence(found: Signs) -> float:
    """The chance that the document holds the answer, 0 to 1."""
    total = BIAS + sum(weight * sign for weight, sign in zip(WEIGHTS, astuple(found), strict=True))
    return 1 / (1 + math.exp(-total))


WEIGHTS = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
BIAS = 3.0
THRESHOLD = 0.5


def _around(evidence: Evidence, desk: Desk) -> str:
    """The evidence with the lines around it and the top of its page."""
    first = evidence.spans[0]
    page = desk.page(first.ref)
    return f"{page.text[:200]} {page.text[max(0, first.start - 300) : first.end + 200]} {evidence.text}"


def _background(document_id: str, desk: Desk, embedder: Embedder) -> Vectors:
    """Vectors of sentences from evenly spread passages of the document."""
    texts = []
    for passage in desk.sample(document_id, NUM_BACKGROUND):
        spans = sentence_spans(passage.text.replace("\n", " "))
        texts += [passage.text[start:end] for start, end in spans if end - start > 8 * MIN_WORDS][:1]
    return embedder.embed(texts or [""])


def _known(phrase: Sequence[str], document_id: str, desk: Desk) -> float:
    """The share of the question's terms that stand anywhere in the document."""
    return sum(desk.frequency(document_id, term) > 0 for term in phrase) / max(1, len(phrase))


def _share(wanted: Sequence[str], held: set[str]) -> float:
    return sum(term in held for term in wanted) / len(wanted) if wanted else 1.0
