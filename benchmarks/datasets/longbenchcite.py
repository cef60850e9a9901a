"""LongBench-Cite (Zhang et al., arXiv 2409.02897): five sets in English and Chinese; citations are sentence spans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from catena.benchmarks.datasets.benchmark_items import Item, Prediction, Source
from catena.benchmarks.datasets.records import Record, first_file, read_records, strings
from catena.retrieval.sentences import sentence_spans

FILE = "LongBench-Cite"
MAX_SPANS = 3
"""Citations of a statement that count."""
_SEMICOLON = re.compile(r"(?<=；)")


def load(data: Path) -> list[Item]:
    """Read `LongBench-Cite.json`: records with idx, dataset, query, answer, context."""
    file = first_file(data, f"{FILE}.json", f"{FILE}/{FILE}.json")
    return [_item(record) for record in read_records(file)]


def _item(record: Record) -> Item:
    key = f"{record['dataset']}-{record['idx']}"
    source = Source(key, units=sentences(record["context"]))
    kinds = {"dataset": (record["dataset"],)}
    return Item(
        key, record["query"], strings(record["answer"]), source, labels=kinds, record=record, file=FILE
    )


def export(item: Item, prediction: Prediction) -> Record:
    """A record as their prediction scripts write it: sentences count from 0, by their numbers in our cut."""
    statements: list[Record] = [
        {
            "statement": text,
            "citation": [_span(item.source.units, units) for units in cited[:MAX_SPANS] if units],
        }
        for text, cited in prediction.statements
    ]
    marked = "".join(_marked(one["statement"], one["citation"]) for one in statements)
    kept = {name: item.record[name] for name in ("idx", "dataset", "query", "answer", "few_shot_scores")}
    return {**kept, "prediction": marked or prediction.text, "statements": statements}


def _marked(statement: str, spans: Sequence[Record]) -> str:
    cite = "".join(f"[{span['st_sent']}-{span['ed_sent']}]" for span in spans)
    return f"<statement>{statement}<cite>{cite}</cite></statement>"


def _span(sentences: Sequence[str], units: Sequence[int]) -> Record:
    first, last = min(units) - 1, max(units) - 1
    start, cite = sum(map(len, sentences[:first])), "".join(sentences[first : last + 1])
    return {
        "st_sent": first,
        "ed_sent": last,
        "start_char": start,
        "end_char": start + len(cite),
        "cite": cite,
    }


def sentences(text: str) -> tuple[str, ...]:
    """Cut a text into its sentences, each with the space behind it, so that together they are the text.

    The official cut is NLTK's Punkt with Chinese marks; ours is the one that Catena cites by, and cuts at the
    Chinese semicolon as theirs does.
    """
    starts = [start for start, _ in sentence_spans(text)]
    starts = sorted({0, len(text), *starts[1:], *(match.start() for match in _SEMICOLON.finditer(text))})
    return tuple(text[start:end] for start, end in pairwise(starts))
