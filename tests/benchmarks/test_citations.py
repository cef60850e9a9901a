"""L-CiteEval's and LongBench-Cite's citation scores against values worked out by hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from catena.benchmarks.scoring.alce import Claim, citation_overlap
from catena.benchmarks.scoring.longcite import CitedStatement
from catena.benchmarks.scoring.longcite import citation_overlap as longcite_overlap
from catena.benchmarks.scoring.word_score import Overlap

PASSAGES = ("red", "blue", "green", "grey")


async def holds_all(premise: str, claim: str) -> bool:
    """Entailment among colours: every word of the claim is in the premise."""
    return set(claim.split()) <= set(premise.split())


def alce(*claims: Claim) -> Overlap | None:
    return asyncio.run(citation_overlap(claims, PASSAGES, holds_all))


def test_a_sentence_with_one_right_passage() -> None:
    assert alce(Claim("red", (1,))) == (1.0, 1.0, 1.0)


def test_passages_that_are_needed_together_all_count() -> None:
    assert alce(Claim("red blue", (1, 2))) == (1.0, 1.0, 1.0)


def test_a_passage_that_is_not_needed_costs_precision() -> None:
    # red entails alone; grey neither entails nor is missed
    assert alce(Claim("red", (1, 4))) == pytest.approx((0.5, 1.0, 2 / 3))


def test_an_unsupported_sentence_costs_both() -> None:
    assert alce(Claim("red", (1,)), Claim("pink", (2, 3))) == pytest.approx((1 / 3, 0.5, 0.4))


@pytest.mark.parametrize("number", [0, 5])
def test_a_passage_that_is_not_there_costs_recall_alone(number: int) -> None:
    assert alce(Claim("red", (1,)), Claim("blue", (2, number))) == pytest.approx((1.0, 0.5, 2 / 3))


def test_three_passages_count_at_most() -> None:
    claims = [Claim("grey", (1, 2, 3, 4))]
    assert alce(*claims) == (0.0, 0.0, 0.0)
    found = asyncio.run(citation_overlap(claims, PASSAGES, holds_all, max_cited=None))
    assert found == pytest.approx((0.25, 1.0, 0.4))


def test_no_citation_and_no_sentence() -> None:
    assert alce(Claim("red", ())) == (0.0, 0.0, 0.0)
    assert alce() is None


@dataclass
class Colours:
    """Judges by share of words; a statement that begins with "So" needs no citation."""

    name: str = "colours"
    seen: list[str] = field(default_factory=list)

    async def support(self, question: str, statement: str, snippet: str) -> float:
        self.seen.append(snippet)
        share = len(set(statement.split()) & set(snippet.split())) / len(set(statement.split()))
        return 1.0 if share == 1 else 0.5 if share > 0 else 0.0

    async def is_relevant(self, question: str, statement: str, snippet: str) -> bool:
        return bool(set(statement.split()) & set(snippet.split()))

    async def needs_citation(self, question: str, answer: str, statement: str) -> bool:
        return not statement.startswith("So")


def longcite(*statements: CitedStatement) -> Overlap:
    return asyncio.run(longcite_overlap("Which?", "answer", statements, Colours()))


def test_longcite_recall_is_full_partial_or_none_and_precision_by_snippet() -> None:
    found = longcite(
        CitedStatement("red blue", ("red", "blue", "pink")), CitedStatement("grey sky", ("grey",))
    )
    # recall (1 + 0.5) / 2, precision 3 of 4 snippets
    assert found == pytest.approx((0.75, 0.75, 0.75))


def test_longcite_an_uncited_statement_is_right_if_it_needs_none() -> None:
    found = longcite(
        CitedStatement("So it is", ()), CitedStatement("red", ()), CitedStatement("red", ("red",))
    )
    assert found == pytest.approx((1.0, 2 / 3, 0.8))


def test_longcite_judges_forty_statements() -> None:
    many = [CitedStatement("red", ("red",))] * 40 + [CitedStatement("pink", ("red",))] * 9
    assert longcite(*many) == (1.0, 1.0, 1.0)


def test_longcite_of_nothing() -> None:
    assert longcite() == (0.0, 0.0, 0.0)
