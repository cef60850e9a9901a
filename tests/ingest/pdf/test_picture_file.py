"""Pictures as documents: a page for each, read by recognition; without it, the error says what to do."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from catena.ingest.formats.file_kind import sniff
from catena.ingest.formats.folders import walk_folder
from catena.ingest.ocr.text_recognition import engine
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.settings import load_settings
from tests.ingest.conftest import Parse, parse_file

needs_engine = pytest.mark.skipif(not engine(), reason='no Tesseract: pip install "catena-qa[ocr]"')
WORDS = ("The lease ends on 4 May.", "Rent is 900 euro a month.")


def picture(kind: str = "PNG", *words: str) -> bytes:
    pages = []
    for text in words or WORDS[:1]:
        page = Image.new("RGB", (700, 120), "white")
        ImageDraw.Draw(page).text((30, 40), text, fill="black", font=ImageFont.load_default(40))
        pages.append(page)
    buffer = io.BytesIO()
    more = {"save_all": True, "append_images": pages[1:]} if len(pages) > 1 else {}
    pages[0].save(buffer, kind, **more)
    return buffer.getvalue()


@needs_engine
@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "WEBP"), ("a.gif", "GIF")]
)
def test_the_words_of_a_picture_are_read(parse: Parse, name: str, kind: str) -> None:
    document, pages = parse(name, picture(kind))
    assert (document.kind, document.num_pages, pages[0].text) == ("image", 1, WORDS[0])
    assert pages[0].source == "ocr"
    assert all(0 < word.box[0] < word.box[2] < pages[0].width for word in pages[0].words)


@needs_engine
def test_a_tiff_has_several_pages(parse: Parse) -> None:
    _, pages = parse("a.tiff", picture("TIFF", *WORDS))
    assert [page.text for page in pages] == list(WORDS)


def test_without_recognition_the_error_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture())
    with ParserPool(load_settings(ocr=False)) as pool:
        document, _ = parse_file(pool, path)
    assert (document.status, document.reason) == ("failed", "no_text")
    assert "CATENA_OCR=true" in document.remedy


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", picture()[:60]),
        ("a.webp", picture("WEBP")[:60]),
        ("a.tiff", b"II*\0" + b"\xff" * 200),
        (
            "a.png",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
            + (200_000).to_bytes(4, "big") * 2
            + b"\x08\x06\0\0\0"
            + bytes(40),
        ),
    ],
)
def test_broken_pictures(parse: Parse, name: str, content: bytes) -> None:
    document, _ = parse(name, content)
    assert document.status == "failed"
    assert document.remedy and document.message


def test_pictures_beside_pages_illustrate_them(tmp_path: Path) -> None:
    for name in ("scans/a.png", "site/index.md", "site/b.png", "site/images/c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(picture() if name.endswith("png") else b"# Title\n")
    walked = walk_folder(tmp_path)
    assert [path.name for path in walked.paths] == ["a.png", "index.md"]
    assert walked.skipped == {".png": 2}
    assert sniff(tmp_path / "site" / "b.png") == "image"
