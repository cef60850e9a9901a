"""Does retrieval find the page? Gold page in the top 5 and 10 inside the right document, beside simple peers.

catena eval retrieval --data ../shared/data --home /tmp/eval-home [--set financebench] [--no-fill]

Each retriever is asked twice: with no vector at all before each question (0%), and with all passages embedded (100%),
which takes half a minute for a 300-page document on two free cores. Documents and vectors stay in --home for the
next run.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from catena import Catena, DocumentError
from catena.benchmarks.ablated_retrievers import DenseRetriever, LexicalRetriever
from catena.benchmarks.intervals import interval
from catena.benchmarks.pages import SETS, Asked, Outcome, Search, measure, questions, with_text
from catena.benchmarks.peers import K, KeptVectors, LlamaIndexDefaults, PageBM25, SimplestGoodThing
from catena.library.library import Library
from catena.retrieval.embedder import Vectors
from catena.retrieval.hybrid import HybridRetriever
from catena.retrieval.vector_jobs import fill
from catena.settings import load_settings

OURS = ("hybrid, 0%", "hybrid, 100%")
HEAD = (
    "| retriever | any gold @5 | any gold @10 | all gold @5 | all gold @10 "
    "| ±1 page: any @5 | any @10 | all @10 |"
)


class ColdShelf:
    """A library without vectors: those of one question are forgotten before the next."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.vectors = ForgottenVectors()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)


class ForgottenVectors:
    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], Vectors] = {}

    def forget(self) -> None:
        self._kept.clear()

    def of(self, document_id: str) -> tuple[np.ndarray, Vectors]:
        own = sorted((ordinal, v) for (one, ordinal), v in self._kept.items() if one == document_id)
        found = np.array([vector for _, vector in own], np.float32)
        return np.array([ordinal for ordinal, _ in own], np.int64), found

    def missing(self, document_id: str) -> list[int]:
        raise NotImplementedError("a cold library is never filled")

    def put(self, document_id: str, ordinals: Sequence[int], new: Vectors, **_: object) -> None:
        for ordinal, vector in zip(ordinals, new, strict=True):
            self._kept[document_id, ordinal] = vector


def searches(catena: Catena, kept: KeptVectors, *, filled: bool) -> Iterator[tuple[str, Search]]:
    """Our retrievers and the peers, by the name of their row."""
    library, embedder = catena.library, catena.embedder
    cold = ColdShelf(library)
    hybrid = _pages(HybridRetriever(cold, kept))

    def from_nothing(question: str, document_id: str) -> list[int]:
        cold.vectors.forget()
        return hybrid(question, document_id)

    yield "lexical", _pages(LexicalRetriever(library))
    yield "hybrid, 0%", from_nothing
    if filled:
        yield "dense, 100%", _pages(DenseRetriever(library, embedder))
        yield "hybrid, 100%", _pages(HybridRetriever(library, embedder))
    yield "peer: BM25 over pages", PageBM25(library)
    yield "peer: BM25 + MiniLM", SimplestGoodThing(library, kept)
    yield "peer: LlamaIndex", LlamaIndexDefaults(library, kept)


def _pages(retriever: Any) -> Search:
    return lambda question, document_id: [
        hit.ref.number for hit in retriever.retrieve(question, [document_id], K)
    ]


def row(name: str, outcomes: Sequence[Outcome]) -> str:
    """One line of the table."""

    def share(values: Sequence[bool]) -> str:
        return f"{np.mean(values):.3f}"

    files = [one.asked.file for one in outcomes]
    cells = [name]
    for k in (5, 10):
        values = [float(one.any_at(k)) for one in outcomes]
        low, high = interval(values, files)
        cells.append(f"{np.mean(values):.3f} ({low:.2f} to {high:.2f})")
    cells += [share([one.all_at(k) for one in outcomes]) for k in (5, 10)]
    cells += [share([one.any_at(k, slack=1) for one in outcomes]) for k in (5, 10)]
    cells += [share([one.all_at(10, slack=1) for one in outcomes])]
    return "| " + " | ".join(cells) + " |"


def difference(ours: Sequence[Outcome], theirs: Sequence[Outcome]) -> str:
    """Return the gain over a peer in gold pages found, on the same questions."""
    files = [one.asked.file for one in ours]
    cells = []
    for k in (5, 10):
        values = [float(a.any_at(k)) - float(b.any_at(k)) for a, b in zip(ours, theirs, strict=True)]
        low, high = interval(values, files)
        cells.append(f"{np.mean(values):+.3f} ({low:+.2f} to {high:+.2f})")
    return " | ".join(cells)


def report(
    asked: Sequence[Asked], ids: Mapping[str, str], rows: Iterator[tuple[str, Search]]
) -> Iterator[str]:
    """The table of a set, then our hybrid's paired differences to each peer; line by line as they are measured."""
    yield f"{HEAD}\n{'| --- ' * HEAD.count(' | ')}| --- |"
    outcomes = {}
    for label, search in rows:
        outcomes[label] = measure(asked, ids, search)
        yield row(label, outcomes[label])
    yield "\n| difference to | of | any gold @5 | any gold @10 |\n| --- | --- | --- | --- |"
    for ours in (label for label in OURS if label in outcomes):
        for peer in (label for label in outcomes if label.startswith("peer: ")):
            yield f"| {peer.removeprefix('peer: ')} | {ours} | {difference(outcomes[ours], outcomes[peer])} |"


def add_all(catena: Catena, data: Path, asked: Sequence[Asked]) -> dict[str, str]:
    """Document ids by file; a file without any text is left out."""
    ids = {}
    for file in dict.fromkeys(one.file for one in asked):
        try:
            ids[file] = catena.add(data / file).id
        except DocumentError as error:
            print(f"{file}: {error}", flush=True)
    return ids


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--set", choices=SETS, action="append")
    parser.add_argument("--no-fill", action="store_true", help="leave out the rows at 100%%")
    options = parser.parse_args()
    settings = load_settings(home=options.home, background=False)
    with Catena(settings=settings) as catena:
        kept = KeptVectors(catena.embedder, options.home / "peers.npz")
        for name in options.set or SETS:
            chosen = questions(options.data, name)
            ids = add_all(catena, options.data, chosen)
            asked = with_text(chosen, ids, catena.library)
            if not options.no_fill:
                for document_id in ids.values():
                    fill(catena.library, catena.embedder, document_id)
            documents = len({one.file for one in asked})
            print(f"\n## {name}: {len(asked)} questions on {documents} documents\n")
            for line in report(asked, ids, searches(catena, kept, filled=not options.no_fill)):
                print(line, flush=True)
            kept.save()
            print(
                f"\n{len(chosen) - len(asked)} more have their evidence on pages without text: found by none."
            )


if __name__ == "__main__":
    main()
