"""LongBench-Cite's citation recall, precision and F1 (Zhang et al., arXiv 2409.02897, section 2.3).

Behaviour as in their LongBench-Cite/auto_scorer.py, with whatever judges in place of GPT-4o.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from catena.benchmarks.scoring.entailment import Entailment
from catena.benchmarks.scoring.word_score import Overlap, of_shares

MAX_STATEMENTS = 40


@dataclass(frozen=True, slots=True)
class CitedStatement:
    text: str
    snippets: tuple[str, ...]


async def citation_overlap(
    question: str, answer: str, statements: Sequence[CitedStatement], judge: Entailment
) -> Overlap:
    """Recall over statements, precision over snippets; F1 of one answer. Nothing stated, nothing cited: 0."""
    judged = statements[:MAX_STATEMENTS]
    recalls = [await _recall(question, answer, statement, judge) for statement in judged]
    precisions = [
        float(await judge.is_relevant(question, statement.text, snippet))
        for statement in judged
        for snippet in statement.snippets
    ]
    return of_shares(fmean(precisions or [0.0]), fmean(recalls or [0.0]))


async def _recall(question: str, answer: str, statement: CitedStatement, judge: Entailment) -> float:
    """Score the support of all snippets together; an uncited statement is right if it needs none."""
    if not statement.snippets:
        return 1.0 - await judge.needs_citation(question, answer, statement.text)
    together = "\n\n".join(statement.snippets).strip()
    return await judge.support(question, statement.text, together) if together else 0.0
