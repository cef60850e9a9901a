"""Pages that are pictures: read page by page, boxed on the page, resumable, and said when they cannot be."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from catena.client import Catena
from catena.errors import OptionError
from catena.ingest.frames import FrameDecoder, encode
from catena.ingest.ocr.text_recognition import RecognisedPages, describe, engine
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.settings import Settings, load_settings
from catena.types import Document, Page
from tests.ingest.printing import column, put, save_pdf

needs_engine = pytest.mark.skipif(not engine(), reason='no Tesseract: pip install "catena-qa[ocr]"')
LINES = [
    "The lantern burns for forty hours",
    "on a single charge of its battery,",
    "and the warranty is five years.",
]


def draw(page: Any) -> None:
    column(page, 40, 80, LINES, 14, 20)


def photographed(path: Path, *, texts: int = 0, pictures: int = 1, rotation: int = 0) -> Path:
    """A PDF of pages with text, then pages that are pictures of such a page."""
    save_pdf(path, *[lambda page: put(page, 40, 300, "A page of printed text")] * texts, *[draw] * pictures)
    with pymupdf.open(path) as printed, pymupdf.open() as document:
        document.insert_pdf(printed, to_page=texts - 1) if texts else None
        for _ in range(pictures):
            pixmap = printed[texts].get_pixmap(dpi=150, colorspace=pymupdf.csGRAY)
            page = document.new_page(width=400, height=600)
            page.insert_image(page.rect, pixmap=pixmap)
            page.set_rotation(rotation)
        document.save(path.with_suffix(".scan.pdf"))
    return path.with_suffix(".scan.pdf")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParserPool]:
    with ParserPool(load_settings(home=tmp_path_factory.mktemp("home"))) as pool:
        yield pool


def parse(pool: ParserPool, path: Path, document_id: str = "d" * 64) -> tuple[Document, list[Page]]:
    return pool.parse(path, document_id=document_id, as_kind="pdf")


def covered(one: Any, other: Any) -> float:
    """The share of a box that another covers."""
    both = pymupdf.Rect(one) & pymupdf.Rect(other)
    return both.get_area() / pymupdf.Rect(one).get_area() if not both.is_empty else 0.0


@needs_engine
def test_a_picture_is_read_and_its_words_are_boxed_where_they_stand(
    reader: ParserPool, tmp_path: Path
) -> None:
    document, (page,) = parse(reader, photographed(tmp_path / "a.pdf"))
    assert (page.text, page.source) == (" ".join(LINES), "ocr")
    assert (document.status, document.message) == ("ready", "text recognition read 1 of 1 pages")
    with pymupdf.open(tmp_path / "a.pdf") as printed:
        truth = [box[:4] for box in printed[0].get_text("words")]
    assert [covered(word.box, box) > 0.9 for word, box in zip(page.words, truth, strict=True)] == [
        True
    ] * len(truth)


@needs_engine
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_boxes_are_on_the_page_as_displayed(reader: ParserPool, tmp_path: Path, rotation: int) -> None:
    path = photographed(tmp_path / "a.pdf", rotation=rotation)
    _, (page,) = parse(reader, path, f"{rotation:064}")
    assert "forty hours" in page.text
    with pymupdf.open(path) as document:
        assert (page.width, page.height) == tuple(document[0].rect)[2:]
        ink = [word.box for word in page.words if not covered(word.box, document[0].rect) > 0.99]
    assert not ink


@needs_engine
def test_pages_with_text_are_left_as_they_are(reader: ParserPool, tmp_path: Path) -> None:
    document, pages = parse(reader, photographed(tmp_path / "a.pdf", texts=2), "e" * 64)
    assert [page.source for page in pages] == ["text", "text", "ocr"]
    assert [page.text for page in pages] == ["A page of printed text"] * 2 + [" ".join(LINES)]
    assert (document.status, document.num_pages_with_text) == ("ready", 3)


def test_without_the_extra_a_document_is_partial_and_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("catena.ingest.ocr.text_recognition.version", missing)
    settings = load_settings()
    with ParserPool(settings) as pool:
        document, _ = parse(pool, photographed(tmp_path / "a.pdf", texts=1))
    assert (document.status, "1 of 2 pages are images" in document.message) == ("partial", True)
    assert 'pip install "catena-qa[ocr]"' in document.remedy
    assert 'pip install "catena-qa[ocr]"' in describe(settings)


@needs_engine
def test_switched_off_nothing_is_read(tmp_path: Path) -> None:
    with ParserPool(load_settings(ocr=False)) as pool:
        document, _ = parse(pool, photographed(tmp_path / "a.pdf"))
    assert (document.status, document.reason) == ("failed", "no_text")
    assert "CATENA_OCR=true" in document.remedy


@needs_engine
def test_a_page_that_takes_too_long_is_a_page_without_text(tmp_path: Path) -> None:
    with ParserPool(load_settings(ocr_seconds=0.001)) as pool:
        document, pages = parse(pool, photographed(tmp_path / "a.pdf", texts=1))
    assert (document.status, [bool(page.text) for page in pages]) == ("partial", [True, False])


@needs_engine
def test_a_language_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    path = photographed(tmp_path / "a.pdf")
    with ParserPool(load_settings(ocr_languages="eng+tlh")) as pool, pytest.raises(OptionError) as caught:
        parse(pool, path)
    assert "no data for tlh; installed: " in caught.value.message
    assert "tesseract-ocr-tlh" in caught.value.remedy


@needs_engine
def test_what_an_interrupted_run_recognised_is_not_recognised_again(tmp_path: Path) -> None:
    path, settings = photographed(tmp_path / "a.pdf", pictures=7), load_settings()
    kept = RecognisedPages(settings, "d" * 64).path

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with ParserPool(settings) as pool, pytest.raises(KeyboardInterrupt):
        pool.parse(path, document_id="d" * 64, as_kind="pdf", on_page=stop)
    done = list(FrameDecoder().feed(kept.read_bytes()))
    assert 1 <= len(done) < 7
    marked = b"".join(encode(header, body.replace(b"lantern", b"firefly")) for header, body in done)
    kept.write_bytes(marked + b"\x09\x00")  # and half a page
    with ParserPool(settings) as pool:
        _, pages = parse(pool, path)
    assert sum("firefly" in page.text for page in pages) == len(done)
    assert len(list(FrameDecoder().feed(kept.read_bytes()))) == 7


@needs_engine
def test_an_answer_cites_a_scan_and_removal_takes_what_was_recognised(
    settings: Settings, tmp_path: Path
) -> None:
    with Catena(settings=settings) as catena:
        document = catena.add(photographed(tmp_path / "a.pdf"))
        (citation,) = catena.ask("How long does the lantern burn?").citations
        assert citation.source == "ocr"
        assert "forty hours" in citation.quote
        assert list((settings.home / "recognised").iterdir())
        catena.remove(document)
        assert not list((settings.home / "recognised").iterdir())


@pytest.fixture
def settings() -> Settings:
    return load_settings()
