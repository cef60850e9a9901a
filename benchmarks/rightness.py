"""Is what leads an answer right? By the gold answer's words and numbers, and its page where a set names it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isclose

from catena.agents.citations.quantities import quantities, word_numbers
from catena.benchmarks.absent import Item
from catena.retrieval.text_analysis import query_terms, terms

NEAR = 1
"""Pages that a label may be off."""
TOLERANCE = 0.005
SHORT, MOST, HALF = 3, 0.75, 0.5
"""Terms of a gold answer of which all must be there; shares of longer ones, and of the longest."""
LONG = 12
_YES_NO = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)
_NUMBER = re.compile(r"(?:US)?\W{0,3}[-(]?\W?\d[\d,]*\.?\d*\)?\W{0,2}(?:%|per ?cent)?\W*")
_FACTORS = (1.0, 1e3, 1e6, 1e9, 1e-3, 1e-6, 1e-9)


def is_right(item: Item, said: str, pages: Sequence[int], short: str = "") -> bool | None:
    """Judge what leads; None where words cannot tell: yes and no without a short answer.

    `said` is the first statement with its quotes, `pages` where they stand. A short answer must be right itself.
    """
    if not item.accepted:
        return False
    if item.gold and not any(abs(page - gold) <= NEAR for page in pages for gold in item.gold):
        return False
    judged = [_agrees(one, short or said, bool(short)) for one in item.accepted]
    if any(judged):
        return True
    return None if None in judged else False


def _agrees(gold: str, said: str, is_short: bool) -> bool | None:
    yes_no = _YES_NO.match(gold)
    if yes_no:
        told = _YES_NO.match(said) if is_short else None
        return told[1].lower() == yes_no[1].lower() if told else None
    if _NUMBER.fullmatch(gold.strip()):
        return _has_number(gold, said)
    wanted = [term for term in query_terms(gold) if not term.isdigit() or len(term) > 1]
    held = set(terms(said))
    if is_short and set(query_terms(said)) & set(wanted):
        return True
    share = sum(term in held for term in wanted) / max(1, len(wanted))
    if len(wanted) <= SHORT:
        return share == 1
    return share >= (MOST if len(wanted) <= LONG else HALF)


def _has_number(gold: str, said: str) -> bool:
    found = quantities(gold)
    if not found:
        return False
    value = abs(found[0].full)  # a scale that the question gives is left out as often as not
    digits = [abs(value) for one in quantities(said) for value in (one.full, one.value)]
    told = [*digits, *(number for _, number in word_numbers(said))]
    factors = _FACTORS if value >= 100 and found[0].unit != "%" else (1.0,)
    return any(isclose(one * factor, value, rel_tol=TOLERANCE) for one in told for factor in factors)
