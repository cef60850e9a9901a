"""What is printed in a chart answers: with its value, its figure, and the boxes of label and value."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from catena.client import Catena
from catena.ingest.ocr.text_recognition import engine
from catena.settings import load_settings
from catena.types import Answer
from tests.ingest.charts import bars, captioned, pictured
from tests.ingest.printing import save_pdf

QUESTION = "How many rain days did Krems have?"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catena]:
    home = tmp_path_factory.mktemp("home")
    with Catena(settings=load_settings(home=home, background=False, parser_processes=1)) as client:
        yield client


def asked(client: Catena, path: Path, draw: Any, question: str = QUESTION) -> Answer:
    document = client.add(save_pdf(path, partial(captioned, draw=draw)))
    return client.ask(question, documents=[document])


def test_a_value_of_a_chart_answers_with_its_figure_and_boxes(client: Catena, tmp_path: Path) -> None:
    answer = asked(client, tmp_path / "a.pdf", bars)
    assert (answer.short, answer.text) == ("70", "70: Krems")
    (citation,) = answer.citations
    assert (citation.quote, citation.figure, citation.source) == ("Krems 70", "Figure 2", "text")
    label, value = citation.parts[0].boxes
    assert value[3] < label[1]


def test_exchanged_labels_exchange_the_answer(client: Catena, tmp_path: Path) -> None:
    answer = asked(client, tmp_path / "b.pdf", partial(bars, names=("Horn", "Krems", "Melk")))
    assert answer.short == "52"


def test_a_blanked_value_is_refused(client: Catena, tmp_path: Path) -> None:
    answer = asked(client, tmp_path / "c.pdf", partial(bars, values=("", 52, 61)))
    assert (answer.status, answer.short) == ("not_in_document", "")


@pytest.mark.skipif(not engine(), reason='no Tesseract: pip install "catena-qa[ocr]"')
def test_a_value_in_a_picture_answers_and_says_that_it_was_recognised(client: Catena, tmp_path: Path) -> None:
    answer = asked(client, tmp_path / "d.pdf", lambda page: pictured(page, bars, dpi=200))
    assert (answer.short, answer.citations[0].source, answer.citations[0].figure) == ("70", "ocr", "Figure 2")
