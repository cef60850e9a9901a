"""Pages as pictures: boxes are drawn where they are, print stays readable, size stays bounded."""

from pathlib import Path

import numpy as np
import pymupdf
import pytest
from numpy.typing import NDArray

from catena.errors import DocumentError
from catena.ingest.page_image import MAX_PIXELS, draw, scale_for
from catena.ingest.reader_protocol import Picture
from catena.ingest.sandbox.parser_pool import ParserPool

Pixels = NDArray[np.uint8]


def pixels_of(png: bytes) -> Pixels:
    pixmap = pymupdf.Pixmap(png)
    return np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width, pixmap.n)[:, :, :3]


def blank(colour: int) -> Picture:
    return Picture(200, 100, bytes([colour]) * 200 * 100 * 3, 2.0)


def test_a_box_is_yellow_with_an_edge_and_the_rest_untouched() -> None:
    pixels = pixels_of(draw(blank(255), [(20, 10, 60, 30)]))
    middle, outside = pixels[40, 80], pixels[90, 190]
    assert middle[0] > 240
    assert middle[2] < 150
    assert tuple(outside) == (255, 255, 255)
    edge = pixels[40, 37:43].sum(axis=1)
    assert edge.min() < 300


def test_black_print_stays_black_under_the_mark() -> None:
    picture = blank(255)
    samples = bytearray(picture.samples)
    at = (40 * 200 + 80) * 3
    samples[at : at + 3] = b"\0\0\0"
    picture.samples = bytes(samples)
    assert tuple(pixels_of(draw(picture, [(20, 10, 60, 30)]))[40, 80]) == (0, 0, 0)


def test_a_dark_page_is_marked_visibly() -> None:
    pixels = pixels_of(draw(blank(20), [(20, 10, 60, 30)]))
    assert int(pixels[40, 80].sum()) > int(pixels[90, 190].sum()) + 100


def test_words_of_one_quote_grow_together() -> None:
    pixels = pixels_of(draw(blank(255), [(20, 10, 40, 20), (42, 10, 60, 20)]))
    assert tuple(pixels[30, 82]) == tuple(pixels[30, 60])


@pytest.mark.parametrize(
    "box", [(-50, -50, -10, -10), (500, 500, 600, 600), (60, 30, 20, 10), (0, 0, 1e7, 1e7)]
)
def test_odd_boxes_do_no_harm(box: tuple[float, float, float, float]) -> None:
    assert pixels_of(draw(blank(255), [box])).shape == (100, 200, 3)


@pytest.mark.parametrize(("width", "height"), [(612, 792), (14400, 14400), (1e6, 10), (0, 0)])
def test_pictures_are_capped(width: float, height: float) -> None:
    scale = scale_for(width, height, 600)
    assert 0 < scale <= 600 / 72
    assert width * height * scale**2 <= MAX_PIXELS * 1.01


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_fit_rotated_pages(pool: ParserPool, tmp_path: Path, rotation: int) -> None:
    path = tmp_path / "turned.pdf"
    with pymupdf.open() as document:
        page = document.new_page(width=300, height=400)
        page.insert_text((60, 100), "EVIDENCE", fontsize=40)
        page.set_rotation(rotation)
        box = tuple(page.search_for("EVIDENCE")[0] * page.rotation_matrix)
        document.save(path)
    plain = pixels_of(pool.render(path, 1, kind="pdf", dpi=72)).astype(int)
    marked = pixels_of(pool.render(path, 1, kind="pdf", dpi=72, boxes=[box])).astype(int)
    is_marked = (plain != marked).any(axis=2)
    is_print = plain.sum(axis=2) < 300
    assert is_marked[is_print].mean() < 0.35
    rows, columns = np.nonzero(is_print)
    around = is_marked[rows.min() : rows.max(), columns.min() : columns.max()]
    assert (around | is_print[rows.min() : rows.max(), columns.min() : columns.max()]).mean() > 0.9


def test_a_damaged_file_is_an_error(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(DocumentError) as caught:
        pool.render(path, 1, kind="pdf")
    assert caught.value.reason == "damaged"


def test_a_locked_file_needs_its_password(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    with pymupdf.open() as document:
        document.new_page().insert_text((50, 50), "secret")
        document.save(path, encryption=5, user_pw="open", owner_pw="own")
    with pytest.raises(DocumentError) as caught:
        pool.render(path, 1, kind="pdf")
    assert caught.value.reason == "needs_password"
    assert pool.render(path, 1, kind="pdf", password="open").startswith(b"\x89PNG")
