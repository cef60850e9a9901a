"""LongBench-Cite (Zhang et al., arXiv 2409.02897): five sets in English and Chinese; citations are sentence spans."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from catena.evaluation.datasets.items import Item, Source
from catena.evaluation.datasets.records import Record, first_file, read_records, strings
from catena.retrieval.sentences import sentence_spans

_SEMICOLON = re.compile(r"(?<=；)")


def load(data: Path) -> list[Item]:
    """Read `LongBench-Cite.json`: records with idx, dataset, query, answer, context."""
    file = first_file(data, "LongBench-Cite.json", "LongBench-Cite/LongBench-Cite.json")
    return [_item(record) for record in read_records(file)]


def _item(record: Record) -> Item:
    key = f"{record['dataset']}-{record['idx']}"
    source = Source(key, units=sentences(record["context"]))
    return Item(
        key, record["query"], strings(record["answer"]), source, labels={"dataset": (record["dataset"],)}
    )


def sentences(text: str) -> tuple[str, ...]:
    """Cut a text into its sentences, each with the space behind it, so that together they are the text.

    The official cut is NLTK's Punkt with Chinese marks; ours is the one that Catena cites by, and cuts at the
    Chinese semicolon as theirs does.
    """
    starts = [start for start, _ in sentence_spans(text)]
    starts = sorted({0, len(text), *starts[1:], *(match.start() for match in _SEMICOLON.finditer(text))})
    return tuple(text[start:end] for start, end in pairwise(starts))
