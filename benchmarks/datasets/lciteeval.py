"""L-CiteEval (Tang et al., arXiv 2410.02115): eleven tasks over numbered passages; the answer cites passages."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from catena.agents.citations.quantities import quantities
from catena.benchmarks.datasets.benchmark_items import Item, Prediction, Source
from catena.benchmarks.datasets.records import Record, read_records, strings
from catena.benchmarks.scoring.alce import MAX_CITED
from catena.errors import OptionError

TASKS = (
    "narrativeqa",
    "natural_questions",
    "hotpotqa",
    "2wikimultihopqa",
    "multi_news",
    "gov_report",
    "qmsum",
    "locomo",
    "dialsim",
    "niah",
    "counting_stars",
)
BIN = 8000
"""Words of a length bin: 0 to 8k, 8k to 16k, to 48k."""
ASKED = {
    # Tasks whose records hold no question: the official prompt is an instruction with a reply in JSON.
    "multi_news": "Summarise the news articles.",
    "gov_report": "Summarise the report.",
    "counting_stars": "How many ★ did the little penguin count each time?",
}
STAR = re.compile(r"The little penguin counted (\d+) ★")


def load(data: Path) -> list[Item]:
    """Read one file `TASK.json` or `TASK.jsonl`, or a folder of them; the name of a file ends with the task's."""
    files = [data] if data.is_file() else sorted(path for path in data.rglob("*.json*") if _task(path))
    if not files:
        raise OptionError(
            f"There is no file of L-CiteEval in {data}.", "Name each by its task, as hotpotqa.json."
        )
    return [item for path in files for item in _task_items(path)]


def export(item: Item, prediction: Prediction) -> Record:
    """The record with `generation`: sentences with their passages in brackets; for stars, their JSON."""
    if item.labels["task"] == ("counting_stars",):
        units = {unit for _, cited in prediction.statements for units in cited for unit in units}
        counts = [round(one.value) for one in quantities(prediction.text)]
        generation = json.dumps({"little_penguin": counts, "passage_id": sorted(units)})
    else:
        generation = " ".join(_bracketed(text, cited) for text, cited in prediction.statements)
    return {**item.record, "generation": [generation or prediction.text]}


def _bracketed(text: str, cited: Sequence[Sequence[int]]) -> str:
    """The passages stand before the full stop, where their script looks for them."""
    numbers = list(dict.fromkeys(unit for units in cited for unit in units))[:MAX_CITED]
    body = text.rstrip(".!? ")
    return f"{body} {''.join(f'[{number}]' for number in numbers)}".rstrip() + (
        text[len(body) :].strip() or "."
    )


def _task_items(path: Path) -> list[Item]:
    task = _task(path)
    if task is None:
        raise OptionError(f"{path.name} names no task of L-CiteEval.", f"Name it by one: {', '.join(TASKS)}.")
    return [_item(record, number, task, path.stem) for number, record in enumerate(read_records(path), 1)]


def _task(path: Path) -> str | None:
    return next((task for task in TASKS if path.stem.lower().endswith(task)), None)


def _item(record: Record, number: int, task: str, file: str) -> Item:
    key = f"{file}-{record.get('id', number)}"
    passages = tuple(f"{passage(one)}\n\n" for one in record["docs"])
    answers = strings(record["answer"])
    kinds = {"task": (task,)}
    if "length" in record:
        kinds["length"] = (_bin(int(record["length"])),)
    if record.get("hardness"):
        kinds["hardness"] = (str(record["hardness"]),)
    question = record.get("question") or ASKED.get(task, "")
    if record.get("role"):
        question = f"[{record['role']}] {question}"
    source = Source(key, units=passages)
    gold = _gold(task, answers, passages)
    return Item(key, question, answers, source, gold, True, kinds, record, file)


def passage(one: str | Record) -> str:
    """The text of a passage, under its title if it has one."""
    if isinstance(one, str):
        return one
    text = str(one["text"]).strip("\n")
    title = str(one.get("title") or "")
    return text if not title or text.startswith(f"{title}\n") else f"{title}\n{text}"


def _gold(task: str, answers: tuple[str, ...], passages: tuple[str, ...]) -> frozenset[int]:
    """The passages that hold what was planted; the other tasks name none."""
    if task == "niah":
        found = [n for n, text in enumerate(passages, 1) if any(answer in text for answer in answers)]
        return frozenset(found[:1])
    if task == "counting_stars":
        return frozenset(n for n, text in enumerate(passages, 1) if STAR.search(text))
    return frozenset()


def _bin(length: int) -> str:
    low = length // BIN * BIN // 1000
    return f"{low}k to {low + BIN // 1000}k"
