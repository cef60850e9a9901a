"""Answers to sets, and the arena they meet in: ties the library and the models to `catena.bookqa`."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from catena.arena_systems import EMBEDDED, CostCap, open_reader
from catena.arguments import require_number, require_text, require_whole
from catena.bookqa import arena, book_sets
from catena.bookqa.arena import Ranking, Responses
from catena.bookqa.book_set_runs import journal_path
from catena.bookqa.data_card import data_card
from catena.bookqa.executor import Ended
from catena.bookqa.export import FILES, Format, Outcomes, records
from catena.bookqa.games import Game, Judge, Verdict, agreements
from catena.bookqa.items import Item, read_items
from catena.bookqa.model_judge import ModelJudge
from catena.bookqa.responses import Reader, Response, read_responses, respond, write_responses
from catena.bookqa.result_store import Failure, Journal
from catena.bookqa.rule_judge import RuleJudge
from catena.client import Catena
from catena.errors import OptionError
from catena.files.atomic_files import durable_file, write_file
from catena.library.votes import Vote
from catena.llm.budget import Budget
from catena.llm.usage import Meter, total
from catena.llm_factory import LLMFactory
from catena.options import Limits
from catena.portal import run_alone
from catena.types import Usage

SET, ARENA = "set.jsonl", "arena"
"""In a folder of runs: the set that was answered, and what judges said."""
RULES = "rules"
Runs = tuple[list[Item], Responses]


def ignore(key: str, result: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Result of one system: how many items it answered of how many, and what failed."""

    system: str
    path: Path
    num: int
    num_items: int
    failures: tuple[Failure, ...]
    usage: Usage


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """`model` is a LiteLLM name for the systems that need one and name none themselves.

    The cap is over all calls, with what the answers cost that are kept from earlier runs.
    """

    model: str | None = None
    concurrency: int = 8
    max_cost_usd: float | None = None

    def __post_init__(self) -> None:
        if self.model is not None:
            require_text("model", self.model)
        require_whole("concurrency", self.concurrency)
        if self.max_cost_usd is not None:
            require_number("max_cost_usd", self.max_cost_usd)


@dataclass(frozen=True, slots=True)
class ArenaOptions:
    """`budget` is how many games each judge may decide. The cap is over all judges, with what they cost before."""

    budget: int | None = None
    concurrency: int = 8
    max_cost_usd: float | None = None

    def __post_init__(self) -> None:
        if self.budget is not None:
            require_whole("budget", self.budget)
        require_whole("concurrency", self.concurrency)
        if self.max_cost_usd is not None:
            require_number("max_cost_usd", self.max_cost_usd)


def file_name(system: str) -> str:
    """The file of a system or judge: models have slashes in their names."""
    plain = re.sub(r"[^\w.@-]+", "-", system)
    return plain if plain == system else f"{plain}.{hashlib.sha256(system.encode()).hexdigest()[:6]}"


def responses_path(out: Path, system: str) -> Path:
    """Return the path of a system's answers, in a folder of runs."""
    return out / f"{file_name(system)}.jsonl"


def games_path(runs: Path, judge: str) -> Path:
    """Return the path of a judge's games, in a folder of runs."""
    return runs / ARENA / f"{file_name(judge)}.db"


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
    _keep_set(set_path, out / SET)
    cost_cap = CostCap(options.max_cost_usd, options.concurrency, _spent(out))
    readers = [open_reader(catena, name, options.model, cost_cap) for name in dict.fromkeys(systems)]
    return [_answer(items, reader, out, options.concurrency, on_end) for reader in readers]


def _answer(items: Sequence[Item], reader: Reader, out: Path, concurrency: int, on_end: Ended) -> Answered:
    path = responses_path(out, reader.name)
    with Journal(journal_path(path)) as journal, journal.working({"system": reader.name}):
        try:
            run_alone(respond(items, reader, journal, concurrency=concurrency, on_end=on_end))
        finally:
            num = write_responses(path, journal)
        usage = total(response.usage for response in read_responses(path))
        return Answered(reader.name, path, num, len(items), tuple(journal.failures()), usage)


def _spent(out: Path) -> float:
    """USD that the kept responses cost."""
    kept = (response for path in _response_files(out) for response in read_responses(path))
    return sum(response.usage.cost_usd or 0.0 for response in kept)


def _keep_set(given: Path, kept: Path) -> None:
    data = given.read_bytes()
    if kept.exists() and kept.read_bytes() != data:
        raise OptionError(f"{kept.parent} holds answers to another set.", "Give another folder with -o.")
    if not kept.exists():
        write_file(kept, data)


def read_runs(folder: Path) -> Runs:
    """The set and the responses in a folder of runs. Raises OptionError where there are fewer than two systems."""
    items = list(read_items(folder / SET))
    responses: dict[str, dict[str, Response]] = {}
    for path in _response_files(folder):
        for response in read_responses(path):
            responses.setdefault(response.system, {})[response.item] = response
    if len(responses) < 2:
        raise OptionError(
            f"{folder} holds the answers of {len(responses)} systems.",
            "An arena takes two: catena answer … -o …",
        )
    return items, responses


def _response_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.jsonl")) if path.name != SET]


def open_judge(catena: Catena, name: str, budget: Budget | None = None) -> Judge:
    """`rules`, or a model by its LiteLLM name."""
    if name == RULES:
        return RuleJudge()
    factory = LLMFactory(catena.settings, catena.library.history)
    return ModelJudge(factory.open(name, [], Limits(), budget=budget).answering)


def judge_runs(
    catena: Catena,
    folder: Path,
    judges: Sequence[str],
    options: ArenaOptions | None = None,
    on_end: Ended = ignore,
) -> list[Ranking]:
    """Let each judge rank the systems of a folder of runs, and compare judges with each other and with people's votes.

    Killed, the same call goes on where it was; judgements of responses that have not changed are not made again.
    Raises Stopped at the cap, and OptionError where there is nothing to judge.
    """
    options = options or ArenaOptions()
    runs = read_runs(folder)
    meters = {name: _read_meter(games_path(folder, name)) for name in judges}
    judged: dict[str, list[Game]] = {}
    rankings = []
    for name, meter in meters.items():
        spent = sum(other.usage.cost_usd or 0.0 for other in meters.values() if other is not meter)
        limits = Limits(max_cost_usd=options.max_cost_usd and max(0.0, options.max_cost_usd - spent))
        judge = open_judge(catena, name, Budget(limits, meter))
        with Journal(games_path(folder, name)) as journal, journal.working({"judge": name}):
            try:
                judged[name] = _play(runs, judge, meter, journal, options, on_end)
            finally:
                journal.set_note(book_sets.USAGE, meter.to_json())
            rankings.append(_rank(runs, name, judged[name], meter, journal))
    if people := voted_games(runs[0], catena.library.votes.all()):
        judged["people"] = people
    found = tuple(agreements(list(judged.items())))
    return [
        replace(one, agreements=tuple(a for a in found if one.judge in (a.left, a.right))) for one in rankings
    ]


def _play(
    runs: Runs, judge: Judge, meter: Meter, journal: Journal, options: ArenaOptions, on_end: Ended
) -> list[Game]:
    games = run_alone(
        arena.play(
            *runs,
            judge,
            journal,
            budget=options.budget,
            concurrency=options.concurrency,
            notes=lambda: {book_sets.USAGE: meter.to_json()},
            on_end=on_end,
        )
    )
    if not games:
        why = next((failure.message for failure in journal.failures()), "")
        raise OptionError(f"{judge.name} judged no game.", why or "Have two systems answer the same items.")
    return games


def _rank(runs: Runs, judge: str, games: Sequence[Game], meter: Meter, journal: Journal) -> Ranking:
    items, responses = runs
    ranking = arena.rank(games, responses, judge=judge)
    possible = arena.count_games(items, responses)
    return replace(ranking, num_possible=possible, num_failed=len(journal.failures()), usage=meter.usage)


def _read_meter(path: Path) -> Meter:
    """Usage of a judge in earlier runs."""
    meter = Meter()
    if path.exists():
        with Journal(path) as journal:
            meter.restore(journal.note(book_sets.USAGE) or meter.to_json())
    return meter


def voted_games(items: Iterable[Item], votes: Iterable[Vote]) -> list[Game]:
    """Return people's votes on answers to questions of a set, as games; votes about other questions are left out."""
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
    """Outcomes of a judge for the responses as they are now; those for earlier responses are left out."""
    items, responses = read_runs(runs)
    path = games_path(runs, judge)
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
    """Items that the filters threw away, from the work file beside the set."""
    path = journal_path(set_path)
    if not path.exists():
        return None
    counts: Counter[str] = Counter()
    with Journal(path) as journal:
        for _, summary in journal.results(book_sets.BOOKS):
            counts.update(summary["rejected"])
    return dict(counts)
