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
