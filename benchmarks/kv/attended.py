"""Does a model's attention find the page? `KVPageRetriever` beside lexical, dense and hybrid, on planted PDFs.

The model (`recall_model.py`) has its facts by construction: a document is noise with 30 facts, `mark key value`, and
knows 32 other words for its keys. Words find a fact that is asked for in the document's own words; only the model can
find it by another. What this shows is that attention comes out as pages, not how well a model of language looks.

python -m catena.benchmarks.kv.attended [--documents 10] [--tokens 2048]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from catena import Catena
from catena.benchmarks.ablated_retrievers import DenseRetriever, LexicalRetriever
from catena.benchmarks.intervals import interval
from catena.benchmarks.kv.kv_quality import training_texts
from catena.benchmarks.kv.recall_model import Recall, make_recall, words_of
from catena.benchmarks.kv.recall_server import NAME, load_recall, render, served
from catena.benchmarks.pages import Asked, Outcome, Search, measure
from catena.benchmarks.timing import machine
from catena.kv.client.kv_client import KVServer
from catena.kv.client.served_ids import ServedIds
from catena.kv.engine.model_loading import LocalModel
from catena.kv.engine.retriever_training import train_retriever
from catena.kv.policies.kv_page_retriever import KVPageRetriever, Look
from catena.retrieval.hybrid import HybridRetriever
from catena.retrieval.protocols import Retriever
from catena.retrieval.vector_jobs import fill
from catena.settings import load_settings

WORDS_A_PAGE = 60
K = 5
LOOKS = {
    "attention, all KV pages": Look("full"),
    "attention, `retro` 6.25%": Look("retro", 0.0625),
    "attention, `mean` 25%": Look("mean", 0.25),
    "attention, `random` 25%": Look("random", 0.25),
}


@dataclass(frozen=True, slots=True)
class Planted:
    """Questions on planted documents, the same in the document's words and in others, and the documents' ids."""

    same: Sequence[Asked]
    other: Sequence[Asked]
    ids: dict[str, str]


def add_planted(catena: Catena, folder: Path, num_documents: int, num_tokens: int) -> Planted:
    """Render planted documents, add them as any PDF is added, embed all of their passages."""
    same: list[Asked] = []
    other: list[Asked] = []
    ids = {}
    for number in range(num_documents):
        recall, path = make_recall(num_tokens, seed=2000 + number), folder / f"planted-{number}.pdf"
        render(recall.tokens, path, WORDS_A_PAGE)
        ids[path.name] = catena.add(path).id
        fill(catena.library, catena.embedder, ids[path.name])
        same += _asked(recall, path.name, in_other_words=False)
        other += _asked(recall, path.name, in_other_words=True)
    return Planted(same, other, ids)


def _asked(recall: Recall, file: str, *, in_other_words: bool) -> Iterator[Asked]:
    for fact, place in enumerate(recall.positions.tolist()):
        question = words_of(recall.question(fact, in_other_words=in_other_words))
        yield Asked(question, file, frozenset([place // WORDS_A_PAGE + 1]))


def retrievers(catena: Catena, api_base: str) -> dict[str, Retriever]:
    """By the name of their row."""
    library, embedder = catena.library, catena.embedder
    ids = ServedIds(catena.settings.home / "served.json")
    looking = {
        name: KVPageRetriever(library, KVServer(api_base), ids, model=NAME, look=look)
        for name, look in LOOKS.items()
    }
    return {
        "lexical": LexicalRetriever(library),
        "dense, 100%": DenseRetriever(library, embedder),
        "hybrid, 100%": HybridRetriever(library, embedder),
        **looking,
    }


def table(planted: Planted, retrievers: dict[str, Retriever]) -> Iterator[str]:
    """Gold page first and among five, with 95% bootstrap intervals by document; row by row."""
    yield "| | its words: @1 | @5 | other words: @1 | @5 |\n| --- | --- | --- | --- | --- |"
    for name, retriever in retrievers.items():
        cells = [name]
        for asked in (planted.same, planted.other):
            outcomes = measure(asked, planted.ids, _search(retriever))
            cells += [share(outcomes, k) for k in (1, K)]
        yield f"| {' | '.join(cells)} |"


def _search(retriever: Retriever) -> Search:
    return lambda question, document_id: [
        hit.ref.number for hit in retriever.retrieve(question, [document_id], K)
    ]


def share(outcomes: Sequence[Outcome], k: int) -> str:
    values = [float(one.any_at(k)) for one in outcomes]
    low, high = interval(values, [one.asked.file for one in outcomes])
    return f"{np.mean(values):.3f} ({low:.2f} to {high:.2f})"


def train(local: LocalModel, path: Path, num_texts: int = 300) -> None:
    """A retriever of the model's KV pages, trained on other planted documents."""
    texts = training_texts(num_texts)
    train_retriever(local.model, texts, page_size=16, num_last=90, fingerprint=local.fingerprint).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--documents", type=int, default=10)
    parser.add_argument("--tokens", type=int, default=2048)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        local, trained = load_recall(folder), folder / "retriever.safetensors"
        train(local, trained)
        settings = load_settings(home=folder / "home", background=False)
        with (
            Catena(settings=settings) as catena,
            served(local, folder / "kv", retriever=trained) as url,
        ):
            planted = add_planted(catena, folder, options.documents, options.tokens)
            num_pages = -(-options.tokens // WORDS_A_PAGE)
            print(f"{machine()}\n")
            print(f"{len(planted.same)} questions on {len(planted.ids)} PDFs of {num_pages} pages\n")
            for line in table(planted, retrievers(catena, f"{url}/v1")):
                print(line, flush=True)


if __name__ == "__main__":
    main()
