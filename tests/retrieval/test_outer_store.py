"""Vector stores of others in place of the library's index: one suite, in Qdrant's local mode and LlamaIndex's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catena.errors import OptionError
from catena.library.library import Library
from catena.retrieval.faiss_index import VectorFile
from catena.retrieval.hybrid import HybridRetriever
from catena.retrieval.outer_store import LEDGER, PAUSE_SECONDS, OuterStore
from catena.retrieval.vector_jobs import fill
from tests.retrieval.shelf import WordEmbedder
from tests.retrieval.test_dense import add, fill_all, ids
from tests.retrieval.test_dense import library as library

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*:UserWarning")
QDRANT: dict[str, Any] = {
    "make": "llama_index.vector_stores.qdrant:QdrantVectorStore",
    "collection_name": "catena",
    "client": {"make": "qdrant_client:QdrantClient", "location": ":memory:"},
}
SPECS: dict[str, Any] = {
    "qdrant": QDRANT,
    "simple": "llama_index.core.vector_stores:SimpleVectorStore",
}
ASKED = WordEmbedder().embed(["the moth sleeps in summer"])[0]


@pytest.fixture(params=SPECS)
def store(library: Library, request: pytest.FixtureRequest) -> Iterator[OuterStore]:
    opened = OuterStore(library, SPECS[request.param])
    yield opened
    opened.close()


def test_it_finds_what_the_own_index_finds(library: Library, store: OuterStore) -> None:
    fill_all(library)
    some = ids(library)[2:5]
    own = VectorFile(library)
    assert store.nearest(ASKED, 10) == own.nearest(ASKED, 10)
    assert store.nearest(ASKED, 10, some) == own.nearest(ASKED, 10, some)
    assert store.nearest(ASKED, 10, ["another"]) == []
    assert store.notice == ""


def test_what_is_removed_leaves_the_store_and_what_is_added_again_is_not_double(
    library: Library, store: OuterStore, tmp_path: Path
) -> None:
    fill_all(library)
    moth = store.nearest(ASKED, 1)[0].document_id
    library.on_remove.append(store.forget)
    library.remove(moth)
    assert moth not in {begin for begin, _ in store._nodes.nearest(ASKED, 50, None)}
    texts = ["The moth eats well.", "The moth sleeps in summer."]
    for _ in range(2):
        again = add(library, tmp_path / "moth.txt", "Book of the moth", *texts)
        fill(library, WordEmbedder(), again)
        assert len(store.nearest(ASKED, 50)) == 20
        assert len(store._nodes.nearest(ASKED, 50, None)) == 20


def test_a_store_that_lost_all_is_given_it_again(library: Library, store: OuterStore) -> None:
    fill_all(library)
    before = store.nearest(ASKED, 10)
    store.close()  # both are in memory alone
    assert store.nearest(ASKED, 10) == before


def test_a_ledger_that_is_lost_doubles_nothing(library: Library, store: OuterStore, home: Path) -> None:
    fill_all(library)
    before = store.nearest(ASKED, 50)
    (home / LEDGER).write_text("{")
    assert store.nearest(ASKED, 50) == before
    assert len(store._nodes.nearest(ASKED, 50, None)) == 20


class Down(Exception):
    pass


def gone() -> None:
    raise Down("connection refused")


def test_a_store_that_is_down_leaves_it_to_the_words_and_says_so(library: Library) -> None:
    fill_all(library)
    now = [0.0]
    store = OuterStore(library, f"{__name__}:gone", clock=lambda: now[0])
    retriever = HybridRetriever(library, WordEmbedder(), nearest=store)
    hits = retriever.retrieve("When does the lynx sleep?", ids(library), 3)
    assert library.document(hits[0].ref.document_id).title == "Book of the lynx"
    assert "Down: connection refused" in retriever.notice(ids(library))
    assert "words alone" in retriever.notice(ids(library))
    assert retriever.notice(ids(library)[:3]) == ""
    assert [one.name for one in store.check()] == ["vector store"]
    store._spec = SPECS["simple"]
    assert store.nearest(ASKED, 5) == []  # it is not waited for again at once
    now[0] += PAUSE_SECONDS
    assert len(store.nearest(ASKED, 5)) == 5 and store.notice == ""


def test_a_removal_while_the_store_is_down_is_made_up_for(library: Library) -> None:
    fill_all(library)
    store = OuterStore(library, SPECS["simple"])
    moth = store.nearest(ASKED, 1)[0].document_id
    nodes = store.__dict__.pop("_nodes")
    store._spec = f"{__name__}:gone"
    library.on_remove.append(store.forget)
    library.remove(moth)
    store._spec, store.__dict__["_nodes"] = SPECS["simple"], nodes
    assert len(store.nearest(ASKED, 50)) == 18
    assert len(store._nodes.nearest(ASKED, 50, None)) == 18


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("llama_index.vector_stores.nowhere:Store", "not installed"),
        ("llama_index.core.vector_stores:NoStore", "There is no NoStore"),
        ("builtins:dict", "no LlamaIndex vector store"),
        ({**QDRANT, "colour": "$CATENA_NO_COLOUR"}, "The variable CATENA_NO_COLOUR is not set"),
        ({"make": QDRANT["make"]}, "does not take these arguments"),
    ],
)
def test_a_setting_that_makes_no_store_is_named(library: Library, spec: Any, said: str) -> None:
    fill_all(library)
    with pytest.raises(OptionError, match=said):
        OuterStore(library, spec).nearest(np.ones(1024, np.float32), 5)
