"""Passages as nodes of a LlamaIndex vector store: an id and a vector each, no text.

Importing LlamaIndex takes two to three seconds: `catena.retrieval.outer_store` imports this when it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from uuid import UUID

from catena.errors import CatenaError, MissingExtra, OptionError, VectorStoreError
from catena.retrieval.nearest_passages import Floats, Ids

try:
    from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
    from llama_index.core.vector_stores.types import (
        BasePydanticVectorStore,
        FilterOperator,
        MetadataFilter,
        MetadataFilters,
        VectorStoreQuery,
    )
except ModuleNotFoundError as error:
    raise MissingExtra("LlamaIndex", "llamaindex") from error

AT_ONCE = 500
OWNER = "document_id"
OWNER_BYTES = 12
"""Of a document's id, the SHA-256 of its bytes, that are in a node's: stores want a UUID."""


class PassageNodes:
    """What a store is asked; whatever it raises becomes VectorStoreError."""

    def __init__(self, make: Callable[[], object]) -> None:
        with _named("opened"):
            store = make()
        if not isinstance(store, BasePydanticVectorStore):
            raise OptionError(
                f"The setting vector_store makes a {type(store).__name__}, which is no LlamaIndex vector store.",
                "Name a class that is: see docs/vector-stores.md.",
            )
        self._store = store

    def put(self, document_id: str, ordinals: Ids, vectors: Floats) -> None:
        """Put a document's passages; what the store had of it goes."""
        with suppress(VectorStoreError):  # a collection that is not there yet; else the next call fails, too
            self.delete(document_id)
        nodes = [
            _node(document_id, ordinal, vector)
            for ordinal, vector in zip(ordinals.tolist(), vectors, strict=True)
        ]
        for at in range(0, len(nodes), AT_ONCE):
            with _named("written to"):
                self._store.add(nodes[at : at + AT_ONCE])

    def delete(self, document_id: str) -> None:
        with _named("written to"):
            self._store.delete(document_id)

    def nearest(self, vector: Floats, k: int, document_ids: Sequence[str] | None) -> list[tuple[str, int]]:
        """Find passages: the first 24 digits of a document's id, and the ordinal."""
        filters = None
        if document_ids is not None:
            one_of = MetadataFilter(key=OWNER, value=list(document_ids), operator=FilterOperator.IN)
            filters = MetadataFilters(filters=[one_of])
        query = VectorStoreQuery(query_embedding=vector.tolist(), similarity_top_k=k, filters=filters)
        with _named("asked"):
            result = self._store.query(query)
            ids = result.ids or [node.node_id for node in result.nodes or ()]
        return [found for one in ids if (found := _place(one)) is not None]

    def close(self) -> None:
        with suppress(Exception):  # of a client that is not ours, at the end
            getattr(self._store.client, "close", lambda: None)()


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Give whatever a store raises our name: clients of databases have no error in common."""
    try:
        yield
    except CatenaError:
        raise
    except Exception as error:
        said = (str(error).splitlines() or [""])[0][:200]
        raise VectorStoreError(
            f"The vector store could not be {what}: {type(error).__name__}: {said}",
            "Is it running, and is the setting vector_store right? See docs/vector-stores.md.",
        ) from error


def _node(document_id: str, ordinal: int, vector: Floats) -> TextNode:
    node_id = UUID(bytes=bytes.fromhex(document_id)[:OWNER_BYTES] + ordinal.to_bytes(16 - OWNER_BYTES, "big"))
    return TextNode(
        id_=str(node_id),
        text=f"{document_id[:12]} {ordinal}",
        embedding=vector.tolist(),
        metadata={OWNER: document_id},
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document_id)},
    )


def _place(node_id: str) -> tuple[str, int] | None:
    """What `_node` wrote into an id; None for a node of somebody else."""
    try:
        data = UUID(node_id).bytes
    except ValueError:
        return None
    return data[:OWNER_BYTES].hex(), int.from_bytes(data[OWNER_BYTES:], "big")
