"""Does a quote support a statement? Rules that code can vouch for: numbers with units, dates, names, negation.

`contradicted` needs a quote that says the same but for one word or number; what denies or opposes in other words is
`unchecked`, for rules cannot tell it from a paraphrase; what no quote says is `unsupported`, what they say in part is
`partial`. Words are compared as stems, so that a statement in quite other words is at most
`partial`: only a model can tell (`AskOptions.check`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from catena.agents.citations.clauses import Clause, clauses, opposition
from catena.agents.citations.counted_numbers import Agreement, agreement, calendar, figures
from catena.agents.citations.entity_swap import is_exchanged, names
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Support

ENOUGH, SOME = 0.6, 0.3
"""Shares of a statement's words that its quotes hold, for `supported` and for `partial`."""
EACH = 0.5
"""Share of the words of every single clause, for `supported`."""
WHOLE = 0.9
"""Of one clause's words, for `partial` where the rest is not there."""

MAX_VERDICTS = 64
"""Statements of one answer that a model judges; those beyond are marked by code alone, and the answer says so."""


def settle(by_code: Support, by_model: Support | None) -> Support:
    """A model may know paraphrases that code does not; numbers, names and negation it may not overrule."""
    return by_code if by_model is None or by_code == "contradicted" else by_model


def support(statement: str, quotes: Sequence[str], around: str = "") -> Support:
    """Judge one statement by the verbatim quotes under it.

    `around` is what stands about the quotes: headings, the sentence before, the document's title. It can prove the
    names of a statement and the years, nothing else.
    """
    source = " ".join(quotes)
    if not source.strip():
        return "unsupported"
    said, held = clauses(statement), clauses(source)
    shares = [_share_of_words(clause.text, source, around) for clause in said]
    share = _share_of_words(statement, source, around)
    numbers = set(_numbers(said, shares, source, around))
    if _plain(statement) in _plain(source):
        return "supported"
    opposed = opposition(said, held) if share >= SOME else "none"
    if opposed == "clear" and share >= ENOUGH:
        return "contradicted"
    if opposed == "unclear":
        return "unchecked"
    if "other" in numbers or (share >= ENOUGH and _is_other(statement, quotes, around)):
        return "contradicted"
    if "absent" in numbers or share < SOME:
        return "partial" if len(said) > 1 and max(shares) >= WHOLE else "unsupported"
    if share < ENOUGH or min(shares) < EACH or "unproved" in numbers:
        return "partial"
    return "partial" if _lacking_names(statement, f"{source} {around}") else "supported"


def _is_other(statement: str, quotes: Sequence[str], around: str) -> bool:
    """Another date than the quotes', or a name or number in the place of another."""
    dates = zip(calendar(statement), calendar(f"{' '.join(quotes)} {around}"), strict=True)
    if any(said - held and held - said for said, held in dates):
        return True
    return any(is_exchanged(statement, quote, around) for quote in quotes)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(".!? ")


def _share_of_words(statement: str, source: str, around: str) -> float:
    dates = {term for words in calendar(statement) for word in words for term in terms(word)}
    wanted = {term for term in query_terms(statement) if not term[:1].isdigit()} - dates
    held = set(terms(source)) | (
        {term for name in names(statement) for term in terms(name)} & set(terms(around))
    )
    return len(wanted & held) / len(wanted) if wanted else 1.0


def _numbers(
    said: Sequence[Clause], shares: Sequence[float], source: str, around: str
) -> Iterator[Agreement]:
    """Check each number in the quotes; another one is there only where they speak of what its clause says.

    Years may stand around the quotes.
    """
    others = figures(source)
    years = {figure.value for figure in figures(around) if 1500 <= figure.value <= 2100}
    words = re.findall(r"[^\W\d_]+|[$€£¥%]", f"{source} {around}".casefold())
    for clause, share in zip(said, shares, strict=True):
        for figure in figures(clause.text):
            if figure.value not in years or figure.unit or figure.scale:
                found = agreement(figure, others, words)
                yield "absent" if found == "other" and share < ENOUGH else found


def _lacking_names(statement: str, source: str) -> bool:
    known = source.casefold()
    return any(name.casefold() not in known for name in names(statement))
