from __future__ import annotations

import numpy as np
import pytest

from catena.retrieval.hybrid import HybridRetriever
from tests.retrieval.shelf import MemoryLibrary, WordEmbedder

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # LlamaIndex's own


def test_a_query_engine_answers_from_our_passages() -> None:
    from llama_index.core.llms import MockLLM
    from llama_index.core.query_engine import RetrieverQueryEngine

    from catena.retrieval.llamaindex import CatenaRetriever

    library = MemoryLibrary()
    library.add("Report", "Whales swim in the sea.", "The company paid dividends of $5 million.")
    retriever = CatenaRetriever(HybridRetriever(library, WordEmbedder()), ["Report"], num_pages=1)
    response = RetrieverQueryEngine.from_args(retriever, llm=MockLLM()).query("Which dividends were paid?")
    assert "The company paid dividends of $5 million." in str(response)
    node = response.source_nodes[0]
    assert (node.metadata["document_id"], node.metadata["page"]) == ("Report", 2)
    assert node.node_id == "Report:1"


def test_their_embedding_models_are_our_embedders() -> None:
    from llama_index.core import MockEmbedding

    from catena.retrieval.llamaindex import LlamaIndexEmbedder

    embedder = LlamaIndexEmbedder(MockEmbedding(embed_dim=8))
    assert embedder.dimensions == 8
    assert np.allclose(np.linalg.norm(embedder.embed(["a", "b"]), axis=1), 1)
    assert embedder.embed([]).shape == (0, 8)


def test_their_vector_store_reads_our_file(tmp_path: object) -> None:
    from pathlib import Path

    from llama_index.core.vector_stores import VectorStoreQuery
    from llama_index.vector_stores.faiss import FaissVectorStore

    from catena.retrieval.faiss_index import VectorFile

    class Shelf:
        home = Path(str(tmp_path))
        found = np.random.default_rng(0).normal(size=(300, 16)).astype(np.float32)
        embedder, kept = "theirs", ""

        def vector_ids(self) -> np.ndarray:
            return np.arange(300, dtype=np.int64) + 7

        def vectors_of(self, ids: list[int]) -> list[tuple[np.ndarray, np.ndarray]]:
            unit = self.found / np.linalg.norm(self.found, axis=1, keepdims=True)
            return [(self.vector_ids(), unit)]

        def vector_file(self) -> str:
            return self.kept

        def put_vector_file(self, sha256: str, version: int) -> bool:
            self.kept = sha256
            return True

        def vectors_version(self) -> int:
            return 1

        def passage_keys(self, ids: object) -> dict[int, tuple[str, int]]:
            return {}

    file = VectorFile(Shelf(), max_unsaved=0)  # type: ignore[arg-type]
    asked = Shelf.found[3] / np.linalg.norm(Shelf.found[3])
    ours = [str(one) for one, _ in file.search(asked, 10)]
    (path,) = (Shelf.home / "faiss").iterdir()
    store = FaissVectorStore.from_persist_path(str(path))
    theirs = store.query(VectorStoreQuery(query_embedding=asked.tolist(), similarity_top_k=10))
    assert theirs.ids == ours
