"""The public benchmarks by name: how each is read, how a reply is scored, and which figures count."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from catena.agents.citations.quantities import quantities
from catena.benchmarks.datasets import fairytaleqa, financebench, lciteeval, longbenchcite, mmlongbench
from catena.benchmarks.datasets.benchmark_items import Item, Prediction
from catena.benchmarks.datasets.records import Record
from catena.benchmarks.measures import Measure, mean, official_f1, share
from catena.benchmarks.reply_scores import Reply, Scores, shares
from catena.benchmarks.scoring import alce, longcite
from catena.benchmarks.scoring import mmlongbench_rules as rules
from catena.benchmarks.scoring.number_score import names_number
from catena.benchmarks.scoring.place_score import place_overlap
from catena.benchmarks.scoring.rouge import distinct_rouge_1, distinct_rouge_l, rouge_l, words
from catena.benchmarks.scoring.word_score import holds, token_overlap

SUMMARIES = ("multi_news", "gov_report", "qmsum")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """`unit` is what evidence is named by; `score` adds the set's own scores; `measures` are its own figures.

    The first two measures head the breakdown by type. `is_short`: a short answer is extracted and scored.
    `export` writes a prediction in the set's official form, for its own scripts.
    """

    unit: str
    load: Callable[[Path], list[Item]]
    score: Callable[[Reply], Awaitable[Scores]]
    measures: tuple[Measure, ...]
    export: Callable[[Item, Prediction], Record] | None = None
    is_short: bool = False


async def score_mmlongbench(reply: Reply) -> Scores:
    answer_format = reply.item.labels["format"][0]
    in_text = {"in_text": float(holds(reply.text, reply.item.answers))} if reply.item.is_answerable else {}
    return in_text | {
        "score": rules.score(reply.item.answers[0], reply.short, answer_format),
        "answered": float(reply.short != rules.NOT_ANSWERABLE),
    }


async def score_financebench(reply: Reply) -> Scores:
    scores = _wording(reply)
    named = names_number(reply.item.question, reply.item.answers[0], reply.text)
    if named is not None:
        scores["number"] = float(named)
    return scores | await _rating(reply, best=3)


async def score_fairytaleqa(reply: Reply) -> Scores:
    return _wording(reply) | await _rating(reply, best=3)


async def score_lciteeval(reply: Reply) -> Scores:
    """The task decides: planted facts by place, all else by entailment of whole passages."""
    task = reply.item.labels["task"][0]
    statements = reply.answer.statements
    num_cited = sum(len(reply.units(statement)[: alce.MAX_CITED]) for statement in statements)
    scores = {"num_cited": float(num_cited)} | _planted(reply, task) | _written(reply, task)
    if not reply.item.gold:
        claims = [alce.Claim(one.text, tuple(reply.units(one))) for one in statements]
        scores |= shares("cites", await alce.citation_overlap(claims, reply.item.source.units, reply.entails))
    return scores


async def score_longbenchcite(reply: Reply) -> Scores:
    source = reply.item.source.units
    statements = []
    for statement in reply.answer.statements:
        spans = [
            reply.cited[number]
            for number in statement.citations[: longbenchcite.MAX_SPANS]
            if reply.cited[number]
        ]
        snippets = tuple("".join(source[min(span) - 1 : max(span)]) for span in spans)
        statements.append(longcite.CitedStatement(statement.text, snippets))
    question = reply.item.question
    found = await longcite.citation_overlap(question, reply.text, statements, reply.entailment)
    snippets = tuple(snippet for statement in statements for snippet in statement.snippets)
    scores = {
        "snippets": float(len(snippets)),
        "snippet_words": float(sum(len(words(one)) for one in snippets)),
    }
    best = 5 if reply.item.labels["dataset"] == ("gov_report",) else 3
    return scores | shares("cites", found) | _wording(reply) | await _rating(reply, best=best)


def _wording(reply: Reply) -> Scores:
    accepted = reply.item.answers
    return {
        "in_text": float(holds(reply.text, accepted)),
        "token_f1": token_overlap(reply.text, accepted).f1,
        "rouge_l": rouge_l(reply.text, accepted).f1,
    }


async def _rating(reply: Reply, *, best: int) -> Scores:
    """A judge's grade, where there is one; a refusal says nothing that is right."""
    if reply.judge is None:
        return {}
    if reply.is_refusal:
        return {"rating": 0.0}
    reference = "\n".join(reply.item.answers)
    return {"rating": await reply.judge.rate(reply.item.question, reference, reply.text, best=best)}


def _planted(reply: Reply, task: str) -> Scores:
    """L-CiteEval's citation scores where the passages that count are known: any for a needle, a set for stars."""
    if not reply.item.gold:
        return {}
    cited = list(dict.fromkeys(unit for one in reply.answer.statements for unit in reply.units(one)))
    kept = set(cited[: alce.MAX_CITED] if task == "niah" else cited)
    return shares("cites", place_overlap(kept, reply.item.gold))


def _written(reply: Reply, task: str) -> Scores:
    """L-CiteEval's scores of what is said: words for answers, ROUGE-L for summaries, found for what is planted."""
    accepted = reply.item.answers
    if task in SUMMARIES:
        return {"rouge_l": distinct_rouge_l(reply.text, accepted).f1}
    if task == "niah":
        return {"needle": distinct_rouge_1(reply.text, accepted).recall}
    if task == "counting_stars":
        said = [f"{one.value:g}" for one in quantities(reply.text)][: len(accepted)]
        return {"stars": len(set(said) & set(accepted)) / len(accepted)}
    return shares("tokens", token_overlap(reply.text, accepted))


WORDING = (
    mean("answer in text", "in_text"),
    mean("token F1", "token_f1"),
    mean("ROUGE-L", "rouge_l"),
    mean("judge's rating", "rating"),
)
CITES = tuple(mean(f"citation {name}", f"cites_{name.lower()}") for name in ("F1", "precision", "recall"))

BENCHMARKS = {
    "mmlongbench": Benchmark(
        "page",
        mmlongbench.load,
        score_mmlongbench,
        (mean("accuracy", "score"), official_f1(), mean("answer in text", "in_text")),
        export=mmlongbench.export,
        is_short=True,
    ),
    "financebench": Benchmark(
        "page",
        financebench.load,
        score_financebench,
        (mean("number named", "number"), *WORDING),
    ),
    "fairytaleqa": Benchmark(
        "section",
        fairytaleqa.load,
        score_fairytaleqa,
        (mean("answer in quotes", "quoted"), *WORDING),
    ),
    "lciteeval": Benchmark(
        "passage",
        lciteeval.load,
        score_lciteeval,
        (
            *CITES,
            mean("citations", "num_cited"),
            *(mean(f"token {name}", f"tokens_{name.lower()}") for name in ("F1", "precision", "recall")),
            mean("ROUGE-L", "rouge_l"),
            mean("needle, ROUGE-1 recall", "needle"),
            mean("stars found", "stars"),
        ),
        export=lciteeval.export,
    ),
    "longbenchcite": Benchmark(
        "sentence",
        longbenchcite.load,
        score_longbenchcite,
        (*CITES, share("words a citation", "snippet_words", "snippets"), *WORDING),
        export=longbenchcite.export,
    ),
}
