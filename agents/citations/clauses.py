"""Clause polarity: negation, opposites, and which clause of one text answers to which of another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from catena.retrieval.text_analysis import query_terms, terms

MIN_TERMS = 3
"""A clause with fewer words of its own goes with the next one."""
ALIKE = 0.5
"""Share of a clause's words that another holds, from which it speaks of the same."""
ALIKE_IN_ORDER = 0.8
"""Share of a clause's words that another holds in the same order, from which one word makes the difference."""
KNOWN = 0.6
"""Share of a clause's words, besides those that it denies, from which the source speaks of the same."""
NUM_DENIED = 2
"""Words after a "not" that it is taken to deny."""
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|nothing|nobody|nowhere|without|cannot|\w+n['’]t|fail(?:s|ed)? to"
    r"|refus(?:es?|ed) to|lack(?:s|ed)?|hardly|unable)\b",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(?:no|not|nothing) (?:fewer|less|more|later|earlier|sooner|greater|higher|lower|longer|smaller|larger) than\b"
    r"|\bnot (?:only|just|merely|least)\b|\bno (?:doubt|wonder|matter)\b|\bnothing but\b",
    re.IGNORECASE,
)
"""A "not" that denies nothing: "no fewer than forty"."""
_BREAK = re.compile(r"[;:,\u2014]\s+|(?<=[.!?])\s+|\s+(?:and|but)\s+", re.IGNORECASE)
_OPPOSITES = """
increase decrease, increased decreased, increasing decreasing, rise fall, rose fell, rising falling, grew shrank,
grow shrink, higher lower, high low, highest lowest, more less, more fewer, most least, maximum minimum, above below,
over under, before after, first last, earlier later, early late, always never, all none, everyone nobody,
everything nothing, gain loss, gains losses, profit loss, profitable unprofitable, win lose, won lost, open closed,
opened closed, accept reject, accepted rejected, include exclude, includes excludes, included excluded, allow forbid,
allowed forbidden, able unable, possible impossible, likely unlikely, legal illegal, large small, larger smaller,
greater smaller, big small, old young, older younger, new old, rich poor, strong weak, stronger weaker, fast slow,
faster slower, good bad, better worse, best worst, long short, longer shorter, up down, with without, inside outside,
import export, buy sell, bought sold, begin end, began ended, start stop, started stopped, positive negative,
true false, agree disagree, agreed disagreed, appear disappear, appeared disappeared, connect disconnect,
enable disable, enabled disabled, internal external, upper lower, inflow outflow, asset liability, assets liabilities,
current former, exceed miss, succeed fail, succeeded failed, safe dangerous, hot cold, left right, north south,
east west, wet dry, alive dead, present absent, improve worsen, improved worsened, favorable unfavorable, full empty,
heavy light, deep shallow, easy difficult, easy hard, same different, public private, voluntary mandatory,
temporary permanent, beginning end, son daughter, brother sister, mother father, king queen, prince princess, man woman,
boy girl, husband wife, his her, he she
"""

Opposition = Literal["clear", "unclear", "none"]


@dataclass(frozen=True, slots=True)
class Clause:
    """`held`: the words that tell it apart, as terms; `denied`: those that a "not" stands before, if it is odd."""

    text: str
    held: frozenset[str]
    denied: frozenset[str]


def clauses(text: str) -> list[Clause]:
    """Cut at commas, semicolons and joining words; what is too short to say something goes with what follows."""
    found: list[Clause] = []
    begun = 0
    ends = [*(match.start() for match in _BREAK.finditer(text)), len(text)]
    for end in ends:
        part = text[begun:end]
        if len(query_terms(part)) >= MIN_TERMS or end == ends[-1]:
            found.append(_clause(part))
            begun = end
    if len(found) > 1 and len(found[-1].held) < MIN_TERMS:
        *found, before, last = found
        found.append(_clause(f"{before.text}{last.text}"))
    return found


def _clause(text: str) -> Clause:
    found = list(_NEGATION.finditer(_BOUND.sub(lambda match: " " * len(match.group()), text)))
    denied: set[str] = set()
    for negation in found if len(found) % 2 else ():
        after = query_terms(text[negation.end() :])[:NUM_DENIED]
        denied.update(after or query_terms(text[: negation.start()])[-NUM_DENIED:])
    return Clause(text, frozenset(query_terms(text)), frozenset(denied))


def opposition(statement: Sequence[Clause], source: Sequence[Clause]) -> Opposition:
    """Tell whether a clause of the statement says the contrary of what the source says of the same.

    "clear" where one "not" or one opposite word makes the whole difference; "unclear" where the words stand in
    another order or among others ("the left is higher than the right", "the right is lower than the left").
    """
    found: list[Opposition] = [*_denials(statement, source), *_opposites_held(statement, source)]
    return "clear" if "clear" in found else "unclear" if found else "none"


def _denials(statement: Sequence[Clause], source: Sequence[Clause]) -> Iterator[Opposition]:
    """Clauses that say not where every clause of the source that speaks of the same does not, or the reverse."""
    for clause in statement:
        same = _same(clause, source)
        if same and all(_deny(clause, other) or _deny(other, clause) for other in same):
            is_alike = _is_said_alike(clause.text, same[0].text)
            yield "clear" if is_alike and not _pairs(clause, same[0]) else "unclear"
        elif clause.denied and not any(other.denied for other in same) and _is_known(clause, source):
            yield "unclear"  # a denial of what the source does not name: it may say so in other words


def _is_known(clause: Clause, source: Sequence[Clause]) -> bool:
    """Tell whether the source speaks of what the clause says besides what it denies."""
    rest = clause.held - clause.denied
    held = {term for other in source for term in terms(other.text)}
    return len(rest & held) >= KNOWN * len(rest) > 0


def _deny(clause: Clause, other: Clause) -> bool:
    """Tell whether the first says not of something that the second says."""
    return bool(clause.denied and not other.denied and clause.denied & set(terms(other.text)))


def _opposites_held(statement: Sequence[Clause], source: Sequence[Clause]) -> Iterator[Opposition]:
    """Clauses that hold the opposite of a word of the clause that speaks of the same; two may say the same again."""
    for clause in statement:
        for other in _same(clause, source)[:1]:
            pairs = _pairs(clause, other)
            for pair in pairs:
                is_single = len(pairs) == 1 and _is_negated(clause.text, pair) == _is_negated(
                    other.text, pair
                )
                yield "clear" if is_single and _is_said_alike(clause.text, other.text, *pair) else "unclear"


def _pairs(clause: Clause, other: Clause) -> list[tuple[str, str]]:
    """Words of the one whose opposites the other holds in their place."""
    ours, theirs = _words(clause.text), _words(other.text)
    new = theirs - ours
    return [(word, one) for word in ours - theirs for one in opposites().get(word, frozenset()) & new]


def _is_negated(text: str, apart: Sequence[str]) -> bool:
    """Tell whether a text says not, other than by those words: "without" is the opposite of "with"."""
    plain = _BOUND.sub(" ", text)
    return sum(match.group().casefold() not in apart for match in _NEGATION.finditer(plain)) % 2 == 1


def _is_said_alike(ours: str, theirs: str, *apart: str) -> bool:
    """Tell whether nearly all words stand in the other text in the same order, `apart` aside."""
    left_out = {term for word in apart for term in terms(word)} | _negations()
    mine = [term for term in query_terms(ours) if term not in left_out]
    other = [term for term in query_terms(theirs) if term not in left_out]
    return _in_order(mine, other) >= ALIKE_IN_ORDER * len(mine)


def _in_order(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(theirs) + 1)
    for one in ours:
        before = 0
        for place, other in enumerate(theirs, 1):
            before, row[place] = row[place], before + 1 if one == other else max(row[place], row[place - 1])
    return row[-1]


@cache
def _negations() -> frozenset[str]:
    return frozenset(
        terms("never none nothing nobody nowhere without cannot fail failed refuse lack hardly unable")
    )


def _same(clause: Clause, source: Sequence[Clause]) -> list[Clause]:
    """The clauses that share most words with this one, if they share enough."""
    shares = [len(clause.held & set(terms(other.text))) / max(1, len(clause.held)) for other in source]
    best = max(shares, default=0.0)
    if best < ALIKE:
        return []
    return [other for other, share in zip(source, shares, strict=True) if share == best]


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text.casefold()))


@cache
def opposites() -> dict[str, frozenset[str]]:
    """Every listed word with its opposites."""
    found: dict[str, set[str]] = {}
    for pair in _OPPOSITES.split(","):
        left, right = pair.split()
        found.setdefault(left, set()).add(right)
        found.setdefault(right, set()).add(left)
    return {word: frozenset(others) for word, others in found.items()}
