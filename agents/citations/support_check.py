"""Does a quote support a statement? Rules that code can vouch for: numbers with units, dates, names, negation, and
names or numbers in each other's places ("Brown paid Smith" where the quote says "Smith paid Brown").

`contradicted` needs a quote that says the same but for one word or number; what denies or opposes in other words is
`unchecked`, for rules cannot tell it from a paraphrase; what no quote says is `unsupported`, what they say in part is
`partial`. Words are compared as stems, so that a statement in quite other words is at most
`partial`: only a model can tell (`AskOptions.check`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from catena.agents.citations.clauses import Clause, clauses, opposition
from catena.agents.citations.counted_numbers import Agreement, agreement, calendar, figures
from catena.retrieval.text_analysis import STOPWORDS, query_terms, terms
from catena.types import Support

ENOUGH, SOME = 0.6, 0.3
"""Shares of a statement's words that its quotes hold, for `supported` and for `partial`."""
EACH = 0.5
"""Share of the words of every single clause, for `supported`."""
WHOLE = 0.9
"""Of one clause's words, for `partial` where the rest is not there."""

MAX_VERDICTS = 64
"""Statements of one answer that a model judges; those beyond are marked by code alone, and the answer says so."""
CLOSE = 0.6
"""Share of a statement's words that stand in a quote in the same order, from which places are compared."""
_NAME = re.compile(r"\b[A-Z][\w'’-]*[a-z][\w'’-]*\b")
_NO_NAMES = STOPWORDS | {"mr", "mrs", "ms", "dr", "may"}
_TITLE = re.compile(r"\b(?:Mrs?|Ms|Dr|St|Prof|Inc|Co|No|[A-Z])\.$")
_DAY_FIRST = re.compile(
    r"\b(\d{1,2}) (January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_TOKEN = re.compile(r"\d[\d,.]*\d|\d|[^\W\d_][\w'’-]*")


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


@dataclass(frozen=True, slots=True)
class _Token:
    """`shape` is "#" for a number, "@" for a name of one or more words, else the word itself."""

    shape: str
    words: frozenset[str]


def names(text: str) -> list[str]:
    """Capitalised words that do not open a sentence."""
    return [match.group() for match in _names(text)]


def is_exchanged(statement: str, quote: str, around: str = "") -> bool:
    """Tell whether the quote says the same, but for another name or number in some place; `around` names others too."""
    ours, theirs = _tokens(statement), _tokens(quote)
    shapes = [token.shape for token in ours], [token.shape for token in theirs]
    blocks = SequenceMatcher(None, *shapes, autojunk=False).get_matching_blocks()
    if sum(block.size for block in blocks) < CLOSE * len(ours):
        return False
    held = {word for token in theirs for word in token.words}
    known = set(around.casefold().split())
    for block in blocks:
        held_words = ours[block.a : block.a + block.size]
        if block.size < 2 or all(token.shape == "#" for token in held_words):
            continue  # nothing beside it tells that it is the same place
        for step in range(block.size):
            if _differ(ours[block.a + step], theirs[block.b + step], held, known):
                return True
    return False


def _differ(ours: _Token, theirs: _Token, held: set[str], known: set[str]) -> bool:
    if ours.words & theirs.words:
        return False
    if ours.shape == "#":
        return ours.words <= held  # a number that no quote holds is another check's business
    return ours.shape == "@" and not ours.words & known


def _names(text: str) -> Iterator[re.Match[str]]:
    for match in _NAME.finditer(text):
        before = text[: match.start()].rstrip(" \"'“‘(")
        opens = not before or (before[-1] in ".!?:" and not _TITLE.search(before))
        if not opens and match.group().casefold() not in _NO_NAMES:
            yield match


def _tokens(text: str) -> list[_Token]:
    text = _DAY_FIRST.sub(r"\2 \1", text)
    starts = {match.start() for match in _names(text)}
    found: list[_Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        word = match.group()
        shape = "#" if word[0].isdigit() else "@" if match.start() in starts else word.casefold()
        token = _Token(shape, frozenset({word.casefold()}))
        if shape == "@" and found and found[-1].shape == "@" and match.start() == end + 1:
            token = _Token("@", found.pop().words | token.words)
        found.append(token)
        end = match.end()
    return found
