"""Certainty of retrieval's weights: each document is measured with weights chosen on all the others.

python -m catena.benchmarks.tuning --data ../shared/data --home FOLDER

FOLDER is one that `catena.benchmarks.retrieval` has filled with vectors. A set of weights is as good as the mean of
any gold page in the top 5 and in the top 10, over both sets of questions and over 0% and 100% of vectors.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catena import Catena
from catena.benchmarks.pages import SETS, Asked, questions, with_text
from catena.benchmarks.retrieval import add_all
from catena.retrieval.document_cache import OpenedDocument, OpenedDocuments
from catena.retrieval.embedder import Vectors
from catena.retrieval.hybrid import MAX_NEW_VECTORS, WEIGHTS, Weights, fuse, lexical_scores
from catena.settings import load_settings

HEADERS, ECHOES = (0.0, 0.25, 0.5, 1.0), (0.0, 0.25, 0.5, 1.0, 2.0)
WORDS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.08)
GRID = [Weights(*values) for values in product(HEADERS, ECHOES, WORDS)]
KS = (5, 10)

Hits = NDArray[np.float64]
"""1 where a gold page is among the first k: (weights, questions, 0% and 100%, k)."""


def hits(asked: Sequence[Asked], ids: dict[str, str], catena: Catena) -> Hits:
    """Ask every question with every weight of the grid."""
    opened = OpenedDocuments(catena.library)
    vectors = {file: catena.library.vectors.of(document_id)[1] for file, document_id in ids.items()}
    questions_asked = catena.embedder.embed([one.question for one in asked])
    found = np.zeros((len(GRID), len(asked), 2, len(KS)))
    for column, one in enumerate(asked):
        document = opened.get(ids[one.file])
        ranks = _ranks(one, document, vectors[one.file] @ questions_asked[column])
        found[:, column] = np.array(list(ranks))[:, :, None] <= np.array(KS)
    return found


def _ranks(one: Asked, document: OpenedDocument, cosines: Vectors) -> Iterator[tuple[int, int]]:
    """The place of the first gold page, at 0% and 100% of vectors, for each weight of the grid."""
    everything = np.ones(len(cosines), bool)
    for header, echo in product(HEADERS, ECHOES):
        words = lexical_scores(document, one.question, Weights(header, echo))
        candidates = np.zeros(len(words), bool)
        candidates[np.argsort(-words, kind="stable")[:MAX_NEW_VECTORS]] = True
        for own in WORDS:
            weights = Weights(header, echo, own)
            at_once, filled = (
                _rank(fuse(cosines, known, words, weights), document.pages, one.gold)
                for known in (candidates, everything)
            )
            yield at_once, filled


def _rank(scores: NDArray[np.float32], pages: NDArray[np.int64], gold: frozenset[int]) -> int:
    """The place of the best gold page; far behind where none was scored."""
    best = np.full(int(pages.max()) + 1, -np.inf, np.float32)
    np.maximum.at(best, pages, scores)
    top = max(float(best[page]) for page in gold if page < len(best))
    return 10**6 if top == -np.inf else int((best > top).sum()) + 1


def choose(found: Hits, sets: NDArray[np.str_]) -> int:
    """The place in the grid of the best weights; among equals that nearest to the shipped ones."""
    means = [found[:, sets == name].mean((1, 2, 3)) for name in np.unique(sets)]
    value = np.mean(means, axis=0)
    best = np.flatnonzero(value > value.max() - 1e-9)
    return int(min(best, key=lambda row: (_distance(GRID[row]), row)))


def _distance(weights: Weights) -> float:
    pairs = zip(asdict(weights).values(), asdict(WEIGHTS).values(), strict=True)
    return float(sum(abs(a - b) / b for a, b in pairs))


def leave_one_out(found: Hits, sets: NDArray[np.str_], files: NDArray[np.str_]) -> NDArray[np.int64]:
    """For each question the place in the grid chosen on the questions of all other documents."""
    chosen = np.zeros(len(files), np.int64)
    for file in np.unique(files):
        chosen[files == file] = choose(found[:, files != file], sets[files != file])
    return chosen


def line(label: str, found: NDArray[np.float64]) -> str:
    """One row: any@5 and any@10 at 0% and at 100%; `found` is (questions, 0% and 100%, k)."""
    return " | ".join([f"| {label}", *(f"{value:.3f}" for value in found.mean(0).ravel())]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, required=True)
    options = parser.parse_args()
    asked: list[Asked] = []
    sets: list[str] = []
    ids: dict[str, str] = {}
    with Catena(settings=load_settings(home=options.home, background=False)) as catena:
        for name in SETS:
            chosen = questions(options.data, name)
            ids.update(add_all(catena, options.data, chosen))
            asked.extend(with_text(chosen, ids, catena.library))
            sets.extend([name] * (len(asked) - len(sets)))
        found = hits(asked, ids, catena)
    report(found, np.array(sets), np.array([one.file for one in asked]))


def report(found: Hits, sets: NDArray[np.str_], files: NDArray[np.str_]) -> None:
    everyone = np.arange(len(files))
    shipped = np.full(len(files), GRID.index(WEIGHTS))
    held_out = leave_one_out(found, sets, files)
    other = np.zeros(len(files), np.int64)
    for name in SETS:
        # A document that both sets ask about is not unseen: its questions are left out of the choice.
        apart = (sets != name) & ~np.isin(files, files[sets == name])
        other[sets == name] = choose(found[:, apart], sets[apart])
    print("| weights | 0% @5 | 0% @10 | 100% @5 | 100% @10 |\n| --- | --- | --- | --- | --- |")
    for name in SETS:
        here = sets == name
        for label, places in (
            ("as shipped", shipped),
            ("chosen without the document", held_out),
            ("chosen on the other set", other),
        ):
            print(line(f"{name}, {label}", found[places, everyone][here]))
    print(f"\nchosen on all: {GRID[choose(found, sets)]}")
    for place, count in Counter(held_out.tolist()).most_common():
        print(f"{GRID[place]}: chosen for {count} questions of {len(files)}")


if __name__ == "__main__":
    main()
