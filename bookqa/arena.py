"""The arena: every two systems are judged side by side on every question, and ranked."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catena.bookqa.bradley_terry import PRIOR, Strength, covariance, fit, intervals
from catena.bookqa.executor import Ended, Ledger, run
from catena.bookqa.games import Agreement, Game, Judge, Match, Verdict, wins_by_question
from catena.bookqa.items import Item
from catena.bookqa.responses import Response
from catena.bookqa.result_store import Json
from catena.types import Usage

ROUND = 16
"""Games that are chosen together where there is a budget; the next ones are chosen from what they showed."""
Responses = Mapping[str, Mapping[str, Response]]
"""By system, by item."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One system's place: its strength with interval, and its games."""

    system: str
    strength: Strength
    wins: int
    ties: int
    losses: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranking of the systems by one judge, best first.

    `matrix[i][j]` is how often `standings[i]` beat `standings[j]`, ties half; `num_possible` counts all games that
    could be played, `num_failed` those that the judge could not decide this time; `usage` is what it took.
    """

    judge: str
    standings: tuple[Standing, ...]
    matrix: tuple[tuple[float, ...], ...]
    num_items: int
    num_games: int
    num_possible: int
    num_flips: int
    num_failed: int = 0
    usage: Usage = Usage()
    agreements: tuple[Agreement, ...] = ()


async def play(
    items: Sequence[Item],
    responses: Responses,
    judge: Judge,
    ledger: Ledger,
    *,
    budget: int | None = None,
    seed: int = 1,
    concurrency: int = 8,
    notes: Callable[[], Json] = dict,
    on_end: Ended = lambda key, result: None,
) -> list[Game]:
    """Judge every two systems on every item that both answered; what the ledger has is not judged again.

    With `budget`, at most so many games: `ROUND` at a time on the pairs whose order is least certain. A game of a model
    is two calls. Raises Stopped at a cap, ModelRefused and OptionError; games that failed are noted in the ledger.
    """
    games: list[Game] = []
    schedule = Schedule(items, responses, judge, seed)
    async for matches in _rounds(schedule, games, budget):
        await run(matches, _played, ledger, concurrency=concurrency, notes=notes, on_end=on_end)
        games += kept_games(matches, ledger)
    return games


async def _played(match: Match) -> dict[str, Any]:
    return asdict(await match.play())


async def _rounds(
    schedule: Schedule, games: list[Game], budget: int | None
) -> AsyncIterator[Sequence[Match]]:
    """All games at once, or some at a time for as long as the budget lasts."""
    if budget is None:
        yield schedule.all()
        return
    while budget > 0 and (chosen := schedule.next(games, min(budget, ROUND))):
        budget -= len(chosen)
        yield chosen


class Schedule:
    """Games of an arena, and the choice of those to play next."""

    def __init__(self, items: Sequence[Item], responses: Responses, judge: Judge, seed: int) -> None:
        self.systems = sorted(responses)
        self._left: dict[tuple[int, int], list[Match]] = {}
        for i, j in combinations(range(len(self.systems)), 2):
            left, right = responses[self.systems[i]], responses[self.systems[j]]
            matches = [
                Match(item, left[item.id], right[item.id], judge)
                for item in items
                if item.id in left and item.id in right
            ]
            random.Random(f"{seed} {self.systems[i]} {self.systems[j]}").shuffle(matches)
            self._left[i, j] = matches

    def all(self) -> list[Match]:
        return [match for matches in self._left.values() for match in matches]

    def next(self, games: Iterable[Game], num: int) -> list[Match]:
        """The next games, on the pairs whose order is least certain; each chosen one counts as a tie for the next."""
        wins = wins_by_question(games, self.systems).sum(axis=0)
        chosen: list[Match] = []
        while len(chosen) < num and any(self._left.values()):
            i, j = next(pair for pair in by_doubt(wins) if self._left[pair])
            chosen.append(self._left[i, j].pop())
            wins[i, j] += 0.5
            wins[j, i] += 0.5
        return chosen


def by_doubt(wins: NDArray[np.float64], prior: float = PRIOR) -> list[tuple[int, int]]:
    """Every pair of systems, first the one of which it is least certain who is better; then the one least played.

    Certain is how many standard deviations their strengths are apart (Laplace's approximation).
    """
    strengths = fit(wins[None], prior)[0]
    sure = covariance(wins, strengths, prior)

    def doubt(pair: tuple[int, int]) -> tuple[float, float]:
        i, j = pair
        spread = np.sqrt(sure[i, i] + sure[j, j] - 2 * sure[i, j])
        return round(abs(strengths[i] - strengths[j]) / spread, 9), wins[i, j] + wins[j, i]

    return sorted(combinations(range(len(wins)), 2), key=doubt)


def rank(
    games: Sequence[Game],
    systems: Iterable[str],
    *,
    judge: str = "",
    prior: float = PRIOR,
    seed: int = 0,
) -> Ranking:
    """Strengths with intervals, win matrix and counts, best first. Raises ValueError where there is no game."""
    names = sorted(systems)
    per_question = wins_by_question(games, names)
    strengths = intervals(per_question, prior=prior, seed=seed)
    order = sorted(range(len(names)), key=lambda place: -strengths[place].value)
    total = per_question.sum(axis=0)[np.ix_(order, order)]
    return Ranking(
        judge,
        tuple(_standing(names[place], strengths[place], games) for place in order),
        tuple(tuple(float(cell) for cell in row) for row in total),
        len(per_question),
        len(games),
        len(games),
        sum(game.is_flip for game in games),
    )


def _standing(system: str, strength: Strength, games: Iterable[Game]) -> Standing:
    won: Sequence[Verdict] = [game.verdict for game in games if game.first == system]
    lost: Sequence[Verdict] = [game.verdict for game in games if game.second == system]
    return Standing(
        system,
        strength,
        won.count("first") + lost.count("second"),
        won.count("tie") + lost.count("tie"),
        won.count("second") + lost.count("first"),
    )


def kept_games(matches: Iterable[Match], ledger: Ledger) -> list[Game]:
    """Those of the games that were played."""
    return [Game(**data) for match in matches if (data := ledger.get(match.key)) is not None]


def count_games(items: Sequence[Item], responses: Responses) -> int:
    """Count the games that can be played: every two systems on each item that both answered."""
    answered = [set(by_item) for by_item in responses.values()]
    return sum(one.id in left & right for left, right in combinations(answered, 2) for one in items)


def to_json(ranking: Ranking) -> str:
    return json.dumps(asdict(ranking), indent=2, ensure_ascii=False)
