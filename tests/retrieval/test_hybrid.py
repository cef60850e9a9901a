from __future__ import annotations

import numpy as np
import pytest

from catena.benchmarks.ablated_retrievers import LexicalRetriever
from catena.retrieval.document_choice import choose_documents
from catena.retrieval.hybrid import HybridRetriever, fuse
from catena.retrieval.nearest_passages import Near
from catena.retrieval.vector_jobs import CHUNK, fill
from tests.retrieval.shelf import MemoryLibrary, WordEmbedder

TOPICS = [
    "whales swim in the sea",
    "the company paid dividends",
    "glaciers melt in summer",
    "a novel about a duke",
]


@pytest.fixture
def library() -> MemoryLibrary:
    library = MemoryLibrary()
    library.add("Report", *[f"{topic}. Some other words follow it." for topic in TOPICS])
    return library


@pytest.mark.parametrize("kind", ["lexical", "hybrid"])
def test_the_page_that_answers_comes_first(library: MemoryLibrary, kind: str) -> None:
    retriever = LexicalRetriever(library) if kind == "lexical" else HybridRetriever(library, WordEmbedder())
    hits = retriever.retrieve("Which dividends were paid?", ["Report"], 2)
    assert hits[0].ref.number == 2
    assert hits[0].retriever == kind
    assert hits[0].passages[0].text.startswith("the company paid")


def test_pages_that_share_no_word_are_no_lexical_hits(library: MemoryLibrary) -> None:
    assert LexicalRetriever(library).retrieve("zebra", ["Report"], 5) == []


def test_candidates_are_embedded_once(library: MemoryLibrary) -> None:
    embedder = WordEmbedder()
    retriever = HybridRetriever(library, embedder)
    first = retriever.retrieve("whales", ["Report"], 3)
    assert library.vectors.missing("Report") == []
    count = embedder.num_texts
    assert retriever.retrieve("whales", ["Report"], 3) == first
    assert embedder.num_texts == count + 1  # the question alone


def test_a_question_waits_for_a_bounded_number_of_vectors() -> None:
    library = MemoryLibrary()
    library.add("Long", *[f"Page {n} speaks of whales and other things." for n in range(50)])
    HybridRetriever(library, WordEmbedder(), max_new_vectors=10).retrieve("whales", ["Long"], 5)
    assert len(library.vectors.missing("Long")) == 40


def test_other_documents_do_not_change_the_order(library: MemoryLibrary) -> None:
    retriever = HybridRetriever(library, WordEmbedder())
    before = retriever.retrieve("glaciers in summer", ["Report"], 4)
    library.add("Other", "glaciers glaciers summer summer")
    assert retriever.retrieve("glaciers in summer", ["Report"], 4) == before


def test_a_wide_search_finds_the_document_that_is_named() -> None:
    library = MemoryLibrary()
    for company in ("Apple", "Boeing", "Corning", "Dover", "Exxon", "Ford", "Gap", "Hess", "Intel", "Kroger"):
        library.add(f"{company} annual report", "The company paid dividends.", "Debt rose in summer.")
    ids = [document.id for document in library.documents()]
    for retriever in (LexicalRetriever(library), HybridRetriever(library, WordEmbedder())):
        assert (
            retriever.retrieve("Which dividends did Hess pay?", ids, 3)[0].ref.document_id
            == "Hess annual report"
        )


def test_nothing_is_found_in_no_documents(library: MemoryLibrary) -> None:
    assert HybridRetriever(library, WordEmbedder()).retrieve("whales", [], 3) == []


def test_filling_stops_and_resumes() -> None:
    library, embedder = MemoryLibrary(), WordEmbedder()
    library.add("Long", *[f"Page {n} has some words." for n in range(CHUNK * 2 + 5)])
    seen: list[tuple[int, int]] = []
    asked = iter([False, True])
    assert not fill(library, embedder, "Long", should_stop=lambda: next(asked))
    assert len(library.vectors.missing("Long")) == CHUNK + 5
    assert fill(library, embedder, "Long", on_progress=lambda done, total: seen.append((done, total)))
    assert library.vectors.missing("Long") == []
    assert seen[0] == (CHUNK, CHUNK * 2 + 5) and seen[-1] == (CHUNK * 2 + 5, CHUNK * 2 + 5)
    assert embedder.num_texts == CHUNK * 2 + 5


def test_words_lift_a_passage() -> None:
    words = np.array([0, 8, 4, 0, 0], np.float32)
    fused = fuse(np.full(5, 0.5, np.float32), np.array([True] * 4 + [False]), words)
    assert fused.argmax() == 1
    assert fused[2] > fused[0] == fused[3]
    assert fused[4] == -np.inf


def test_words_that_stand_nowhere_change_nothing() -> None:
    meaning = np.array([0.5, 0.4], np.float32)
    assert (fuse(meaning, np.array([True, True]), np.zeros(2, np.float32)) == meaning).all()


def test_documents_far_behind_the_best_are_not_asked() -> None:
    library = MemoryLibrary()
    library.add("Whales", *["A whale swims."] * 20)
    for n in range(9):
        library.add(f"Fish {n}", *(["A whale swims."] * n), "A fish swims.")
    ids = [document.id for document in library.documents()]
    chosen = choose_documents(library, "whale", ids)
    assert chosen[0] == ("Whales", 0.0)
    assert len(chosen) == 1
    assert len(choose_documents(library, "whale", ids[:8])) == 8


def test_documents_near_in_meaning_are_chosen_where_words_find_none() -> None:
    library = MemoryLibrary()
    ids = [library.add(f"Fish {n}", "A fish swims.") for n in range(9)]
    assert choose_documents(library, "whale", ids) == []
    near = [Near("Fish 3", 0, 0.6), Near("Fish 4", 0, 0.55), Near("Fish 5", 0, 0.4)]
    assert [one for one, _ in choose_documents(library, "whale", ids, near)] == ["Fish 3", "Fish 4"]
    only = [Near("Fish 3", 0, 0.2)]  # one that is near, and no word in common: nothing to compare it with
    assert choose_documents(library, "whale", ids, only) == [("Fish 3", 0.0)]


def test_a_document_that_stands_behind_comes_after_a_page_as_good() -> None:
    library = MemoryLibrary()
    library.add("Atlas 2019", "The glacier melts.", "The glacier is long.")
    library.add("Report 2020", "The glacier melts.", "The sea is deep.")
    for kind in (LexicalRetriever(library), HybridRetriever(library, WordEmbedder())):
        hits = kind.retrieve("glacier of 2019", ["Report 2020", "Atlas 2019"], 3)
        assert hits[0].ref.document_id == "Atlas 2019"
