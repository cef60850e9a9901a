"""Peers that find a page, on the same text and with the same embedder."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from catena.library.library import Library
from catena.llm.protocol import LLM, Message
from catena.portal import run_alone
from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.embedder import Embedder, Vectors
from catena.retrieval.text_analysis import query_terms, terms

if TYPE_CHECKING:
    from llama_index.core import VectorStoreIndex
    from llama_index.core.base.base_query_engine import BaseQueryEngine
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms import CustomLLM
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore

K = 10
MAX_REPLY = 256
"""Tokens of a written reply: LlamaIndex's own default."""
WINDOW, OPENING, CANDIDATES = 120, 25, 150  # words, words, windows


class PageBM25:
    """BM25 over whole pages."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._indexes: dict[str, tuple[list[int], DocumentIndex]] = {}

    def __call__(self, question: str, document_id: str) -> list[int]:
        if document_id not in self._indexes:
            builder, numbers = DocumentIndex.builder(), []
            for page in self._library.pages(document_id):
                builder.add(terms(page.text))
                numbers.append(page.ref.number)
            self._indexes[document_id] = numbers, builder.build()
        numbers, index = self._indexes[document_id]
        scores = index.score(query_terms(question))
        return [numbers[row] for row in np.argsort(-scores, kind="stable")[:K] if scores[row] > 0]


class SimplestGoodThing:
    """BM25's top 150 windows of 120 words with the page's first 25, in the embedder's order."""

    def __init__(self, library: Library, embedder: Embedder) -> None:
        self._library, self._embedder = library, embedder
        self._windows: dict[str, tuple[list[tuple[int, str]], DocumentIndex]] = {}

    def __call__(self, question: str, document_id: str) -> list[int]:
        if document_id not in self._windows:
            builder, windows = DocumentIndex.builder(), list(self._cut(document_id))
            for _, text in windows:
                builder.add(terms(text))
            self._windows[document_id] = windows, builder.build()
        windows, index = self._windows[document_id]
        rows = np.argsort(-index.score(query_terms(question)), kind="stable")[:CANDIDATES]
        vectors = self._embedder.embed([question, *(windows[row][1] for row in rows)])
        ranked = sorted(zip(vectors[1:] @ vectors[0], rows, strict=True), key=lambda pair: -pair[0])
        return list(dict.fromkeys(windows[row][0] for _, row in ranked))[:K]

    def _cut(self, document_id: str) -> Iterator[tuple[int, str]]:
        for page in self._library.pages(document_id):
            words = page.text.split()
            for at in range(0, len(words), WINDOW):
                opening = words[:OPENING] if at else []
                yield page.ref.number, " ".join([*opening, *words[at : at + WINDOW]])


class LlamaIndexDefaults:
    """LlamaIndex's `VectorStoreIndex.from_documents` with its own splitter and settings, a document a page as its
    PDF reader makes them; only `similarity_top_k` is raised until there are ten pages."""

    def __init__(self, library: Library, embedder: Embedder) -> None:
        self._library, self._embedder = library, embedder
        self._retrievers: dict[str, BaseRetriever] = {}

    def __call__(self, question: str, document_id: str) -> list[int]:
        if document_id not in self._retrievers:
            index = _page_index(self._library, self._embedder, document_id)
            self._retrievers[document_id] = index.as_retriever(similarity_top_k=10 * K)
        return _page_numbers(self._retrievers[document_id].retrieve(question))[:K]


class QueryEngine:
    """LlamaIndex's `as_query_engine()` as it comes, over the same index: two chunks of 1,024 tokens, one call."""

    def __init__(self, library: Library, embedder: Embedder, llm: LLM) -> None:
        self._library, self._embedder, self._llm = library, embedder, llm
        self._engines: dict[str, BaseQueryEngine] = {}

    def __call__(self, question: str, document_id: str) -> tuple[str, list[int]]:
        """Return the reply and the pages of its source nodes."""
        if document_id not in self._engines:
            index = _page_index(self._library, self._embedder, document_id)
            self._engines[document_id] = index.as_query_engine(llm=_as_writer(self._llm))
        done = self._engines[document_id].query(question)
        return str(done), _page_numbers(done.source_nodes)


def _page_index(library: Library, embedder: Embedder, document_id: str) -> VectorStoreIndex:
    _copy_nltk_data()
    # Three seconds, which only these peers pay.
    from llama_index.core import Document, VectorStoreIndex

    file = Path(library.document(document_id).path).name
    pages = [
        Document(text=page.text, metadata={"page_label": str(page.ref.number), "file_name": file})
        for page in library.pages(document_id)
        if page.text.strip()
    ]
    return VectorStoreIndex.from_documents(pages, embed_model=_as_llama_index(embedder))


def _page_numbers(nodes: Sequence[NodeWithScore]) -> list[int]:
    return list(dict.fromkeys(int(node.metadata["page_label"]) for node in nodes))


def _as_writer(llm: LLM) -> CustomLLM:
    """A model of ours in LlamaIndex's interface: a chat, as its OpenAI classes are."""
    from llama_index.core.base.llms.types import (
        ChatMessage,
        ChatResponse,
        CompletionResponse,
        CompletionResponseGen,
        LLMMetadata,
        MessageRole,
    )
    from llama_index.core.llms import CustomLLM

    def reply(messages: Sequence[Message]) -> str:
        return run_alone(llm.complete(messages, max_tokens=MAX_REPLY)).text

    class Ours(CustomLLM):
        """Sends messages as they are."""

        @property
        def metadata(self) -> LLMMetadata:
            window = run_alone(llm.window())
            return LLMMetadata(
                context_window=window, num_output=MAX_REPLY, is_chat_model=True, model_name=llm.name
            )

        def chat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:
            told = [{"role": one.role.value, "content": one.content or ""} for one in messages]
            return ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=reply(told)))

        def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
            return CompletionResponse(text=reply([{"role": "user", "content": prompt}]))

        def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponseGen:
            yield self.complete(prompt)

    return Ours()


def _copy_nltk_data() -> None:
    """NLTK refuses files with several links, which is how uv installs what LlamaIndex brings for its splitter."""
    if "NLTK_DATA" not in os.environ:
        found = find_spec("llama_index.core")
        assert found and found.origin, "LlamaIndex is a dependency"
        copy = tempfile.mkdtemp(prefix="catena-nltk-")
        shutil.copytree(Path(found.origin).parent / "_static" / "nltk_cache", copy, dirs_exist_ok=True)
        atexit.register(shutil.rmtree, copy, ignore_errors=True)
        os.environ["NLTK_DATA"] = copy


def _as_llama_index(embedder: Embedder) -> BaseEmbedding:
    from llama_index.core.base.embeddings.base import BaseEmbedding

    class Ours(BaseEmbedding):
        """Our embedder in LlamaIndex's interface."""

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return [vector.tolist() for vector in embedder.embed(texts)]

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_text_embedding(query)

    return Ours(model_name=embedder.name, embed_batch_size=256)


class KeptVectors:
    """Remembers vectors by text, in a file between runs, so that the same page is not embedded for every row."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder, self._path = embedder, path
        self._kept: dict[str, Vectors] = {}
        self.name, self.dimensions = embedder.name, embedder.dimensions
        if path.exists():
            with np.load(path, allow_pickle=False) as kept:
                self._kept = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))

    def embed(self, texts: Sequence[str]) -> Vectors:
        keys = [sha256(f"{self.name}\n{text}".encode()).hexdigest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._kept}
        self._kept.update(zip(new, self._embedder.embed(list(new.values())), strict=True))
        return np.array([self._kept[key] for key in keys], np.float32).reshape(len(keys), self.dimensions)

    def save(self) -> None:
        np.savez(self._path, keys=np.array(list(self._kept)), vectors=np.array(list(self._kept.values())))
