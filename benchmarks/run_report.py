"""The report of a run, as Markdown to read and as JSON to compare: figures, breakdown by type, what it took."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean, median
from typing import Any

import numpy as np

from catena.benchmarks.benchmarks import Benchmark
from catena.benchmarks.kept import Kept, RunFolder
from catena.benchmarks.measures import Figure, Measure, figure, mean, share
from catena.benchmarks.reply_scores import MARKS
from catena.files.atomic_files import write_file
from catena.llm.usage import total
from catena.types import Usage

Json = dict[str, Any]


def general_measures(unit: str) -> tuple[Measure, ...]:
    """The figures that every set has."""
    return (
        mean("refused, of the unanswerable", "refused", lambda one: not one.is_answerable),
        mean("refused, of the answerable", "refused", lambda one: one.is_answerable),
        mean("answer in quotes", "quoted"),
        mean(f"an evidence {unit} cited", "places_hit"),
        *(mean(f"cited {unit}s, {part}", f"places_{part.lower()}") for part in ("F1", "precision", "recall")),
        *(mean(f"quotes entail, {part}", f"quotes_{part.lower()}") for part in ("F1", "precision", "recall")),
        share("statements with a verified citation", "verified", "statements"),
        *(share(f"statements {mark}", mark, "statements") for mark in MARKS),
    )


def report(benchmark: Benchmark, kept: Sequence[Kept], num_chosen: int, config: Mapping[str, object]) -> Json:
    """All figures of a run; `num_chosen` is how many questions it has when it is done."""
    measures = {one.name: one for one in (*benchmark.measures, *general_measures(benchmark.unit))}
    found = {name: figure(measure, kept) for name, measure in measures.items()}
    return {
        "config": dict(config),
        "questions": len(kept),
        "chosen": num_chosen,
        "documents": len({one.document for one in kept}),
        "figures": {name: asdict(value) for name, value in found.items() if value},
        "by": {
            kind: {name: _row(group, _columns(benchmark)) for name, group in groups.items()}
            for kind, groups in _groups(kept).items()
        },
        "cost": _cost(kept),
    }


def write_report(folder: RunFolder, found: Json) -> str:
    """Write `report.json` and `report.md`; return the latter."""
    text = to_markdown(found)
    write_file(folder.path / "report.json", json.dumps(found, indent=2, ensure_ascii=False).encode() + b"\n")
    write_file(folder.path / "report.md", text.encode())
    return text


def to_markdown(found: Json) -> str:
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Json) -> Iterator[str]:
    config, cost = found["config"], found["cost"]
    yield f"# {config['benchmark']}: {config['model'] or 'embedded reader'}, {config['strategy']}\n"
    unfinished = "" if found["questions"] == found["chosen"] else f" of {found['chosen']}"
    yield f"{found['questions']}{unfinished} questions, {found['documents']} documents. {_settings(config)}\n"
    yield "| figure | value | 95% by document | questions |\n| --- | --- | --- | --- |"
    for name, value in found["figures"].items():
        shown = Figure(**value)
        yield f"| {name} | {shown.value:.3f} | {shown.low:.2f} to {shown.high:.2f} | {shown.num} |"
    for kind, rows in found["by"].items():
        columns = list(next(iter(rows.values())))
        yield f"\n| {kind} | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 1)}"
        for name, row in rows.items():
            yield f"| {name} | {' | '.join(_cell(row[column]) for column in columns)} |"
    yield (
        f"\nA question took {cost['seconds_median']:.2f} s in the median, {cost['seconds_p95']:.2f} s at the 95th "
        f"percentile; {cost['vectors_filled']:.0%} of the vectors were there on average."
    )
    if cost["unread"]:
        yield f"\n{cost['unread']} questions are about documents without text that can be read; they count as refused."
    for who in ("answers", "judging"):
        spent = Usage(**cost[who])
        if spent.calls or spent.cached:
            price = "at a price that is not known" if spent.cost_usd is None else f"{spent.cost_usd:.4f} USD"
            yield (
                f"\nModel calls for {who}: {spent.calls}, and {spent.cached} from the cache; "
                f"{spent.prompt_tokens:,} tokens read, {spent.completion_tokens:,} written, {price}."
            )


def _settings(config: Mapping[str, object]) -> str:
    shown = {
        name: value
        for name, value in config.items()
        if name not in ("benchmark", "model", "strategy", "questions")
    }
    return "; ".join(f"{name}: {value}" for name, value in shown.items() if value is not None) + "."


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def _columns(benchmark: Benchmark) -> tuple[Measure, ...]:
    """Return the breakdown: the set's first two figures, its evidence, its refusals."""
    return (
        *benchmark.measures[:2],
        mean(f"an evidence {benchmark.unit} cited", "places_hit"),
        mean("refused", "refused"),
    )


def _groups(kept: Sequence[Kept]) -> dict[str, dict[str, list[Kept]]]:
    """Questions by kind of label and label; a question with several labels of a kind is in several groups."""
    found: dict[str, dict[str, list[Kept]]] = {}
    for one in kept:
        for kind, names in one.labels.items():
            for name in names:
                found.setdefault(kind, {}).setdefault(name, []).append(one)
    return {kind: dict(sorted(groups.items())) for kind, groups in sorted(found.items())}


def _row(group: Sequence[Kept], columns: Sequence[Measure]) -> Json:
    figures = {measure.name: figure(measure, group) for measure in columns}
    return {"questions": len(group)} | {name: found and found.value for name, found in figures.items()}


def _cost(kept: Sequence[Kept]) -> Json:
    answers = [one.answer for one in kept if one.answer["run_id"]]
    seconds = [answer["seconds"] for answer in answers] or [0.0]
    filled = [answer["coverage"]["vectors_filled"] for answer in answers] or [0.0]
    return {
        "answers": asdict(total(Usage(**answer["usage"]) for answer in answers)),
        "judging": asdict(total(Usage(**one.judging) for one in kept if one.judging)),
        "seconds_median": median(seconds),
        "seconds_p95": float(np.percentile(seconds, 95)),
        "vectors_filled": fmean(filled),
        "unread": len(kept) - len(answers),
    }
