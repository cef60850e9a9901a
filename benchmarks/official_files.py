"""Predictions of a run in the official form of its set, so that the official scripts can score them too."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from catena.benchmarks.benchmarks import Benchmark
from catena.benchmarks.datasets.benchmark_items import Item, Prediction
from catena.benchmarks.datasets.records import Record
from catena.benchmarks.kept import Kept
from catena.files.atomic_files import write_file
from catena.render.answer_json import from_json


def export(benchmark: Benchmark, items: Iterable[Item], kept: Mapping[str, Kept], folder: Path) -> None:
    """Write `predictions/FILE.json`, one for each file that the set has questions in, those that are kept."""
    if benchmark.export is None:
        return
    found: dict[str, list[Record]] = defaultdict(list)
    for item in items:
        if item.key in kept and item.record:
            found[item.file].append(benchmark.export(item, prediction(kept[item.key])))
    for file, records in found.items():
        data = json.dumps(records, indent=2, ensure_ascii=False).encode()
        write_file(folder / "predictions" / f"{file}.json", data + b"\n")


def prediction(one: Kept) -> Prediction:
    answer = from_json(one.answer)
    statements = [
        (statement.text, [one.cited[number] for number in statement.citations])
        for statement in answer.statements
    ]
    return Prediction(answer.text, statements, one.short, one.scores.get("score", 0.0))
