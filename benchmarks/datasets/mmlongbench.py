"""MMLongBench-Doc (Ma et al., arXiv 2407.01523): long PDFs with tables, charts and figures; a fifth unanswerable."""

from __future__ import annotations

import ast
from pathlib import Path

from catena.benchmarks.datasets.benchmark_items import Item, Prediction, Source
from catena.benchmarks.datasets.records import Record, first_file, has_own, labels, own_records, read_records

NOT_ANSWERABLE = "Not answerable"
FIELDS = ("doc_id", "doc_type", "question", "answer", "evidence_pages", "evidence_sources", "answer_format")


def load(data: Path) -> list[Item]:
    """Read `samples.json` with `documents/` beside it, or `questions.jsonl`."""
    if has_own(data):
        return [_own(record, data) for record in own_records(data, "mmlongbench-doc")]
    file = first_file(data, "samples.json", "data/samples.json")
    return [_official(record, number, file.parent) for number, record in enumerate(read_records(file))]


def export(item: Item, prediction: Prediction) -> Record:
    """The record with response, short answer and score, as their script leaves it."""
    said = {"response": prediction.text, "pred": prediction.short, "score": prediction.score}
    return {name: item.record[name] for name in FIELDS} | said


def _own(record: Record, data: Path) -> Item:
    pages = frozenset(one["page"] for one in record.get("evidence", ()))
    kinds = labels(record, format="format", evidence="modality", document="type")
    return _item(str(record["id"]), record, data / record["docs"][0], pages, kinds)


def _official(record: Record, number: int, folder: Path) -> Item:
    # Lists come as strings, and are read as literals: nothing in a file is executed.
    pages, sources = (ast.literal_eval(record[key]) for key in ("evidence_pages", "evidence_sources"))
    kinds = labels(
        {**record, "sources": sources}, format="answer_format", evidence="sources", document="doc_type"
    )
    path = folder / "documents" / record["doc_id"]
    return _item(f"mmlb-{number}", record, path, frozenset(pages), kinds)


def _item(
    key: str, record: Record, path: Path, pages: frozenset[int], kinds: dict[str, tuple[str, ...]]
) -> Item:
    answer = str(record["answer"])
    is_answerable = answer != NOT_ANSWERABLE
    # As the official script counts: unanswerable questions with one page are among the single-page ones.
    spread = "one page" if len(pages) == 1 else "several pages or none" if is_answerable else "unanswerable"
    kinds = {**kinds, "pages": (spread,)}
    official = record if "doc_id" in record else {}
    source = Source(path.name, path)
    return Item(key, record["question"], (answer,), source, pages, is_answerable, kinds, official, "samples")
