"""What judges are asked, what is made of what they say, and how far they agree."""

from __future__ import annotations

import asyncio

import pytest

from catena.bookqa.games import Game, Match, Verdict, agreement, settle, wins_by_question
from catena.bookqa.items import Item
from catena.bookqa.model_judge import ModelJudge, read_verdict
from catena.bookqa.responses import Response
from catena.bookqa.rule_judge import RuleJudge
from catena.errors import ModelSilent
from catena.testing import ScriptedLLM
from tests.bookqa.sets import QUOTE, citation, item, refusal, response, unanswerable

RIGHT = response("right", quotes=(citation(),))
WRONG = response("wrong", "The fox went to the river.", quotes=(citation("The fox went to the river.", 200),))


class Leaning:
    """Prefers whatever is shown first."""

    name, version = "leaning", "1"

    async def compare(self, item: Item, first: Response, second: Response) -> Verdict:
        return "first"


@pytest.mark.parametrize(
    ("one", "better", "worse"),
    [
        (item(), RIGHT, WRONG),
        (item(), RIGHT, refusal("refuses")),
        (item(), RIGHT, response("elsewhere", quotes=(citation(start=900),))),
        (item(), RIGHT, response("none")),
        (item(), RIGHT, response("long", f"{QUOTE} {WRONG.text} Then rain came and everybody slept.")),
        (item(), response("evidence", "It fled.", quotes=(citation(),)), WRONG),
        (unanswerable(), refusal("refuses"), WRONG),
    ],
)
def test_rules_prefer_answer_then_evidence_then_fewer_words(
    one: Item, better: Response, worse: Response
) -> None:
    judge = RuleJudge()
    assert asyncio.run(judge.compare(one, better, worse)) == "first"
    assert asyncio.run(judge.compare(one, worse, better)) == "second"


@pytest.mark.parametrize(("one", "right"), [(item(), "wrong"), (unanswerable(), "right")])
def test_two_refusals_are_a_tie(one: Item, right: str) -> None:
    assert asyncio.run(RuleJudge().compare(one, refusal("a"), refusal("b"))) == "tie"


@pytest.mark.parametrize(
    ("shown", "turned", "settled"),
    [
        ("first", "second", ("first", False)),
        ("second", "first", ("second", False)),
        ("first", "first", ("tie", True)),
        ("second", "second", ("tie", True)),
        ("first", "tie", ("tie", False)),
        ("tie", "tie", ("tie", False)),
    ],
)
def test_a_flip_is_a_tie(shown: Verdict, turned: Verdict, settled: tuple[Verdict, bool]) -> None:
    assert settle(shown, turned) == settled


def test_a_judge_who_leans_decides_nothing() -> None:
    game = asyncio.run(Match(item(), RIGHT, WRONG, Leaning()).play())
    assert (game.verdict, game.is_flip, game.score) == ("tie", True, 0.5)


def test_the_same_to_the_letter_is_a_tie_nobody_is_asked_about() -> None:
    silent = ModelJudge(ScriptedLLM("never asked"))
    game = asyncio.run(Match(item(), response("a"), response("b"), silent).play())
    assert game == Game("1", "a", "b", "tie")


def test_a_model_is_asked_in_both_orders_without_names() -> None:
    llm = ScriptedLLM("It names the oak.\nBetter: 1", "Better: 2")
    game = asyncio.run(Match(item(), RIGHT, WRONG, ModelJudge(llm)).play())
    prompts = [prompt[-1]["content"] for prompt in llm.prompts]
    assert game.verdict == "first"
    assert prompts[0].index(QUOTE, 200) < prompts[0].rindex("river")
    assert prompts[1].index("river") < prompts[1].rindex(QUOTE)
    assert not any(name in prompt for prompt in prompts for name in ("RIGHT", "wrong\n", "scripted"))


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("Better: 1", "first"),
        ("**Better:** 2", "second"),
        ("Neither quotes it.\nBetter: tie", "tie"),
        ("At first 1 looks better: 1 names no place.\nBetter: 2", "second"),
        ("<think>Better: 1</think>Better: Answer 2", "second"),
        ("I like both.", None),
    ],
)
def test_the_last_verdict_counts(reply: str, verdict: Verdict | None) -> None:
    assert read_verdict(reply) == verdict


def test_a_judge_who_names_nobody_is_an_error() -> None:
    with pytest.raises(ModelSilent, match="named neither"):
        asyncio.run(ModelJudge(ScriptedLLM("Hm.")).compare(item(), RIGHT, WRONG))


def test_a_key_changes_with_whatever_the_judge_sees() -> None:
    judge = RuleJudge()
    others = [
        Match(item(), WRONG, RIGHT, judge),
        Match(item(), RIGHT, WRONG, Leaning()),
        Match(item(answer="in the well"), RIGHT, WRONG, judge),
        Match(item(), response("right", QUOTE + "!", quotes=(citation(),)), WRONG, judge),
        Match(item(), response("right"), WRONG, judge),
    ]
    keys = {match.key for match in (Match(item(), RIGHT, WRONG, judge), *others)}
    assert len(keys) == 1 + len(others)


def test_wins_are_counted_by_question() -> None:
    games = [Game("1", "a", "b", "first"), Game("1", "b", "a", "tie"), Game("2", "b", "a", "first")]
    assert wins_by_question(games, ["a", "b"]).tolist() == [[[0, 1.5], [0.5, 0]], [[0, 0], [1, 0]]]


def test_agreement_knows_who_is_first_and_what_chance_gives() -> None:
    ours = [Game(str(n), "a", "b", "first" if n < 6 else "second") for n in range(10)]
    theirs = [Game(str(n), "b", "a", "second" if n < 5 else "first") for n in range(10)]
    found = agreement("rules", ours, "people", [*theirs, Game("77", "a", "b", "tie")])
    assert (found.num, found.same) == (10, 0.9)
    assert found.opposed == pytest.approx(0.1)
    assert found.kappa == pytest.approx((0.9 - 0.5) / 0.5)
    assert agreement("a", ours[:3], "b", ours[:3]).kappa is None
