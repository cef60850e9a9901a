"""Catena in LlamaIndex: our pages as their nodes, and their embedding models as our embedder.

Importing LlamaIndex takes two to three seconds: nothing else of Catena imports this module. Extra `llamaindex`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from catena.errors import MissingExtra
from catena.retrieval.embedder import Vectors
from catena.retrieval.protocols import Retriever
from catena.types import PageHit

try:
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
except ModuleNotFoundError as error:
    raise MissingExtra("LlamaIndex", "llamaindex") from error


class CatenaRetriever(BaseRetriever):
    """One node a passage, pages best first; a node's metadata name the document, page and offsets.

    >>> from llama_index.core.query_engine import RetrieverQueryEngine
    >>> RetrieverQueryEngine.from_args(CatenaRetriever(c.retriever, [doc.id]), llm=llm).query("...")
    """

    def __init__(
        self,
        retriever: Retriever,
        document_ids: Sequence[str],
        *,
        num_pages: int = 5,
        passages_per_page: int = 2,
    ) -> None:
        self._retriever = retriever
        self._document_ids = tuple(document_ids)
        self._num_pages = num_pages
        self._passages_per_page = passages_per_page
        super().__init__()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self._retriever.retrieve(query_bundle.query_str, self._document_ids, self._num_pages)
        return [node for hit in hits for node in _nodes(hit, self._passages_per_page)]


class LlamaIndexEmbedder:
    """Any LlamaIndex embedding model as Catena's embedder; vectors are brought to unit length."""

    def __init__(self, model: BaseEmbedding) -> None:
        self._model = model
        self.name = f"{type(model).__name__}:{model.model_name}"
        self.dimensions = len(model.get_text_embedding("width"))

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        vectors = np.array(self._model.get_text_embedding_batch(list(texts)), np.float32)
        unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return unit


def _nodes(hit: PageHit, max_passages: int) -> list[NodeWithScore]:
    nodes = []
    for passage in hit.passages[:max_passages]:
        place = {"document_id": hit.ref.document_id, "page": hit.ref.number}
        node = TextNode(
            id_=f"{hit.ref.document_id}:{passage.ordinal}",
            text=passage.text,
            metadata={**place, "start": passage.start, "end": passage.end, "header": passage.header},
            excluded_embed_metadata_keys=["document_id", "page", "start", "end"],
            excluded_llm_metadata_keys=["document_id", "start", "end"],
        )
        nodes.append(NodeWithScore(node=node, score=hit.score))
    return nodes
