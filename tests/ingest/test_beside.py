"""What a PDF carries beside its pages' text: attached files, notes, dynamic forms, pictures of text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
import pytest

from catena.ingest.ocr.text_recognition import engine
from catena.ingest.pdf.pdf_reader import PdfReading
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.settings import load_settings
from tests.ingest.printing import column, put, save_pdf

PROSE = [
    "The prose of the page stands here",
    "and goes on for several lines of",
    "ordinary words about the ships.",
]
CLAUSE = [
    "The fee of the northern harbour",
    "is four hundred euro a month and",
    "is due on the first of May 2031.",
]
Finish = Callable[[Any], None]


def plain(page: Any) -> None:
    column(page, 20, 60, PROSE)


def outcome(path: Path, *pages: Any, finish: Finish | None = None) -> Any:
    reading = PdfReading(save_pdf(path, *pages, finish=finish), picture_remedy="Recognise it.")
    list(reading.pages("d"))
    return reading.outcome()


@pytest.mark.parametrize("num_files", [1, 3, 8])
def test_attached_files_are_named_and_counted(tmp_path: Path, num_files: int) -> None:
    def attach(document: Any) -> None:
        for number in range(num_files):
            document.embfile_add(f"annex{number}.xlsx", b"any")

    found = outcome(tmp_path / "a.pdf", plain, finish=attach)
    assert found.status == "partial"
    assert f"attached files that were not read: {num_files} (annex0.xlsx" in found.message
    assert ("and 3 more" in found.message) == (num_files == 8)
    assert "Save the attached files" in found.remedy


def test_a_file_pinned_to_a_page_is_attached_too(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        plain(page)
        page.add_file_annot((300, 60), b"any", "lease.docx")

    found = outcome(tmp_path / "a.pdf", draw)
    assert (found.status, "1 (lease.docx)" in found.message) == ("partial", True)


def test_notes_are_counted_and_typed_text_is_read(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        plain(page)
        page.add_text_annot((300, 60), "The western bearing is fine.")
        page.add_highlight_annot((20, 50, 90, 62)).set_info(content="Is it?")
        page.add_freetext_annot((20, 200, 300, 230), "Typed with a viewer.", fontsize=11)

    reading = PdfReading(save_pdf(tmp_path / "a.pdf", draw))
    (page,) = reading.pages("d")
    assert "Typed with a viewer." in page.text
    assert (reading.outcome().status, reading.outcome().message) == (
        "ready",
        "notes stuck on pages that were not read: 2",
    )


DATA = (
    b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template><subform><field name="fee"><caption><value><text>'
    b'Monthly fee:</text></value></caption></field></subform></template><xfa:datasets xmlns:xfa="x"><xfa:data><form>'
    b"<applicantName>Ida &amp; Ove Rask</applicantName><terms><fee>412,50</fee><note/></terms></form></xfa:data>"
    b"</xfa:datasets></xdp:xdp>"
)


def form_of(document: Any, data: bytes, *, parts: bool = False) -> None:
    number = document.get_new_xref()
    document.update_object(number, "<<>>")
    document.update_stream(number, data)
    value = f"[(config) {number} 0 R (datasets) {number} 0 R]" if parts else f"{number} 0 R"
    document.xref_set_key(document.pdf_catalog(), "AcroForm", f"<</Fields[]/XFA {value}>>")
    document.xref_set_key(document.pdf_catalog(), "NeedsRendering", "true")


@pytest.mark.parametrize("parts", [False, True])
def test_values_of_a_dynamic_form_are_read_and_it_is_partial(tmp_path: Path, parts: bool) -> None:
    path = save_pdf(
        tmp_path / "a.pdf",
        lambda page: put(page, 20, 60, "Please wait..."),
        finish=lambda document: form_of(document, DATA, parts=parts),
    )
    reading = PdfReading(path)
    first, second = reading.pages("d")
    assert first.text == "Please wait..."
    assert "applicant Name: Ida & Ove Rask" in second.text
    assert "Monthly fee: 412,50" in second.text
    assert reading.render(2, 50).width > 0
    assert reading.outcome().status == "partial"
    assert "2 values were read" in reading.outcome().message


@pytest.mark.parametrize("data", [b"", b"<a>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_a_broken_form_says_that_it_was_not_read(tmp_path: Path, data: bytes) -> None:
    found = outcome(tmp_path / "a.pdf", plain, finish=lambda document: form_of(document, data))
    assert (found.status, "dynamic XFA form: it was not read" in found.message) == ("partial", True)
    assert "print it to a PDF" in found.remedy


def picture_of(draw: Any, size: tuple[float, float] = (360, 120), dpi: int = 150) -> Any:
    with pymupdf.open() as document:
        page = document.new_page(width=size[0], height=size[1])
        draw(page)
        return page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)


def with_picture(page: Any, pixmap: Any, place: tuple[float, float, float, float]) -> None:
    plain(page)
    page.insert_image(place, pixmap=pixmap)


def clause(page: Any) -> None:
    with_picture(page, picture_of(lambda inner: column(inner, 10, 30, CLAUSE, 12, 18)), (20, 200, 380, 320))


def test_a_picture_of_text_beside_prose_is_counted(tmp_path: Path) -> None:
    found = outcome(tmp_path / "a.pdf", clause, plain)
    assert (found.status, found.remedy) == ("partial", "Recognise it.")
    assert "pictures of text that were not read: 1" in found.message


def photograph(page: Any) -> None:
    values = np.random.default_rng(7).normal(0, 1, (300, 400)).cumsum(0).cumsum(1)
    grey = ((values - values.min()) / np.ptp(values) * 255).astype(np.uint8)
    with_picture(page, pymupdf.Pixmap(pymupdf.csGRAY, 400, 300, grey.tobytes(), False), (20, 200, 380, 470))


def logo(page: Any) -> None:
    pixmap = picture_of(lambda inner: put(inner, 5, 60, "Larkmoor", 60), (300, 80))
    with_picture(page, pixmap, (20, 200, 320, 280))


def read_already(page: Any) -> None:
    """A scan whose words were recognised: they lie unpainted over their picture."""
    clause(page)
    for row, text in enumerate(CLAUSE):
        put(page, 30, 230 + 18 * row, text, 12, render_mode=3)


@pytest.mark.parametrize("draw", [photograph, logo, read_already])
def test_other_pictures_make_no_document_partial(tmp_path: Path, draw: Any) -> None:
    assert outcome(tmp_path / "a.pdf", draw, plain).status == "ready"


def test_words_under_a_picture_are_hidden(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        plain(page)
        put(page, 40, 300, "Harold Pym is the witness")
        photo = np.tile(np.arange(100, dtype=np.uint8) * 2, (80, 1))
        pixmap = pymupdf.Pixmap(pymupdf.csGRAY, 100, 80, photo.tobytes(), False)
        page.insert_image((30, 280, 200, 310), pixmap=pixmap, keep_proportion=False)

    reading = PdfReading(save_pdf(tmp_path / "a.pdf", draw))
    (page,) = reading.pages("d")
    assert page.text == " ".join(PROSE)
    assert reading.tally.num_hidden_words == 5


@pytest.mark.skipif(not engine(), reason='no Tesseract: pip install "catena-qa[ocr]"')
def test_a_picture_of_text_is_recognised_where_it_stands(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", clause)
    with ParserPool(load_settings(home=tmp_path / "home")) as pool:
        document, pages = pool.parse(path, document_id="d" * 64, as_kind="pdf")
    assert pages[0].text == " ".join(PROSE) + "\n" + " ".join(CLAUSE)
    assert (document.status, document.message) == ("ready", "text recognition read 1 pictures beside text")
    word = next(word for word in pages[0].words if pages[0].text[word.start : word.end] == "northern")
    assert 200 < word.box[1] < word.box[3] < 250
