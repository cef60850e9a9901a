"""Real PDFs that nobody here wrote."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from catena.benchmarks.spans import check_pdf
from catena.ingest.pdf.pdf_reader import PdfReading
from catena.types import Page
from tests.ingest.printing import lines

pytestmark = pytest.mark.data


def page_of(path: Path, number: int) -> Page:
    return next(page for page in PdfReading(path).pages("d") if page.ref.number == number)


def test_a_cash_flow_statement_reads_row_by_row(data: Path) -> None:
    page = page_of(data / "financebench/pdfs/AMAZON_2019_10K.pdf", 37)
    rows = [text for kind, text in lines(page) if kind == "row"]
    assert "Purchases of property and equipment (11,955) (13,427) (16,861)" in rows
    assert (
        "Depreciation and amortization of property and equipment and capitalized content costs, "
        "operating lease assets, and other 11,478 15,341 21,789"
    ) in rows


def test_a_paper_in_two_columns_reads_on(data: Path) -> None:
    page = page_of(data / "mmlongbench-doc/data/documents/2312.10997v5.pdf", 15)
    assert "areas ripe for exploration [27]. Another trend is to introduce SLMs" in page.text


def test_vertical_japanese(data: Path) -> None:
    page = page_of(data / "robust/pdfminer/samples/nonfree/kampo.pdf", 1)
    assert "道路交通法の一部を改正する法律（平成十九年法律第九十号）の一部の施行に伴い" in page.text


def test_right_to_left(data: Path) -> None:
    page = page_of(data / "robust/docling/tests/data/pdf/sources/right_to_left_03.pdf", 1)
    assert ("row", "تاريخ پذيرش 1403/10/04") in lines(page)


@pytest.mark.parametrize(
    "name",
    [
        "mmlongbench-doc/data/documents/2310.07609v1.pdf",
        "financebench/pdfs/MGMRESORTS_2022Q4_EARNINGS.pdf",
        "robust/pdfminer/samples/zen_of_python_corrupted.pdf",
    ],
)
def test_quotes_stand_where_a_second_extractor_sees_them(data: Path, name: str) -> None:
    score = check_pdf(data / name, 20, random.Random(1))
    assert score.num_spans == 20
    assert score.recall >= 0.99, score.failures
    assert score.precision >= 0.95, score.failures
    assert score.page_recall >= 0.99, score.failures
