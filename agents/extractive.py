"""A reader without a language model: it quotes the sentences and rows that answer, ranked by the embedder."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from catena.agents import ranking
from catena.agents.candidates import Candidate, candidates
from catena.agents.desk import Desk
from catena.agents.reasoner import Draft, DraftStatement, Question
from catena.retrieval.analysis import terms
from catena.retrieval.embedder import Embedder
from catena.types import Evidence, Note, Segment, Support

MAX_EMBEDDED = 80
"""Sentences of one segment that are compared by meaning; the others are compared by their words alone."""
MAX_EVIDENCE = 12
SAME = 0.7
"""Share of common terms above which two sentences say the same."""


class ExtractiveReasoner:
    """Answers in verbatim sentences."""

    segment_words = 4000
    notice = (
        "Answered by the embedded extractive reader, which quotes and does not reason. "
        "For written answers set a model: --model NAME, or CATENA_MODEL."
    )

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name = f"embedded ({embedder.name})"

    async def read(self, question: Question, segment: Segment, note: Note, desk: Desk) -> Note:
        """Keep the best sentences of this segment and of the note."""
        return await asyncio.to_thread(self._read, question, segment, note, desk)

    async def write(self, question: Question, note: Note, desk: Desk) -> Draft:
        chosen = choose(note.evidence, question.options.max_sentences, question.options.max_words)
        if not chosen:
            return Draft((), note.evidence[:3])
        return Draft(tuple(DraftStatement(evidence.text, (evidence,)) for evidence in chosen))

    async def ask(self, question: Question, note: Note) -> str | None:
        return None

    async def judge(self, statement: str, quotes: Sequence[str]) -> Support | None:
        return None

    def _read(self, question: Question, segment: Segment, note: Note, desk: Desk) -> Note:
        found = [one for one in candidates(segment, desk) if one.kind != "heading"]
        best = sorted((*note.evidence, *self._score(question, found)), key=lambda one: -one.score)
        return Note("", tuple(best[:MAX_EVIDENCE]))

    def _score(self, question: Question, found: Sequence[Candidate]) -> list[Evidence]:
        idf = ranking.idf_of([candidate.text for candidate in found])
        best_page = max(question.page_scores.values(), default=1.0) or 1.0
        by_words = []
        for candidate in found:
            page = question.page_scores.get(candidate.evidence.spans[0].ref, 0.0) / best_page
            words = ranking.LEXICAL * ranking.lexical(question.text, candidate, idf)
            kind = ranking.KIND * ranking.fits_kind(question.text, candidate.text)
            by_words.append((words + kind + ranking.PAGE * page, candidate))
        by_words.sort(key=lambda pair: -pair[0])
        promising = by_words[:MAX_EMBEDDED]
        if not promising:
            return []
        texts = [f"{candidate.before[-200:]} {candidate.text}" for _, candidate in promising]
        vectors = self._embedder.embed([question.text, *texts, *(one.text for _, one in promising)])
        similar = vectors[1:] @ vectors[0]
        similar = np.maximum(similar[: len(promising)], similar[len(promising) :])
        return [
            Evidence(candidate.evidence.spans, candidate.text, float(score + cosine))
            for (score, candidate), cosine in zip(promising, similar, strict=True)
        ]


def choose(found: Sequence[Evidence], max_sentences: int, max_words: int) -> list[Evidence]:
    """Best first, none that says what another said, all within the words; the best one always."""
    chosen: list[Evidence] = []
    said: list[set[str]] = []
    num_words = 0
    for evidence in found:
        words = len(evidence.text.split())
        held = set(terms(evidence.text))
        is_new = all(len(held & other) < SAME * max(1, min(len(held), len(other))) for other in said)
        if chosen and (not is_new or num_words + words > max_words):
            continue
        chosen.append(evidence)
        said.append(held)
        num_words += words
        if len(chosen) == max_sentences:
            break
    return chosen
