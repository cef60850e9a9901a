"""Catena's answers and pages in LlamaIndex: a query engine with proof, and a reader. Extra `llamaindex`.

Importing LlamaIndex takes two to three seconds: nothing else of Catena imports this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from catena.chosen_documents import Documents
from catena.client import Catena
from catena.errors import MissingExtra
from catena.options import AskOptions
from catena.render.answer_json import citation_to_json, to_json
from catena.types import Answer, Citation, Document

try:
    from llama_index.core.base.base_query_engine import BaseQueryEngine
    from llama_index.core.base.response.schema import Response
    from llama_index.core.readers.base import BaseReader
    from llama_index.core.schema import Document as LlamaDocument
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
except ModuleNotFoundError as error:
    raise MissingExtra("LlamaIndex", "llamaindex") from error


class CatenaQueryEngine(BaseQueryEngine):
    """Answer as `Catena.ask` does; a source node is a quote that a sentence rests on, with pages, labels and boxes.

    `metadata["catena"]` of a response is the whole answer in its one JSON form: marks, coverage, status, warnings.

    >>> str(CatenaQueryEngine(c, documents=["lantern"]).query("Who makes the lantern?"))
    """

    def __init__(
        self, catena: Catena, *, documents: Documents = None, options: AskOptions | None = None
    ) -> None:
        self._catena, self._documents, self._options = catena, documents, options
        super().__init__(callback_manager=None)

    def _query(self, query_bundle: QueryBundle) -> Response:
        return _response(
            self._catena.ask(query_bundle.query_str, documents=self._documents, options=self._options)
        )

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        return _response(
            await self._catena.questions.ask(
                query_bundle.query_str, documents=self._documents, options=self._options
            )
        )

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}


class CatenaReader(BaseReader):
    """Read a file as Catena does (sandboxed, kept in the library): one LlamaIndex document a page.

    >>> CatenaReader(c).load_data("report.pdf")
    """

    def __init__(self, catena: Catena) -> None:
        self._catena = catena

    def lazy_load_data(
        self, file: str | Path, extra_info: dict[str, Any] | None = None
    ) -> Iterator[LlamaDocument]:
        """Yield the pages of a file in their order; `extra_info` joins their metadata. Raises DocumentError."""
        document = self._catena.add(file)
        for page in self._catena.library.pages(document.id):
            place = {**_about(document), "page": page.ref.number, "label": page.label}
            yield LlamaDocument(
                id_=f"{document.id}:{page.ref.number}",
                text=page.text,
                metadata={**place, **(extra_info or {})},
            )


def _about(document: Document) -> dict[str, Any]:
    return {"document_id": document.id, "title": document.title}


def _response(answer: Answer) -> Response:
    cited = sorted({number for one in answer.statements for number in one.citations})
    nodes = [NodeWithScore(node=_node(answer.citations[number], number)) for number in cited]
    return Response(answer.text, source_nodes=nodes, metadata={"catena": to_json(answer)})


def _node(citation: Citation, number: int) -> TextNode:
    said = citation_to_json(citation)
    return TextNode(
        id_=f"{citation.document_id}:{number}",
        text=citation.quote,
        metadata={name: value for name, value in said.items() if name != "quote"},
    )
