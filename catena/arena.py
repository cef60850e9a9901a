"""Answers to sets, and the arena they meet in: ties the library and the models to `catena.agents.bookqa`."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from catena.agents.bookqa import arena, sets
from catena.agents.bookqa.arena import Ranking, Responses
from catena.agents.bookqa.cards import data_card
from catena.agents.bookqa.exporting import FILES, Format, Outcomes, records
from catena.agents.bookqa.games import Game, Judge, Verdict, agreements
from catena.agents.bookqa.items import Item, read_items
from catena.agents.bookqa.model_judge import ModelJudge
from catena.agents.bookqa.responses import Reader, Response, read_responses, respond, write_responses
from catena.agents.bookqa.rule_judge import RuleJudge
from catena.batches.journal import Failure, Journal
from catena.batches.running import Ended
from catena.bookqa import journal_path
from catena.bridge import Bridge
from catena.client import Catena
from catena.durable import durable_file, write_file
from catena.errors import OptionError
from catena.models.metered import total
from catena.models.opening import ModelRoom
from catena.systems import EMBEDDED, Purse, open_reader
from catena.types import Limits, Usage
from catena.votes import Vote

SET, ARENA = "set.jsonl", "arena"
"""In a folder of runs: the set that was answered, and what judges said."""
RULES = "rules"
T = TypeVar("T")


def ignore(key: str, result: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one system: how many items it answered of how many, and what failed."""

    system: str
    path: Path
    num: int
    num_items: int
    failures: tuple[Failure, ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """`model` is a LiteLLM name for the systems that need one and name none themselves. The cap is over all calls."""

    model: str | None = None
    concurrency: int = 8
    max_cost_usd: float | None = None

    def __post_init__(self) -> None:
        if self.concurrency < 1:
            raise OptionError(f"A concurrency of {self.concurrency} makes no call.", "Give 1 or more.")


def file_name(system: str) -> str:
    """The file of a system or judge: models have slashes in their names."""
    plain = re.sub(r"[^\w.@-]+", "-", system)
    return plain if plain == system else f"{plain}.{hashlib.sha256(system.encode()).hexdigest()[:6]}"


def answer_set(
    catena: Catena,
    set_path: Path,
    systems: Sequence[str],
    out: Path,
    options: AnswerOptions | None = None,
    on_end: Ended = ignore,
) -> list[Answered]:
    """Have systems answer a set, one after the other; each writes its file into the folder `out`, with the set.

    Killed, the same call goes on where it was. Books are documents of the library. Raises Stopped at the cap,
    OptionError where the folder holds another set, ModelRefused.
    """
    options = options or AnswerOptions()
    items = list(read_items(set_path))
    purse = Purse(options.max_cost_usd, options.concurrency)
    readers = [open_reader(catena, name, options.model, purse) for name in dict.fromkeys(systems)]
    _keep_set(set_path, out / SET)
    return [_answer(items, reader, out, options.concurrency, on_end) for reader in readers]


def _answer(items: Sequence[Item], reader: Reader, out: Path, concurrency: int, on_end: Ended) -> Answered:
    path = out / f"{file_name(reader.name)}.jsonl"
    with Journal(path.with_name(f"{path.name}.db")) as journal, journal.working({"system": reader.name}):
        try:
            _wait(respond(items, reader, journal, concurrency=concurrency, on_end=on_end))
        finally:
            num = write_responses(path, journal)
        usage = total(response.usage for response in read_responses(path))
        return Answered(reader.name, path, num, len(items), tuple(journal.failures()), usage)


def _keep_set(given: Path, kept: Path) -> None:
    data = given.read_bytes()
    if kept.exists() and kept.read_bytes() != data:
        raise OptionError(f"{kept.parent} holds answers to another set.", "Give another folder with -o.")
    if not kept.exists():
        write_file(kept, data)


def read_runs(folder: Path) -> tuple[list[Item], Responses]:
    """The set and the responses in a folder of runs. Raises OptionError where there are fewer than two systems."""
    items = list(read_items(folder / SET))
    files = [path for path in sorted(folder.glob("*.jsonl")) if path.name != SET]
    responses: dict[str, dict[str, Response]] = {}
    for path in files:
        for response in read_responses(path):
            responses.setdefault(response.system, {})[response.item] = response
    if len(responses) < 2:
        raise OptionError(
            f"{folder} holds the answers of {len(responses)} systems.",
            "An arena takes two: catena answer … -o …",
        )
    return items, responses


def open_judge(catena: Catena, name: str, max_cost_usd: float | None = None) -> Judge:
    """`rules`, or a model by its LiteLLM name."""
    if name == RULES:
        return RuleJudge()
    room = ModelRoom(catena.settings, catena.library)
    return ModelJudge(room.open(name, [], Limits(max_cost_usd=max_cost_usd)).answering)


def judge_runs(
    catena: Catena,
    folder: Path,
    judges: Sequence[str],
    *,
    budget: int | None = None,
    concurrency: int = 8,
    max_cost_usd: float | None = None,
    on_end: Ended = ignore,
) -> list[Ranking]:
    """Let each judge rank the systems of a folder of runs, and compare judges with each other and with people's votes.

    Killed, the same call goes on where it was; judgements of responses that have not changed are not made again.
    Raises Stopped at the cap, and OptionError where there is nothing to judge.
    """
    items, responses = read_runs(folder)
    rankings, judged = [], []
    for name in dict.fromkeys(judges):
        path = folder / ARENA / f"{file_name(name)}.db"
        with Journal(path) as journal, journal.working({"judge": name}):
            judge = open_judge(catena, name, max_cost_usd)
            play = arena.play(
                items, responses, judge, journal, budget=budget, concurrency=concurrency, on_end=on_end
            )
            games = _wait(play)
            if not games:
                raise OptionError(
                    f"{name} judged no game of {folder}.",
                    _why(journal) or "Have two systems answer the same items.",
                )
            possible = arena.Schedule(items, responses, judge, 0).num_possible
            failed = len(journal.failures())
            rankings.append(
                arena.rank(games, responses, judge=name, num_possible=possible, num_failed=failed)
            )
            judged.append((name, games))
    people = voted_games(items, catena.votes())
    found = tuple(agreements([*judged, ("people", people)] if people else judged))
    return [
        replace(one, agreements=tuple(a for a in found if one.judge in (a.left, a.right))) for one in rankings
    ]


def voted_games(items: Iterable[Item], votes: Iterable[Vote]) -> list[Game]:
    """What people thought of answers to questions of a set, as games; votes about other questions are left out."""
    asked = {(item.book, _plain(item.question)): item.id for item in items}
    games = []
    for vote in votes:
        verdict: Verdict = (
            "tie" if vote.winner is None else "first" if vote.winner == vote.first else "second"
        )
        names = (_voted_for(vote.first), _voted_for(vote.second))
        found = (asked.get((book, _plain(vote.question))) for book in vote.document_ids)
        games += [Game(item, *names, verdict) for item in found if item]
    return games


def _plain(question: str) -> str:
    return " ".join(question.casefold().split())


def _voted_for(shown: str) -> str:
    """The system that the page's view "Compare" names "chain, openai/gpt-x" or "auto, the embedded reader"."""
    strategy, _, model = shown.partition(", ")
    if "/" in model:
        return f"{strategy}@{model}"
    return next((name for name, of in EMBEDDED.items() if of == strategy), shown)


def _why(journal: Journal) -> str:
    return next((failure.message for failure in journal.failures()), "")


def _wait(work: Coroutine[Any, Any, T]) -> T:
    bridge = Bridge()
    try:
        return bridge.run(work)
    finally:
        bridge.close()


def export_set(
    catena: Catena,
    set_path: Path,
    format: Format,
    out: Path,
    *,
    runs: Path | None = None,
    judge: str = RULES,
    licence: str | None = None,
) -> int:
    """Write a set in another form into the folder `out`, with a data card; return the number of records.

    `dpo` is made of the games that `judge` decided in the folder `runs`; `ragas` takes the winner's replies from
    there. `licence` is that of the books. Raises OptionError and DocumentNotFound.
    """
    items = list(read_items(set_path))
    outcomes = None if runs is None else _outcomes(catena, runs, judge)
    path = out / FILES.get(format, "data.jsonl")
    num = 0
    with durable_file(path) as file:
        for record in records(items, format, catena.library, outcomes):
            file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            num += 1
    licences = {item.book: licence for item in items} if licence else None
    card = data_card(items, format, path.name, num, licences=licences, rejected=_rejected(set_path))
    write_file(out / "README.md", card.encode())
    return num


def _outcomes(catena: Catena, runs: Path, judge: str) -> Outcomes:
    """What a judge said of the responses as they are now; what it said of others that were there before is left out."""
    items, responses = read_runs(runs)
    path = runs / ARENA / f"{file_name(judge)}.db"
    if not path.exists():
        raise OptionError(
            f"{judge} has judged nothing in {runs}.", f"Let it: catena arena {runs} --judge {judge}"
        )
    matches = arena.Schedule(items, responses, open_judge(catena, judge), 0).all()
    with Journal(path) as journal:
        games = arena.kept_games(matches, journal)
    best = arena.rank(games, responses).standings[0].system if games else ""
    return Outcomes(responses, games, best)


def _rejected(set_path: Path) -> dict[str, int] | None:
    """What the filters threw away, from the work file beside the set."""
    path = journal_path(set_path)
    if not path.exists():
        return None
    counts: Counter[str] = Counter()
    with Journal(path) as journal:
        for _, summary in journal.results(sets.BOOKS):
            counts.update(summary["rejected"])
    return dict(counts)
