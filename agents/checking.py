"""Does a quote support a statement? Rules that code can vouch for: numbers, scales, names, negation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from catena.agents.quantities import Quantity, quantities, word_numbers
from catena.retrieval.analysis import query_terms
from catena.types import Support

ENOUGH, SOME = 0.6, 0.3
"""Shares of a statement's words that its quotes hold, for `supported` and for `partial`."""
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|nothing|nobody|without|cannot|\w+n['’]t)\b", re.IGNORECASE
)
_NAME = re.compile(r"(?<!\w\w\w[.!?:]\s)(?<!^)\b[A-Z][\w'’-]*[a-z][\w'’-]*\b")


def support(statement: str, quotes: Sequence[str]) -> Support:
    """Judge one statement by the verbatim quotes under it."""
    source = " ".join(quotes)
    if not source.strip():
        return "unsupported"
    if _plain(statement) in _plain(source):
        return "supported"
    share = _share_of_words(statement, source)
    lacking = _lacking_numbers(statement, source)
    if share >= ENOUGH and _is_denied(statement, source):
        return "contradicted"
    if lacking:
        return "contradicted" if share >= ENOUGH and _is_other_number(lacking, source) else "unsupported"
    if _lacking_words(statement, source):
        return "contradicted" if share >= ENOUGH and _written_out(source) else "unsupported"
    if share < SOME:
        return "unsupported"
    if share < ENOUGH or _lacks_scale(statement, source) or _lacking_names(statement, source):
        return "partial"
    return "supported"


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _share_of_words(statement: str, source: str) -> float:
    wanted = {term for term in query_terms(statement) if not term[:1].isdigit()}
    return len(wanted & set(query_terms(source))) / len(wanted) if wanted else 1.0


def _values(text: str) -> set[float]:
    values = {abs(quantity.value) for quantity in quantities(text)}
    values |= {abs(quantity.full) for quantity in quantities(text)}
    return values | {value for _, value in word_numbers(text)}


def _lacking_numbers(statement: str, source: str) -> list[Quantity]:
    """Numbers of the statement that no quote holds, be it as printed or written out."""
    known = _values(source)
    return [
        quantity
        for quantity in quantities(statement)
        if abs(quantity.value) not in known and abs(quantity.full) not in known
    ]


def _lacking_words(statement: str, source: str) -> set[float]:
    """Numbers that the statement writes out ("seven years") and no quote holds."""
    return _written_out(statement) - _values(source)


def _written_out(text: str) -> set[float]:
    """Numbers written out; "one" is as often a pronoun."""
    return {value for _, value in word_numbers(text) if value > 1}


def _is_other_number(lacking: Sequence[Quantity], source: str) -> bool:
    """The quote gives a number of the same unit where the statement gives another."""
    units = {quantity.unit for quantity in quantities(source)}
    return any(quantity.unit in units for quantity in lacking)


def _lacks_scale(statement: str, source: str) -> bool:
    scales = {quantity.scale for quantity in quantities(statement) if quantity.scale}
    return any(scale not in source.casefold() for scale in scales)


def _lacking_names(statement: str, source: str) -> bool:
    known = source.casefold()
    return any(name.casefold() not in known for name in _NAME.findall(statement))


def _is_denied(statement: str, source: str) -> bool:
    """One says not, and no sentence of the quotes that shares the words does."""
    return len(_NEGATION.findall(statement)) % 2 != len(_NEGATION.findall(source)) % 2
