"""Who meets whom, what a budget is spent on, what is kept, and what a ranking shows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from catena.bookqa.arena import Schedule, by_doubt, count_games, kept_games, play, rank, to_json
from catena.bookqa.arena_page import agreement_lines, to_html, win_shares, write_png
from catena.bookqa.games import Game, Verdict
from catena.bookqa.items import Item
from catena.bookqa.responses import Response
from catena.bookqa.result_store import Journal
from tests.bookqa.sets import item, response

ITEMS = [item(str(number)) for number in range(30)]


class ByName:
    """Prefers the system whose name comes first; counts what it is asked."""

    name, version = "by name", "1"

    def __init__(self) -> None:
        self.num_asked = 0

    async def compare(self, item: Item, first: Response, second: Response) -> Verdict:
        self.num_asked += 1
        return "first" if first.system < second.system else "second"


def responses(names: str = "abc") -> dict[str, dict[str, Response]]:
    return {name: {one.id: response(name, f"{name} {one.id}", key=one.id) for one in ITEMS} for name in names}


def test_every_two_meet_on_every_question_in_both_orders(tmp_path: Path) -> None:
    judge = ByName()
    with Journal(tmp_path / "games.db") as journal:
        games = asyncio.run(play(ITEMS, responses(), judge, journal))
        assert kept_games(Schedule(ITEMS, responses(), judge, 1).all(), journal) == games
        assert judge.num_asked == 2 * len(games) == 2 * 3 * 30
    ranking = rank(games, "abc", judge="by name")
    assert [one.system for one in ranking.standings] == ["a", "b", "c"]
    assert ranking.matrix == ((0, 30, 30), (0, 0, 30), (0, 0, 0))
    assert [(one.wins, one.ties, one.losses) for one in ranking.standings] == [
        (60, 0, 0),
        (30, 0, 30),
        (0, 0, 60),
    ]


def test_what_was_judged_is_not_judged_again(tmp_path: Path) -> None:
    judge = ByName()
    with Journal(tmp_path / "games.db") as journal:
        before = asyncio.run(play(ITEMS, responses("ab"), judge, journal))
        again = asyncio.run(play(ITEMS, responses("ab"), judge, journal))
        assert judge.num_asked == 60 and before == again
        asyncio.run(play(ITEMS, responses("abc"), judge, journal))
    assert judge.num_asked == 180


@pytest.mark.parametrize("budget", [1, 20, 1000])
def test_a_budget_is_kept_and_the_same_when_it_is_taken_up_again(tmp_path: Path, budget: int) -> None:
    judge = ByName()
    with Journal(tmp_path / "games.db") as journal:
        games = asyncio.run(play(ITEMS, responses(), judge, journal, budget=budget))
        assert len(games) == min(budget, 90)
        assert asyncio.run(play(ITEMS, responses(), judge, journal, budget=budget)) == games
    assert judge.num_asked == 2 * len(games)


def test_the_pair_of_which_least_is_certain_is_next() -> None:
    wins = np.array([[0.0, 10, 19], [10, 0, 18], [1, 2, 0]])
    assert by_doubt(wins)[0] == (0, 1)
    assert by_doubt(np.zeros((3, 3))) == [(0, 1), (0, 2), (1, 2)]
    unplayed = np.array([[0.0, 9, 5], [9, 0, 0], [5, 0, 0]])
    assert by_doubt(unplayed)[0] == (1, 2)


def test_a_budget_goes_to_the_close_pair() -> None:
    schedule = Schedule(ITEMS, responses(), ByName(), 1)
    far = [Game(str(n), one, "c", "first") for n in range(8) for one in "ab"]
    chosen = schedule.next(far, 6)
    assert {(match.first.system, match.second.system) for match in chosen} == {("a", "b")}


def test_only_items_that_both_answered_are_games() -> None:
    some = responses("ab")
    some["b"] = {key: one for key, one in some["b"].items() if int(key) < 4}
    assert count_games(ITEMS, some) == 4


def test_a_page_has_its_picture_inline_and_escapes_names(tmp_path: Path) -> None:
    games = [Game(str(n), "<b>", "x", "first" if n % 3 else "second") for n in range(12)]
    ranking = rank(games, ["<b>", "x"], judge="rules")
    page = to_html([ranking])
    assert "<svg" in page and "&lt;b&gt;" in page and "<b>" not in page
    assert "<script" not in page and "src=" not in page and "href=" not in page
    assert win_shares(ranking) == [[None, 8 / 12], [4 / 12, None]]
    assert '"num_games": 12' in to_json(ranking)
    assert agreement_lines([ranking]) == []


def test_a_picture_is_a_png(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    ranked = [rank([Game("1", "a", "b", "tie")], "abc", judge=name) for name in ("rules", "openai/x")]
    write_png(ranked, tmp_path / "arena.png")
    assert (tmp_path / "arena.png").read_bytes().startswith(b"\x89PNG")
