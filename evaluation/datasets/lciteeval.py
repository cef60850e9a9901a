"""L-CiteEval (Tang et al., arXiv 2410.02115): eleven tasks over numbered passages; the answer cites passages."""

from __future__ import annotations

import re
from pathlib import Path

from catena.errors import OptionError
from catena.evaluation.datasets.items import Item, Source
from catena.evaluation.datasets.records import Record, read_records, strings

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


def _task_items(path: Path) -> list[Item]:
    task = _task(path)
    if task is None:
        raise OptionError(f"{path.name} names no task of L-CiteEval.", f"Name it by one: {', '.join(TASKS)}.")
    return [
        _item(record, f"{path.stem}-{record.get('id', number)}", task)
        for number, record in enumerate(read_records(path), 1)
    ]


def _task(path: Path) -> str | None:
    return next((task for task in TASKS if path.stem.lower().endswith(task)), None)


def _item(record: Record, key: str, task: str) -> Item:
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
    return Item(
        key, question, answers, Source(key, units=passages), _gold(task, answers, passages), True, kinds
    )


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
