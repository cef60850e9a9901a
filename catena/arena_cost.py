"""Cost of answers to a set and of judging them, estimated before a model is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from catena.arena_runs import RULES, AnswerOptions, games_path, open_judge, read_runs, responses_path
from catena.arena_systems import CostCap, System, open_reader
from catena.bookqa.arena import Schedule
from catena.bookqa.book_set_runs import journal_path
from catena.bookqa.games import Match
from catena.bookqa.items import Item, read_items
from catena.bookqa.model_judge import VERDICT_TOKENS, messages
from catena.bookqa.result_store import Journal
from catena.bookqa.set_cost import Estimate, scaled
from catena.client import Catena
from catena.errors import DocumentNotFound
from catena.llm.protocol import Price, prompt_tokens
from catena.llm_factory import LLMFactory
from catena.portal import run_alone
from catena.types import Usage

SAMPLE, SAMPLED_GAMES = 16, 200
"""Questions and games, evenly over all, that an estimate rests on."""
T = TypeVar("T")


def estimate_answers(
    catena: Catena, set_path: Path, systems: Sequence[str], out: Path, options: AnswerOptions
) -> dict[str, Estimate]:
    """By system, what the questions that have no answer in `out` yet will take, as `Catena.plan` says of some of them.

    Systems that bill nothing are left out: those without a model, and kv. Raises OptionError.
    """
    items = list(read_items(set_path))
    found = {}
    for name in dict.fromkeys(systems):
        reader = open_reader(catena, name, options.model, CostCap(None, options.concurrency))
        left = _left(items, lambda item: item.id, journal_path(responses_path(out, reader.name)))
        found[reader.name] = run_alone(_of_system(reader, left))
    return {name: one for name, one in found.items() if one.calls}


async def _of_system(reader: System, items: Sequence[Item]) -> Estimate:
    foreseen = []
    for item in _spread(items, SAMPLE):
        try:
            foreseen.append(await reader.foresee(item))
        except DocumentNotFound:
            foreseen.append(Usage())  # answering will say so
    return scaled(foreseen, len(items))


def estimate_games(
    catena: Catena, runs: Path, judges: Sequence[str], budget: int | None = None
) -> dict[str, Estimate]:
    """By judge, what the games will take that it has not judged, `budget` of them at most. `rules` is left out."""
    items, responses = read_runs(runs)
    found = {}
    for name in dict.fromkeys(judges):
        if name == RULES:
            continue
        matches = Schedule(items, responses, open_judge(catena, name), 0).all()
        left = _left(matches, lambda match: match.key, games_path(runs, name))
        price = run_alone(LLMFactory(catena.settings, catena.library.history).price(name, asked=name))
        foreseen = [_of_game(match, price) for match in _spread(left, SAMPLED_GAMES)]
        found[name] = scaled(foreseen, len(left) if budget is None else min(budget, len(left)))
    return found


def _of_game(match: Match, price: Price | None) -> Usage:
    """Both orders are prompts of the same words."""
    if match.is_same:
        return Usage()
    read = prompt_tokens(messages(match.item, match.first, match.second))
    cost = None if price is None else 2 * price.cost(read, VERDICT_TOKENS)
    return Usage(2, 2 * read, 2 * VERDICT_TOKENS, cost)


def _left(units: Sequence[T], key: Callable[[T], str], path: Path) -> list[T]:
    """Those that a journal, if there is one, does not hold."""
    if not path.exists():
        return list(units)
    with Journal(path) as journal:
        return [unit for unit in units if not journal.has(key(unit))]


def _spread(units: Sequence[T], num: int) -> list[T]:
    """So many of them, evenly from first to last."""
    return [units[len(units) * at // num] for at in range(num)] if len(units) > num else list(units)
