"""Features for and against an answer: measured on the question, what was found, and what would be said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from catena.agents.candidates import section_at
from catena.agents.citations.counted_numbers import figures
from catena.agents.citations.quantities import quantities
from catena.agents.document_view import DocumentView
from catena.agents.extractive import expected_answer, sentence_ranking
from catena.agents.extractive.answer_reading import AnswerReading, chance
from catena.agents.extractive.instructions import asked_name, defines
from catena.agents.extractive.numeric_answer import is_row
from catena.agents.extractive.numeric_question import core, years
from catena.agents.extractive.out_of_vocabulary import asked_nouns, is_used, strangers
from catena.agents.extractive.synonyms import THINGS, kind_of, related_terms
from catena.agents.reasoner import Draft
from catena.retrieval.embedder import Embedder
from catena.retrieval.text_analysis import STOPWORDS, query_terms, rarity, terms
from catena.types import Evidence, PageRef

NUM_BEST = 3
HEAD_CHARACTERS, BEFORE, BEHIND = 200, 300, 200
"""How much of the page's top, and of what stands before and behind a quote, counts as near it."""
SHORT_KINDS = ("person", "time", "place", "percent", "money", "count", "number")
"""Answers that are a name, a date or a number: where none was found in the quote, it may be another's."""
_WORD = re.compile(r"[^\W\d_][\w'’-]*")

Signs = Mapping[str, float]
"""Each by its name, about 0 to 1; the model has a weight for each."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is judged: what was asked, what would be said, what was found, best first, and how it was read."""

    question: str
    draft: Draft
    found: tuple[Evidence, ...]
    page_scores: Mapping[PageRef, float]
    reading: AnswerReading = AnswerReading()


def measure(seen: Seen, view: DocumentView, embedder: Embedder) -> Signs:
    """Measure what would be said against the question."""
    lead = seen.draft.statements[0]
    best = lead.evidence[0]
    return {
        **_of_question(seen.question),
        **_of_words(seen, best, view),
        **_of_lead(seen, view),
        **_of_rank(seen, best),
        **_of_meaning(seen, best, embedder),
        **_of_reading(seen, best),
    }


def _of_question(question: str) -> Signs:
    kind = expected_answer.kind_wanted(question)
    asked = expected_answer.telling_terms(question)
    return {
        **{
            f"asks {one}": float(kind == one)
            for one in ("yes or no", "person", "time", "reason", "way", "thing")
        },
        "asks figure": float(kind in ("percent", "money", "count", "number")),
        "asks of many": float(expected_answer.is_of_many(question)),
        "num terms": min(1.0, len(asked) / 12),
    }


def _of_words(seen: Seen, best: Evidence, view: DocumentView) -> Signs:
    """Measure how much of the question the document, the surroundings and the quote itself hold."""
    document_id = best.spans[0].ref.document_id
    asked = sentence_ranking.Asked.of(seen.question)
    idf = view.rarity(document_id)
    frequency = partial(view.frequency, document_id)
    around = [set(terms(_around(one, view))) for one in seen.found[:NUM_BEST]]
    together = set().union(*around)
    own = set(terms(_said(seen)))
    near = set(terms(_around(best, view))) | own
    page = set(terms(view.text(best.spans[0].ref).text))
    weights = _english(seen.question)
    names = [name for name in asked.names if idf(name) > sentence_ranking.COMMON]
    unmet = [word for word in asked_nouns(seen.question) if not is_used(word, frequency)]
    head = expected_answer.head_word(seen.question)
    return {
        "covered": max(
            sentence_ranking.overlap(phrase, one, idf) for phrase in asked.terms for one in around
        ),
        "covered by lead": max(sentence_ranking.overlap(phrase, near, idf) for phrase in asked.terms),
        "covered by quote": max(sentence_ranking.overlap(phrase, own, idf) for phrase in asked.terms),
        "covered in English": _weighed(weights, near),
        "covered by page": _weighed(weights, page),
        "quoted in English": _weighed(weights, own),
        "known": max(_known(phrase, frequency) for phrase in asked.terms),
        "stranger": float(bool(strangers(seen.question, frequency))),
        "unmet thing": float(any(kind_of(word) in THINGS for word in unmet)),
        "unmet noun": float(any(kind_of(word) and kind_of(word) not in THINGS for word in unmet)),
        "rarest unmet": max((rarity(word) for word in unmet), default=0.0),
        "names near": _share(names, near),
        "names in quote": _share(names, own),
        "head in quote": _held(head, own),
        "head near": _held(head, near),
        "figures near": _share([str(int(one.value)) for one in quantities(seen.question)], together),
        "years on page": _share([str(year) for year in years(seen.question)], page),
        "years near": _share([str(year) for year in years(seen.question)], near),
    }


def _of_lead(seen: Seen, view: DocumentView) -> Signs:
    """Tell whether what would be said is of the kind that was asked for, and how it is said."""
    lead = seen.draft.statements[0]
    kind = expected_answer.kind_wanted(seen.question)
    said = f"{lead.text} {lead.evidence[0].text}"
    units = expected_answer.units_asked(seen.question)
    is_table = is_row(lead.evidence[0], view)
    return {
        "kind found": float(expected_answer.holds_kind(kind, seen.question, said)),
        "figure found": float(
            kind in ("percent", "money", "count", "number")
            and expected_answer.holds_kind(kind, seen.question, said)
        ),
        "unit lacking": float(bool(units) and not units & {one.unit for one in figures(said)}),
        "row": float(is_table),
        "row for words": float(is_table and kind in ("person", "reason", "way", "thing", "yes or no")),
        "composed": float(lead.support is None),
        "short": float(bool(seen.draft.short)),
        "short lacking": float(kind in SHORT_KINDS and not seen.draft.short),
        "qualifier lacking": float(
            bool(expected_answer.qualifiers(seen.question) - expected_answer.qualifiers(said))
        ),
        "fragment": float(sentence_ranking.is_fragment(lead.evidence[0].text)),
        "defines": float(defines(asked_name(core(seen.question)), said)),
        "length": min(1.0, len(said.split()) / 60),
    }


def _of_rank(seen: Seen, best: Evidence) -> Signs:
    """Measure how the quote stands among what else was found."""
    scores = [one.score for one in seen.found]
    ref = best.spans[0].ref
    others = [one.score for one in seen.found if one.spans[0].ref != ref]
    pages = sorted(seen.page_scores.values(), reverse=True)
    own = seen.page_scores.get(ref, 0.0)
    return {
        "score": scores[0] / 2,
        "margin": scores[0] - scores[1] if len(scores) > 1 else 0.5,
        "margin of page": min(1.0, scores[0] - max(others)) if others else 0.5,
        "page first": float(bool(pages) and own >= pages[0]),
        "page score": own,
        "margin of pages": pages[0] - pages[1] if len(pages) > 1 else 0.5,
        "found on page": sum(one.spans[0].ref == ref for one in seen.found) / len(seen.found),
    }


def _of_meaning(seen: Seen, best: Evidence, embedder: Embedder) -> Signs:
    asked = sentence_ranking.Asked.of(seen.question)
    attribute = expected_answer.attribute(seen.question) or asked.phrases[0]
    texts = [one.text for one in seen.found[:NUM_BEST]]
    vectors = embedder.embed([*texts, best.text, attribute, *asked.phrases])
    phrases = vectors[len(texts) + 2 :]
    return {
        "cosine": float((vectors[: len(texts)] @ phrases.T).max()),
        "cosine of quote": float(np.max(phrases @ vectors[len(texts)])),
        "cosine of attribute": float(vectors[len(texts) + 1] @ vectors[len(texts)]),
    }


def _of_reading(seen: Seen, best: Evidence) -> Signs:
    """Tell how sure the passage reader is of the quote, and of all evidence; half where nothing was read."""
    answer = seen.reading.answer_in(best)
    margin = seen.reading.best_margin()
    return {
        "read": 0.5 if margin is None else chance(margin),
        "read in quote": 0.5 if margin is None else chance(answer.margin) if answer else 0.0,
    }


def _said(seen: Seen) -> str:
    lead = seen.draft.statements[0]
    return " ".join([lead.text, *(one.text for one in lead.evidence)])


def _around(evidence: Evidence, view: DocumentView) -> str:
    """The evidence with its section, the lines around it and the top of its page."""
    first = evidence.spans[0]
    page = view.text(first.ref)
    heading = section_at(page.sections, first.start)
    near = page.text[max(0, first.start - BEFORE) : first.end + BEHIND]
    return f"{page.text[:HEAD_CHARACTERS]} {heading} {near} {evidence.text}"


def _english(question: str) -> dict[str, float]:
    """Each term of the question with how rare its word is in English; the terms of related words count as it."""
    return {
        term: rarity(word)
        for word in _WORD.findall(core(question))
        for term in query_terms(word)
        if word.lower() not in STOPWORDS
    }


def _weighed(weights: Mapping[str, float], held: set[str]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in held) / total if total else 1.0


def _held(word: str, held: set[str]) -> float:
    """1 where a word stands, less where one that is related does."""
    own = set(terms(word))
    if not own or own & held:
        return 1.0
    return 0.6 if related_terms(word) & held else 0.0


def _known(phrase: Sequence[str], frequency: sentence_ranking.Idf) -> float:
    return sum(frequency(term) > 0 for term in phrase) / max(1, len(phrase))


def _share(listed: Sequence[str], held: set[str]) -> float:
    return sum(term in held for term in listed) / len(listed) if listed else 1.0
