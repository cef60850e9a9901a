"""Citation recall and precision by entailment: ALCE's rule (Gao et al., 2023) as L-CiteEval scores with it.

Tang et al., arXiv 2410.02115; behaviour as in their script/eval_citation.py, but a passage number 0 is refused
where theirs takes it for the last passage.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from catena.benchmarks.scoring.word_score import NOTHING, Overlap, of_shares

MAX_CITED = 3
"""Passages that count for a sentence."""

Entails = Callable[[str, str], Awaitable[bool]]
"""Premise and claim to whether the one entails the other."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer, and the numbers of the passages it cites, from 1."""

    text: str
    cited: tuple[int, ...]


async def citation_overlap(
    claims: Sequence[Claim], passages: Sequence[str], entails: Entails, *, max_cited: int | None = MAX_CITED
) -> Overlap | None:
    """Share of sentences that their passages entail, and of citations that are needed; None without a sentence.

    A sentence that names a passage that is not there counts as unsupported, and its citations not at all.
    """
    if not claims:
        return None
    num_entailed = num_needed = num_cited = 0
    for claim in claims:
        if not claim.cited or not all(1 <= number <= len(passages) for number in claim.cited):
            continue
        texts = [passages[number - 1] for number in claim.cited[:max_cited]]
        num_cited += len(texts)
        if await entails("\n".join(texts), claim.text):
            num_entailed += 1
            num_needed += await _num_needed(texts, claim.text, entails)
    precision = num_needed / num_cited if num_cited else 0.0
    return of_shares(precision, num_entailed / len(claims)) if num_entailed else NOTHING


async def _num_needed(texts: Sequence[str], claim: str, entails: Entails) -> int:
    """Count the passages that entail the claim alone, or are missed by the others."""
    if len(texts) == 1:
        return 1
    needed = 0
    for number, text in enumerate(texts):
        others = "\n".join([*texts[:number], *texts[number + 1 :]])
        needed += await entails(text, claim) or not await entails(others, claim)
    return needed
