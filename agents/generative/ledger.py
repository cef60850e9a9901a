"""Ledger of what every worker found, kept by code beside the notes: a fact that a later worker drops is not lost.

The number that a worker gives is a hint: its sentence is looked for in that passage first, then in all that the
worker read. The manager sees the ledger as numbered quotes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from catena.agents.candidates import Candidate
from catena.agents.citations.attribution import Attributor, Numbered
from catena.agents.citations.support_check import support
from catena.agents.document_view import DocumentView
from catena.agents.extractive.sentence_ranking import overlap
from catena.agents.generative.prompt_passages import as_data
from catena.agents.generative.reply_parser import Claim
from catena.llm.protocol import num_tokens
from catena.retrieval.embedder import Embedder
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Fact

MAX_PARTS = 16
"""Prompts that a ledger is shown in: 200,000 tokens of facts in windows of 16,384. Of more the answer says so."""
IN_NOTE = 1.0
"""What it is worth that the last note still names the passage; the share of the question's words is worth up to 1."""


def add(
    ledger: Sequence[Fact], claims: Iterable[Claim], sentences: Sequence[Numbered], embedder: Embedder
) -> tuple[Fact, ...]:
    """Add what a worker says of the passages that it read, each sentence once."""
    facts = {fact.evidence.spans: fact for fact in ledger}
    ground = Attributor(sentences, embedder)
    for claim in claims:
        for fact in _facts(claim, sentences, ground):
            facts.setdefault(fact.evidence.spans, fact)
    return tuple(facts.values())


def _facts(claim: Claim, sentences: Sequence[Numbered], ground: Attributor) -> Iterator[Fact]:
    """One fact for each sentence that the claim needs."""
    named = [one for one in sentences if one.number in claim.numbers]
    if not named:
        return
    best = max(named, key=lambda one: _share(claim.text, one.candidate))
    if support(claim.text, [best.candidate.text]) == "supported":  # nine in ten: no embedding needed
        yield Fact(best.number, claim.text, best.candidate.evidence)
        return
    numbers = {one.candidate.evidence.spans: one.number for one in sentences}
    for evidence in ground.find(claim.text, claim.numbers):
        yield Fact(numbers[evidence.spans], claim.text, evidence)


def _share(claim: str, candidate: Candidate) -> float:
    wanted = set(query_terms(claim))
    return len(wanted & set(terms(candidate.text))) / max(1, len(wanted))


def show(facts: Iterable[Fact]) -> str:
    """The facts as a prompt has them: number, what the worker said if it says more, and the quote as data."""
    return "\n".join(_shown(fact) for fact in facts)


def _shown(fact: Fact) -> str:
    adds = set(query_terms(fact.claim)) - set(terms(fact.evidence.text))
    quote = as_data(" ".join(fact.evidence.text.split()))
    return f"[{fact.number}] {fact.claim if adds else ''}".rstrip() + f"\n{quote}"


def size(fact: Fact) -> int:
    """Tokens that the fact takes in a prompt, from above."""
    return num_tokens(_shown(fact) + "\n")


def best(
    facts: Sequence[Fact], question: str, noted: set[int], view: DocumentView, budget: int
) -> list[Fact]:
    """The facts that fit a budget of tokens, those nearest to the question first; in the order of the text."""
    asked = query_terms(question)

    def worth(fact: Fact) -> float:
        idf = view.rarity(fact.evidence.spans[0].ref.document_id)
        held = set(terms(f"{fact.claim} {fact.evidence.text}"))
        return overlap(asked, held, idf) + IN_NOTE * (fact.number in noted)

    kept = []
    for fact in sorted(facts, key=worth, reverse=True):
        if size(fact) <= budget:
            budget -= size(fact)
            kept.append(fact)
    return in_order(kept)


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """By passage, and within it by place."""
    return sorted(facts, key=lambda fact: (fact.number, fact.evidence.spans[0].start))


def batches(facts: Sequence[Fact], budget: int) -> list[list[Fact]]:
    """The facts in order, in as few parts as each fits the budget; one that alone exceeds it is left out."""
    parts: list[list[Fact]] = [[]]
    filled = 0
    for fact in in_order(fact for fact in facts if size(fact) <= budget):
        if parts[-1] and filled + size(fact) > budget:
            parts.append([])
            filled = 0
        parts[-1].append(fact)
        filled += size(fact)
    return parts


def sentences(facts: Iterable[Fact]) -> list[Numbered]:
    """List the sentences that an answer can rest on, for an `Attributor`."""
    return [Numbered(fact.number, Candidate(fact.evidence, "text", "", "")) for fact in facts]
