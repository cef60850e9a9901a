"""Does retrieval find the page? Gold page in the top 5 and 10 inside the right document, beside simple peers.

python -m catena.evaluation.retrieval --data ../shared/data --home /tmp/eval-home [--set financebench] [--fill]

Without --fill every question starts with no vectors at all (0%); with it all passages are embedded first (100%),
which takes half a minute for a 300-page document on two free cores. Documents stay in --home for the next run.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from catena import Catena
from catena.library import Library
from catena.retrieval.analysis import query_terms, terms
from catena.retrieval.dense import DenseRetriever
from catena.retrieval.embedder import Embedder, Vectors
from catena.retrieval.filling import fill
from catena.retrieval.hybrid import HybridRetriever
from catena.retrieval.index import DocumentIndex
from catena.retrieval.lexical import LexicalRetriever
from catena.settings import load_settings

SETS = ("financebench", "mmlongbench-doc")
READABLE = {"Pure-text (Plain-text)", "Table"}
K = 10
RESAMPLES = 2000

Search = Callable[[str, str], list[int]]
"""Question and document id to page numbers, best first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a data set; `gold` are its evidence pages."""

    question: str
    file: str
    gold: frozenset[int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one question went: the pages found, the pages that count, and whether these have any text."""

    file: str
    found: tuple[int, ...]
    gold: frozenset[int]
    has_text: bool
    seconds: float

    def any_at(self, k: int, slack: int = 0) -> bool:
        return any(abs(page - gold) <= slack for page in self.found[:k] for gold in self.gold)

    def all_at(self, k: int) -> bool:
        return self.gold <= set(self.found[:k])


class ColdShelf:
    """A library without vectors: those of one question are forgotten before the next."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._kept: dict[tuple[str, int], Vectors] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)

    def forget(self) -> None:
        self._kept.clear()

    def vectors(self, document_id: str) -> tuple[np.ndarray, Vectors]:
        own = sorted((ordinal, v) for (one, ordinal), v in self._kept.items() if one == document_id)
        found = np.array([vector for _, vector in own], np.float32)
        return np.array([ordinal for ordinal, _ in own], np.int64), found

    def put_vectors(self, document_id: str, ordinals: Sequence[int], new: Vectors, **_: object) -> None:
        for ordinal, vector in zip(ordinals, new, strict=True):
            self._kept[document_id, ordinal] = vector


class PageBM25:
    """The first peer: BM25 over whole pages."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._indexes: dict[str, tuple[list[int], DocumentIndex]] = {}

    def __call__(self, question: str, document_id: str) -> list[int]:
        if document_id not in self._indexes:
            builder, numbers = DocumentIndex.builder(), []
            for page in self._library.pages(document_id):
                builder.add(terms(page.text))
                numbers.append(page.ref.number)
            self._indexes[document_id] = numbers, builder.build()
        numbers, index = self._indexes[document_id]
        scores = index.score(query_terms(question))
        return [numbers[row] for row in np.argsort(-scores, kind="stable")[:K] if scores[row] > 0]


class SimplestGoodThing:
    """The second peer: BM25's top 150 windows of 120 words with the page's first 25, in the embedder's order."""

    def __init__(self, library: Library, embedder: Embedder) -> None:
        self._library, self._embedder = library, embedder
        self._windows: dict[str, tuple[list[tuple[int, str]], DocumentIndex]] = {}

    def __call__(self, question: str, document_id: str) -> list[int]:
        if document_id not in self._windows:
            builder, windows = DocumentIndex.builder(), list(self._cut(document_id))
            for _, text in windows:
                builder.add(terms(text))
            self._windows[document_id] = windows, builder.build()
        windows, index = self._windows[document_id]
        rows = np.argsort(-index.score(query_terms(question)), kind="stable")[:150]
        vectors = self._embedder.embed([question, *(windows[row][1] for row in rows)])
        ranked = sorted(zip(vectors[1:] @ vectors[0], rows, strict=True), key=lambda pair: -pair[0])
        return list(dict.fromkeys(windows[row][0] for _, row in ranked))[:K]

    def _cut(self, document_id: str) -> Iterator[tuple[int, str]]:
        for page in self._library.pages(document_id):
            words = page.text.split()
            for at in range(0, len(words), 120):
                opening = words[:25] if at else []
                yield page.ref.number, " ".join([*opening, *words[at : at + 120]])


class KeptVectors:
    """Remembers vectors by text for the length of a run, so that the same page is not embedded for every row."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._kept: dict[str, Vectors] = {}
        self.name, self.dimensions = embedder.name, embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._kept]
        self._kept.update(zip(new, self._embedder.embed(new), strict=True))
        return np.array([self._kept[text] for text in texts], np.float32).reshape(len(texts), self.dimensions)


def questions(data: Path, name: str) -> list[Asked]:
    """The answerable questions of a set whose evidence is text or a table on known pages."""
    found = []
    for line in (data / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        gold = frozenset(one["page"] for one in row.get("evidence", ()) if "page" in one)
        is_readable = name != "mmlongbench-doc" or READABLE & set(row["modality"] or ())
        if row["set"] == name and row["answerable"] and gold and is_readable:
            found.append(Asked(row["question"], row["docs"][0], gold))
    return found


def measure(asked: Sequence[Asked], ids: dict[str, str], library: Library, search: Search) -> list[Outcome]:
    """Ask every question of its own document."""
    outcomes, with_text = [], {}
    for one in asked:
        document_id = ids[one.file]
        if document_id not in with_text:
            with_text[document_id] = {passage.ref.number for passage in library.passages(document_id)}
        begin = time.perf_counter()
        found = tuple(search(one.question, document_id))
        seconds = time.perf_counter() - begin
        has_text = bool(one.gold & with_text[document_id])
        outcomes.append(Outcome(one.file, found, one.gold, has_text, seconds))
    return outcomes


def interval(outcomes: Sequence[Outcome], k: int) -> tuple[float, float]:
    """95% bootstrap interval of any@k; whole documents are drawn, for their questions are alike."""
    by_file: dict[str, list[bool]] = {}
    for one in outcomes:
        by_file.setdefault(one.file, []).append(one.any_at(k))
    hits = np.array([sum(own) for own in by_file.values()])
    sizes = np.array([len(own) for own in by_file.values()])
    draws = np.random.default_rng(0).integers(0, len(hits), (RESAMPLES, len(hits)))
    low, high = np.percentile(hits[draws].sum(1) / sizes[draws].sum(1), [2.5, 97.5])
    return float(low), float(high)


def row(name: str, outcomes: Sequence[Outcome]) -> str:
    """One line of the table."""

    def share(values: Sequence[bool]) -> str:
        return f"{np.mean(values):.3f}"

    cells = [name, str(len(outcomes))]
    for k in (5, 10):
        low, high = interval(outcomes, k)
        cells.append(f"{share([one.any_at(k) for one in outcomes])} ({low:.2f} to {high:.2f})")
    cells += [share([one.all_at(10) for one in outcomes])]
    cells += [share([one.any_at(k, slack=1) for one in outcomes]) for k in (5, 10)]
    cells.append(f"{np.median([one.seconds for one in outcomes]):.2f}")
    return "| " + " | ".join(cells) + " |"


HEAD = (
    "| retriever | questions | any gold @5 | any gold @10 | all gold @10 | ±1 page @5 | ±1 page @10 | s, median |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |"
)


def searches(catena: Catena, *, filled: bool) -> Iterator[tuple[str, Search]]:
    library, embedder = catena.library, KeptVectors(catena.embedder)

    def pages(retriever: Any) -> Search:
        return lambda question, document_id: [
            hit.ref.number for hit in retriever.retrieve(question, [document_id], K)
        ]

    cold = ColdShelf(library)
    hybrid = pages(HybridRetriever(cold, catena.embedder))

    def from_nothing(question: str, document_id: str) -> list[int]:
        cold.forget()
        return hybrid(question, document_id)

    yield "BM25 over pages", PageBM25(library)
    yield "lexical", pages(LexicalRetriever(library))
    if filled:
        yield "dense, 100%", pages(DenseRetriever(library, catena.embedder))
        yield "hybrid, 100%", pages(HybridRetriever(library, catena.embedder))
    else:
        yield "hybrid, 0%", from_nothing
        yield "BM25 + MiniLM", SimplestGoodThing(library, embedder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--set", choices=SETS, action="append")
    parser.add_argument("--fill", action="store_true")
    options = parser.parse_args()
    settings = load_settings(home=options.home, background=False)
    with Catena(settings=settings) as catena:
        for name in options.set or SETS:
            asked = questions(options.data, name)
            ids = {one.file: catena.add(options.data / one.file).id for one in asked}
            if options.fill:
                for document_id in ids.values():
                    fill(catena.library, catena.embedder, document_id)
            print(f"\n{name}\n\n{HEAD}")
            for label, search in searches(catena, filled=options.fill):
                outcomes = measure(asked, ids, catena.library, search)
                print(row(label, [one for one in outcomes if one.has_text]), flush=True)
            print(
                f"\n{sum(not one.has_text for one in outcomes)} more have their evidence on pages without text."
            )


if __name__ == "__main__":
    main()
