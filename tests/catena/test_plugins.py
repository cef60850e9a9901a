"""Catena inside LangChain and LlamaIndex: what they are given is verbatim, and says where it stands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from catena import Catena
from tests.app.server.serving import library

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # LlamaIndex's own
QUESTION = "How long does the battery of the lantern last?"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catena]:
    with library(tmp_path_factory.mktemp("plugins")) as made:
        yield made


def test_langchain_gets_passages_with_their_places(client: Catena) -> None:
    from catena import CatenaLangChainRetriever

    found = CatenaLangChainRetriever(catena=client, documents=["lantern"]).invoke(QUESTION)
    place = found[0].metadata
    text = client.page(place["document_id"], place["page"]).text
    assert text[place["start"] : place["end"]] == found[0].page_content
    assert place["label"] == "1" and place["title"] == "lantern" and len(place["boxes"][0]) == 4


def test_langchain_gets_no_more_than_it_asks_for(client: Catena) -> None:
    from catena import CatenaLangChainRetriever

    retriever = CatenaLangChainRetriever(catena=client, num_pages=1, passages_per_page=1)
    assert len(retriever.invoke(QUESTION)) == 1
    assert asyncio.run(retriever.ainvoke(QUESTION)) == retriever.invoke(QUESTION)


def test_a_query_engine_gives_the_answer_and_its_quotes(client: Catena) -> None:
    from catena import CatenaQueryEngine

    engine = CatenaQueryEngine(client, documents=["lantern"])
    response = engine.query(QUESTION)
    assert "forty hours" in str(response) and "forty hours" in response.source_nodes[0].text
    assert response.source_nodes[0].metadata["parts"][0]["boxes"]
    assert (response.metadata or {})["catena"]["status"] == "answered"
    assert str(asyncio.run(engine.aquery(QUESTION))) == str(response)


def test_a_query_engine_says_what_no_document_says(client: Catena) -> None:
    from catena import CatenaQueryEngine

    response = CatenaQueryEngine(client).query("Who won the chess tournament in Lisbon?")
    assert (response.metadata or {})["catena"]["status"] == "not_in_document" and not response.source_nodes


def test_a_reader_gives_pages(client: Catena, tmp_path: Path) -> None:
    from catena import CatenaReader

    (file := tmp_path / "rope.txt").write_text("The rope is nine metres long.")
    (page,) = CatenaReader(client).load_data(file, extra_info={"shelf": "boats"})
    assert page.text.strip() == "The rope is nine metres long."
    assert (page.metadata["page"], page.metadata["title"], page.metadata["shelf"]) == (1, "rope", "boats")
