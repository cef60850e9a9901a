"""Catena in LangChain: our passages as their documents. Takes a second to import, so nothing of ours imports it."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever

from catena.agents.citations.citation import boxes
from catena.client import Catena
from catena.types import PageHit, Passage


class CatenaLangChainRetriever(BaseRetriever):
    """One document a passage, pages best first: its text verbatim, in its metadata where it stands.

    Metadata: `document_id`, `title`, `page` (from 1), `label` (as printed), `start` and `end` in the page's text,
    `boxes` (a line each; points, origin top left), `score`. `documents`: ids, unique prefixes or titles; None: all.

    >>> CatenaLangChainRetriever(catena=c, documents=["lantern"]).invoke("Who makes it?")
    """

    catena: Catena
    documents: list[str] | None = None
    num_pages: int = 5
    passages_per_page: int = 2

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        hits = self.catena.search(query, documents=self.documents, k=self.num_pages)
        return [
            LangChainDocument(passage.text, metadata=self._place(hit, passage))
            for hit in hits
            for passage in hit.passages[: self.passages_per_page]
        ]

    def _place(self, hit: PageHit, passage: Passage) -> dict[str, Any]:
        document_id, number = hit.ref.document_id, hit.ref.number
        page = self.catena.page(document_id, number)
        return {
            "document_id": document_id,
            "title": self.catena.document(document_id).title,
            "page": number,
            "label": page.label,
            "start": passage.start,
            "end": passage.end,
            "boxes": [list(box) for box in boxes(page, passage.start, passage.end)],
            "score": float(hit.score),
        }
