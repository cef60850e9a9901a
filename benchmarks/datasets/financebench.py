"""FinanceBench (Islam et al., arXiv 2311.11944): questions on 10-K, 10-Q and 8-K filings, with evidence pages."""

from __future__ import annotations

from pathlib import Path

from catena.benchmarks.datasets.benchmark_items import Item, Source
from catena.benchmarks.datasets.records import Record, first_file, has_own, labels, own_records, read_records


def load(data: Path) -> list[Item]:
    """Read `financebench_open_source.jsonl` with `pdfs/` beside or above it, or `questions.jsonl`."""
    if has_own(data):
        return [_own(record, data) for record in own_records(data, "financebench")]
    names = ("financebench_open_source.jsonl", "financebench_merged.jsonl")
    file = first_file(data, *names, *(f"data/{name}" for name in names))
    folder = next((up / "pdfs" for up in file.parents[:2] if (up / "pdfs").is_dir()), file.parent / "pdfs")
    return [_official(record, folder) for record in read_records(file)]


def _own(record: Record, data: Path) -> Item:
    path = data / record["docs"][0]
    pages = frozenset(one["page"] for one in record["evidence"])
    source = Source(path.name, path)
    return Item(
        record["id"],
        record["question"],
        (record["answer"],),
        source,
        pages,
        True,
        labels(record, type="type"),
    )


def _official(record: Record, folder: Path) -> Item:
    path = folder / f"{record['doc_name']}.pdf"
    # Their pages count from 0. Evidence from another filing has no page of this one.
    pages = frozenset(
        one["evidence_page_num"] + 1
        for one in record["evidence"]
        if one.get("doc_name", record["doc_name"]) == record["doc_name"]
    )
    kinds = labels(record, type="question_type", reasoning="question_reasoning")
    answers = (str(record["answer"]),)
    return Item(
        record["financebench_id"], record["question"], answers, Source(path.name, path), pages, True, kinds
    )
