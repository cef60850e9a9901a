from __future__ import annotations

import pytest

from catena.retrieval.document_cache import OpenedDocuments
from catena.retrieval.hybrid import Weights, echo, lexical_scores
from tests.retrieval.shelf import MemoryLibrary

PAGES = [
    "Capital expenditure means purchases of property and plant.",
    "Purchases of property and plant were 1,577.",
    "Capital markets were calm.",
    "Nothing else happened here.",
]


@pytest.fixture
def documents() -> OpenedDocuments:
    library = MemoryLibrary()
    library.add("Report", *PAGES)
    return OpenedDocuments(library)


def test_the_documents_own_words_find_a_page_that_shares_none(documents: OpenedDocuments) -> None:
    document = documents.get("Report")
    without = lexical_scores(document, "capital expenditure", Weights(echo=0.0))
    with_echo = lexical_scores(document, "capital expenditure", Weights(echo=0.5))
    assert without[1] == 0 < with_echo[1]
    assert with_echo[3] == 0
    assert with_echo.argmax() == 0


def test_an_echo_is_whole_and_without_figures(documents: OpenedDocuments) -> None:
    document, asked = documents.get("Report"), ["purchas"]
    echoed = echo(document, asked, document.index.score(asked))
    assert sum(echoed.values()) == pytest.approx(1.0)
    assert "purchas" not in echoed and "1577" not in echoed and "properti" in echoed


def test_nothing_echoes_nothing(documents: OpenedDocuments) -> None:
    document = documents.get("Report")
    assert echo(document, ["zebra"], document.index.score(["zebra"])) == {}


def test_a_word_in_the_header_counts_more() -> None:
    library = MemoryLibrary()
    filler = "Many words about other things are written here. " * 40
    library.add("Report", f"Dividends. {filler}", f"Profits. {filler}")
    document = OpenedDocuments(library).get("Report")
    scores = lexical_scores(document, "dividends", Weights(echo=0.0))
    plain = document.index.score(["dividend"])
    assert (scores[document.pages == 1] >= plain[document.pages == 1]).all()
    assert scores[document.pages == 1][1:].min() > plain[document.pages == 1][1:].min()
    assert (scores[document.pages == 2] == 0).all()
