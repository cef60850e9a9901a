"""Speed of a question to a whole library, and where the time goes. See `resample` for how one is made.

Each part is measured in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from heapq import nlargest
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from catena.benchmarks.ablated_retrievers import LexicalRetriever
from catena.benchmarks.resample import read_sources, resample
from catena.benchmarks.timing import Row
from catena.library.library import Library
from catena.retrieval.document_choice import NEAREST, rank_documents
from catena.retrieval.embedder import MiniLM
from catena.retrieval.faiss_index import VectorFile
from catena.retrieval.hybrid import HybridRetriever

K = 10
PROFILED = (
    "rank_documents",
    "search",
    "names",
    "nearest",
    "of_passages",
    "_follow",
    "embed",
    "get",
    "lexical_scores",
    "vectors",
    "fuse",
    "page_hits",
)


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of the first question, of each other one, and the most memory the process had, in MiB."""

    first: float
    others: list[float]
    peak: float

    def row(self, what: str, target: str = "", more: str = "") -> Row:
        p95 = float(np.percentile(self.others, 95)) * 1000
        middle = median(self.others) * 1000
        reached = f"p95 {p95:.0f} ms, median {middle:.0f} ms ({len(self.others)} questions)"
        return Row(what, target, f"{reached}; the first {self.first:.1f} s; peak {self.peak:.0f} MiB{more}")


def build(source: Path, home: Path, num_passages: int) -> float:
    """Make the library, or the rest of it; returns the seconds it took."""
    begin = time.perf_counter()
    with Library(source) as real, Library(home) as library:
        real.vectors.embedder = library.vectors.embedder = MiniLM.name
        resample(read_sources(real), library, num_passages)
    return time.perf_counter() - begin


def rows(home: Path, asked: Sequence[str]) -> list[Row]:
    """One row for each part, one for what the index finds, and the profile of hybrid."""
    parts = [_alone(part, home, asked) for part in (documents, lexical, nearest, hybrid)]
    recall, size = _alone(recall_of_index, home, asked)
    of_all, of_pages, of_index, of_hybrid = parts
    exact = f"; recall@{NEAREST} against float32, all compared: {recall:.3f}; file {size:.0f} MiB"
    return [
        of_all.row("which documents (word index)"),
        of_pages.row("lexical"),
        of_index.row(f"FAISS (one bit a number, the best in full), {NEAREST} nearest", "recall ≥ 0.9", exact),
        of_hybrid.row("hybrid, 100% of vectors", "p95 ≤ 300 ms"),
        *(
            Row(f"… of it in `{name}`", "", f"{ms:.1f} ms a question")
            for name, ms in _alone(profile, home, asked)
        ),
    ]


def questions(data: Path, number: int) -> list[str]:
    """Questions of the development documents, evenly drawn; those about stories are of other documents."""
    lines = (data / "questions.jsonl").read_text("utf-8").splitlines()
    found = [row["question"] for row in map(json.loads, lines) if row["set"] != "fairytaleqa"]
    return found[:: max(1, len(found) // number)]


def documents(home: Path, asked: Sequence[str]) -> Measured:
    with _opened(home) as library:
        ids = _ids(library)
        return _measure(lambda question: rank_documents(library, question, ids), asked)


def lexical(home: Path, asked: Sequence[str]) -> Measured:
    with _opened(home) as library:
        ids, retriever = _ids(library), LexicalRetriever(library)
        return _measure(lambda question: retriever.retrieve(question, ids, K), asked)


def nearest(home: Path, asked: Sequence[str]) -> Measured:
    with _opened(home) as library:
        vectors = dict(zip(asked, MiniLM().embed(asked), strict=True))
        file = VectorFile(library)
        return _measure(lambda question: file.nearest(vectors[question], NEAREST), asked)


def hybrid(home: Path, asked: Sequence[str]) -> Measured:
    with _opened(home) as library:
        ids = _ids(library)
        retriever = HybridRetriever(library, MiniLM(), nearest=VectorFile(library))
        return _measure(lambda question: retriever.retrieve(question, ids, K), asked)


def recall_of_index(home: Path, asked: Sequence[str]) -> tuple[float, float]:
    """The share of the exactly nearest that the index finds, and the size of its file in MiB."""
    vectors = MiniLM().embed(asked)
    with _opened(home) as library:
        file = VectorFile(library)
        found = [{(one.document_id, one.ordinal) for one in file.nearest(each, NEAREST)} for each in vectors]
        best: list[list[tuple[float, tuple[str, int]]]] = [[] for _ in asked]
        for document_id in _ids(library):
            ordinals, some = library.vectors.of(document_id)
            for row, scores in enumerate(vectors @ some.T):
                own = ((document_id, one) for one in ordinals.tolist())
                best[row] = nlargest(NEAREST, [*best[row], *zip(scores.tolist(), own, strict=True)])
        exact = [{one for _, one in own} for own in best]
        size = sum(path.stat().st_size for path in (home / "faiss").glob("*")) / 2**20
    return float(np.mean([len(a & b) / NEAREST for a, b in zip(found, exact, strict=True)])), size


def profile(home: Path, asked: Sequence[str]) -> list[tuple[str, float]]:
    """Milliseconds a question in the steps of hybrid; a profiled run is slower than another."""
    with _opened(home) as library:
        ids = _ids(library)
        retriever = HybridRetriever(library, MiniLM(), nearest=VectorFile(library))
        retriever.retrieve(asked[0], ids, K)
        profiler = cProfile.Profile()
        for question in asked[1:]:
            profiler.runcall(retriever.retrieve, question, ids, K)
    found: dict[str, float] = {}
    for (file, _, name), (_, _, _, seconds, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]
        if name in PROFILED and "catena" in file:
            step = f"{Path(file).stem}.{name}"
            found[step] = found.get(step, 0.0) + seconds * 1000 / (len(asked) - 1)
    return sorted(found.items(), key=lambda item: -item[1])


def _measure(ask: Callable[[str], object], asked: Sequence[str]) -> Measured:
    seconds = []
    for question in asked:
        begin = time.perf_counter()
        ask(question)
        seconds.append(time.perf_counter() - begin)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return Measured(seconds[0], seconds[1:], peak)


def _alone(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _opened(home: Path) -> Library:
    library = Library(home)
    library.vectors.embedder = MiniLM.name
    return library


def _ids(library: Library) -> list[str]:
    return [one for one, _, _ in library.names()]
