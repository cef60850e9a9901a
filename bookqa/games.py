"""A game: two systems' responses to one question, judged in both orders."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from catena.bookqa.items import Item
from catena.bookqa.responses import Response

Verdict = Literal["first", "second", "tie"]
"""Winner of the two that were shown, in the order they were shown."""
_TURNED: dict[Verdict, Verdict] = {"first": "second", "second": "first", "tie": "tie"}


class Judge(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Another version's verdicts are not taken for this one's."""

    async def compare(self, item: Item, first: Response, second: Response) -> Verdict:
        """Say which response is better. Raises ModelError and Stopped."""


@dataclass(frozen=True, slots=True)
class Game:
    """`verdict` is that of both orders: `first` only where the judge said so whichever was shown first.

    `is_flip`: the judge contradicted itself when the order was turned round, which counts as a tie.
    """

    item: str
    first: str
    second: str
    verdict: Verdict
    is_flip: bool = False

    @property
    def score(self) -> float:
        """Of the first: 1 for a win, a half for a tie."""
        return {"first": 1.0, "tie": 0.5, "second": 0.0}[self.verdict]


def settle(shown: Verdict, turned: Verdict) -> tuple[Verdict, bool]:
    """One verdict of two: the second was given with the responses in the other order. A flip is a tie."""
    again = _TURNED[turned]
    if shown == again:
        return shown, False
    # A preference in one order and a tie in the other is no preference that order does not matter to.
    return "tie", "tie" not in (shown, again)


@dataclass(frozen=True, slots=True)
class Match:
    """A game that can be played; `key` is the same while item, responses and judge stay the same."""

    item: Item
    first: Response
    second: Response
    judge: Judge

    @property
    def key(self) -> str:
        told = "\x1f".join(
            [self.judge.name, self.judge.version, self.item.id, self.item.question, self.item.answer]
            + [part for one in (self.first, self.second) for part in (one.system, one.text, *one.quotes)]
        )
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def is_same(self) -> bool:
        """Tell whether both are the same to the letter: a tie that nobody is asked about."""
        return (self.first.text, self.first.quotes) == (self.second.text, self.second.quotes)

    async def play(self) -> Game:
        """Ask the judge in both orders."""
        item, first, second = self.item, self.first, self.second
        names = (item.id, first.system, second.system)
        if self.is_same:
            return Game(*names, "tie")
        shown = await self.judge.compare(item, first, second)
        turned = await self.judge.compare(item, second, first)
        verdict, is_flip = settle(shown, turned)
        return Game(*names, verdict, is_flip)


def wins_by_question(games: Iterable[Game], systems: Sequence[str]) -> NDArray[np.float64]:
    """Count the wins of each system over each other on each question: (Q, N, N)."""
    places = {name: place for place, name in enumerate(systems)}
    questions: dict[str, int] = {}
    played = [game for game in games if game.first in places and game.second in places]
    for game in played:
        questions.setdefault(game.item, len(questions))
    wins = np.zeros((len(questions), len(systems), len(systems)))
    for game in played:
        question, i, j = questions[game.item], places[game.first], places[game.second]
        wins[question, i, j] += game.score
        wins[question, j, i] += 1 - game.score
    return wins


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two judges on the games that both judged.

    `same` is the share of equal verdicts, ties included; `kappa` (Cohen 1960) takes off what chance gives, and is None
    where both always say one and the same. `opposed` is the share in which each prefers the other system.
    """

    left: str
    right: str
    num: int
    same: float
    opposed: float
    kappa: float | None


def agreement(left: str, lefts: Iterable[Game], right: str, rights: Iterable[Game]) -> Agreement:
    """Compare two judges, or a judge with people, on the games of both; several votes on a game count each."""
    known = {key: verdict for key, verdict in map(_sorted, lefts)}
    pairs = [(known[key], verdict) for key, verdict in map(_sorted, rights) if key in known]
    num = len(pairs)
    same = sum(one == other for one, other in pairs) / max(1, num)
    opposed = sum({one, other} == {"first", "second"} for one, other in pairs) / max(1, num)
    ours, theirs = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance = sum(ours[verdict] * theirs[verdict] for verdict in _TURNED) / max(1, num) ** 2
    kappa = None if not num or by_chance == 1 else (same - by_chance) / (1 - by_chance)
    return Agreement(left, right, num, same, opposed, kappa)


def agreements(judged: Sequence[tuple[str, Sequence[Game]]]) -> list[Agreement]:
    """Every two of the judges, where they have games in common."""
    found = [agreement(*left, *right) for left, right in combinations(judged, 2)]
    return [one for one in found if one.num]


def _sorted(game: Game) -> tuple[tuple[str, str, str], Verdict]:
    if game.first <= game.second:
        return (game.item, game.first, game.second), game.verdict
    return (game.item, game.second, game.first), _TURNED[game.verdict]
