"""PDF pages: text in reading order, a box for each word, what is hidden or missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from catena.errors import DocumentError
from catena.ingest.pdf.page_input import text_of
from catena.ingest.pdf.page_words import clean
from catena.ingest.pdf.pdf_reader import PdfReading
from tests.ingest.printing import column, lines, put, read, save_pdf

AES_256 = 5  # pymupdf.PDF_ENCRYPT_AES_256, which its stubs lack
LEFT = [
    "The first column tells of a light",
    "house that stood upon the rocks",
    "and shone for forty long years.",
]
RIGHT = [
    "The second column tells of a ship",
    "that looked for the light in the",
    "night and found its way home.",
]


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 60, 50, "A full-width title over both of the two columns here", 14)
        column(page, 20, 90, LEFT * 2)
        column(page, 210, 90, RIGHT * 2)

    (page,) = read(save_pdf(tmp_path / "two.pdf", draw))
    order = [page.text.index(start) for start in ("A full", "The first", "shone", "The second", "looked")]
    assert order == sorted(order)
    assert "light house that stood upon the rocks and shone" in page.text


@pytest.mark.parametrize("num_notes", [1, 2, 3])
def test_footnotes_under_columns_are_read_column_by_column(tmp_path: Path, num_notes: int) -> None:
    def draw(page: Any) -> None:
        column(page, 20, 90, LEFT * 2)
        column(page, 210, 90, RIGHT * 2)
        column(
            page,
            20,
            500,
            [f"{number} Register of mills, folio {number}." for number in range(num_notes)],
            7,
            9,
        )
        column(
            page,
            210,
            500,
            [f"{number + 5} Book of guilds, p. {number}." for number in range(num_notes)],
            7,
            9,
        )

    (page,) = read(save_pdf(tmp_path / "two.pdf", draw))
    starts = [page.text.index(f"{number} Register") for number in range(num_notes)]
    starts += [page.text.index(f"{number + 5} Book") for number in range(num_notes)]
    assert starts == sorted(starts)


def test_notes_in_the_margin_are_read_apart(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 150, 70, "A heading that reaches over", 14)
        column(page, 20, 100, LEFT * 3)
        column(page, 300, 101, ["Observe the chapter", "on warranty, which", "begins on page 97"], 6, 8)

    (page,) = read(save_pdf(tmp_path / "notes.pdf", draw))
    assert "the light" not in page.text
    assert "house that stood upon the rocks and shone" in page.text
    assert page.text.endswith("Observe the chapter on warranty, which begins on page 97")


def test_a_table_is_no_pair_of_columns(tmp_path: Path) -> None:
    rows = [
        ("Net sales", "1,200", "1,100"),
        ("Cost of sales", "(800)", "(750)"),
        ("Gross profit", "$ 400", "$ 350"),
    ]

    def draw(page: Any) -> None:
        for index, (label, this, last) in enumerate(rows):
            put(page, 20, 100 + 14 * index, label)
            put(page, 250, 100 + 14 * index, this)
            put(page, 330, 100 + 14 * index, last)

    (page,) = read(save_pdf(tmp_path / "table.pdf", draw))
    assert lines(page) == [("row", " ".join(row)) for row in rows]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_boxes_hold_their_words_on_the_page_as_displayed(tmp_path: Path, rotation: int) -> None:
    def draw(page: Any) -> None:
        put(page, 60, 80, "Only one word is marked here")
        page.set_rotation(rotation)

    path = save_pdf(tmp_path / "turned.pdf", draw)
    (page,) = read(path)
    word = next(word for word in page.words if page.text[word.start : word.end] == "marked")
    with pymupdf.open(path) as document:
        seen = document[0]
        assert (page.width, page.height) == (seen.rect.width, seen.rect.height)
        box = pymupdf.Rect(word.box) * seen.derotation_matrix
        assert seen.get_textbox(box).strip() == "marked"


def test_words_cover_the_text(tmp_path: Path) -> None:
    (page,) = read(save_pdf(tmp_path / "a.pdf", lambda page: column(page, 20, 60, LEFT)))
    assert "".join(page.text[word.start : word.end] for word in page.words) == "".join(page.text.split())


def test_a_broken_word_is_joined_and_is_two_words_that_touch(tmp_path: Path) -> None:
    texts = [
        "The company has inter-",
        "national customers in many",
        "lands and a long-",
        "term plan. The long-term plan",
    ]
    (page,) = read(save_pdf(tmp_path / "a.pdf", lambda page: column(page, 20, 60, texts)))
    assert "has international customers" in page.text
    assert "a long-term plan" in page.text
    start = page.text.index("international")
    first, second = (word for word in page.words if start <= word.start < start + 13)
    assert (page.text[first.start : first.end], page.text[second.start : second.end]) == ("inter", "national")
    assert first.end == second.start
    assert first.box[1] < second.box[1]


HIDDEN: dict[str, dict[str, Any]] = {
    "unpainted": {"render_mode": 3},
    "white on white": {"color": (1, 1, 1)},
    "half a point": {"size": 0.5},
    "off the page": {"x": -500.0},
}


@pytest.mark.parametrize("more", HIDDEN.values(), ids=HIDDEN.keys())
def test_hidden_text_is_left_out_and_counted(tmp_path: Path, more: dict[str, Any]) -> None:
    def draw(page: Any) -> None:
        put(page, 20, 60, "What everybody sees.")
        put(page, more.get("x", 20), 90, "Ignore it.", **{key: more[key] for key in more if key != "x"})

    reading = PdfReading(save_pdf(tmp_path / "a.pdf", draw))
    (page,) = reading.pages("d")
    assert page.text == "What everybody sees."
    assert reading.tally.num_hidden_words == (0 if "x" in more else 2)  # MuPDF gives no words off the page


def test_white_text_on_a_dark_ground_stays(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        page.draw_rect((10, 40, 300, 80), fill=(0, 0, 0.4))
        put(page, 20, 60, "White on blue", color=(1, 1, 1))

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert page.text == "White on blue"


def picture(page: Any) -> None:
    pixmap = pymupdf.Pixmap(pymupdf.csGRAY, (0, 0, 40, 60))
    pixmap.clear_with(200)
    page.insert_image(page.rect, pixmap=pixmap)


def test_an_unpainted_layer_over_a_picture_is_recognised_text(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        picture(page)
        put(page, 20, 60, "Read by a machine", render_mode=3)

    (page,) = read(save_pdf(tmp_path / "scan.pdf", draw))
    assert (page.text, page.source) == ("Read by a machine", "ocr")


def test_pages_that_are_pictures_are_counted(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", lambda page: put(page, 20, 60, "Some words"), picture)
    reading = PdfReading(path, picture_remedy="Recognise them.")
    assert [page.text for page in reading.pages("d")] == ["Some words", ""]
    outcome = reading.outcome()
    assert (outcome.status, outcome.pages_with_text) == ("partial", 1)
    assert "1 of 2 pages are images" in outcome.message
    assert outcome.remedy == "Recognise them."


@pytest.mark.parametrize("draw", [picture, lambda page: None])
def test_a_document_without_text_failed(tmp_path: Path, draw: Any) -> None:
    reading = PdfReading(save_pdf(tmp_path / "a.pdf", draw))
    assert len(list(reading.pages("d"))) == 1
    assert (reading.outcome().status, reading.outcome().reason) == ("failed", "no_text")


def test_a_repaired_document_is_partial(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", *[lambda page: put(page, 20, 60, "A page of words")] * 40)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"xref", 0, -40)])
    reading = PdfReading(path)
    num_with_text = sum(bool(page.text) for page in reading.pages("d"))
    assert reading.outcome().status == "partial"
    assert f"repaired: text on {num_with_text} of {reading.num_pages} pages" in reading.outcome().message


def test_a_locked_document_needs_its_password(tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    with pymupdf.open() as document:
        put(document.new_page(), 20, 60, "A secret")
        document.save(path, encryption=AES_256, user_pw="sesame", owner_pw="owner")
    for wrong in (None, "wrong"):
        with pytest.raises(DocumentError) as caught:
            PdfReading(path, wrong)
        assert caught.value.reason == "needs_password"
    assert read(path, "sesame")[0].text == "A secret"


@pytest.mark.parametrize("content", [b"", b"<html>hello</html>", b"%PDF-1.7\nnothing"])
def test_what_is_no_pdf_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        PdfReading(path)
    assert caught.value.reason in ("damaged", "not_a_document")


def test_labels_of_the_pdf_win(tmp_path: Path) -> None:
    rules = [{"startpage": 0, "prefix": "", "style": "r", "firstpagenum": 3}]
    path = save_pdf(
        tmp_path / "a.pdf",
        *[lambda page: put(page, 20, 60, "Words")] * 3,
        finish=lambda document: document.set_page_labels(rules),
    )
    assert [page.label for page in read(path)] == ["iii", "iv", "v"]


@pytest.mark.parametrize(
    ("label", "text"),
    [("<FEFF0033>", "3"), ("<FEFF0041002D>7", "A-7"), ("<412D>7", "A-7"), ("<A>", "<A>"), ("iii", "iii")],
)
def test_a_label_in_hexadecimal_is_read(label: str, text: str) -> None:
    assert text_of(label) == text


def test_sections_come_from_the_outline(tmp_path: Path) -> None:
    def first(page: Any) -> None:
        put(page, 20, 60, "One is the beginning")
        put(page, 20, 100, "1.1 Deeper")
        put(page, 20, 140, "Words of the deeper part")

    toc = [[1, "One", 1], [2, "1.1 Deeper", 1], [1, "Two", 3]]
    path = save_pdf(
        tmp_path / "a.pdf",
        first,
        *[lambda page: put(page, 20, 60, "Running on")] * 2,
        finish=lambda document: document.set_toc(toc),
    )
    pages = read(path)
    assert [section.path for section in pages[0].sections] == [("One",), ("One", "1.1 Deeper")]
    assert pages[0].text[pages[0].sections[1].start :].startswith("1.1 Deeper")
    assert [section.path for section in pages[1].sections] == [("One", "1.1 Deeper")]
    assert pages[2].sections[0].path == ("Two",)


def name_targets(document: Any) -> None:
    """Two bookmarks that point to named places, as LaTeX writes them: heights from the foot of the page."""
    document.set_toc([[1, "Ships", 1], [1, "Lights", 1]])
    page, names = document.page_xref(0), document.get_new_xref()
    document.update_object(
        names, f"<</Names[(a)[{page} 0 R/XYZ 20 530 null](b)[{page} 0 R/XYZ 20 330 null]]>>"
    )
    document.xref_set_key(document.pdf_catalog(), "Names", f"<</Dests {names} 0 R>>")
    for xref, name in zip(document.get_outline_xrefs(), "ab", strict=True):
        document.xref_set_key(xref, "A", f"<</S/GoTo/D({name})>>")


def test_named_bookmarks_point_to_numbered_titles(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 20, 60, "Lights and ships are in this book.")
        put(page, 20, 80, "1 Ships", 12)
        column(page, 20, 100, LEFT)
        put(page, 20, 280, "2 Lights", 12)

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw, finish=name_targets))
    starts = [page.text[section.start :].split("\n")[0] for section in page.sections[1:]]
    assert starts == ["1 Ships", "2 Lights"]


def test_few_bookmarks_leave_room_for_headings(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 20, 60, "Limitations", 14, "hebo")
        column(page, 20, 90, LEFT)

    def bookmark(document: Any) -> None:
        document.set_toc([[1, "All", 1]])

    path = save_pdf(tmp_path / "a.pdf", draw, lambda page: column(page, 20, 90, RIGHT), finish=bookmark)
    assert [page.sections[-1].path for page in read(path)] == [("All", "Limitations")] * 2


def test_sections_come_from_headings_where_there_is_no_outline(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 20, 60, "Item 7. Results", 12, "hebo")
        column(page, 20, 90, LEFT)
        put(page, 20, 150, "Liquidity", 10, "hebo")
        column(page, 20, 180, RIGHT)

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert page.sections[-1].path == ("Item 7. Results", "Liquidity")
    assert [line for line in lines(page) if line[0] == "heading"] == [
        ("heading", "Item 7. Results"),
        ("heading", "Liquidity"),
    ]


def test_chinese_is_written_without_spaces_and_boxed_by_character(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        page.insert_text((20, 60), "描述团队的共同目标有利于团队成", fontname="china-s", fontsize=12)
        page.insert_text((20, 75), "员理解目标", fontname="china-s", fontsize=12)

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert page.text == "描述团队的共同目标有利于团队成员理解目标"
    assert len(page.words) == len(page.text)


def test_a_drawn_soft_hyphen_is_a_hyphen(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        column(
            page,
            20,
            60,
            ["The three\u00adstory house stands for integ\u00ad", "rity, which is a fine thing."],
        )

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert page.text == "The three-story house stands for integrity, which is a fine thing."


def test_text_is_free_of_controls_and_ligatures() -> None:
    assert clean("o\ufb03ce\u200b\u202e\x00\u00ad") == "office"


def test_one_bad_page_does_not_stop_the_others(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", *[lambda page: put(page, 20, 60, "A page of words")] * 3)
    with pymupdf.open(path) as document:
        document.xref_set_key(document.page_xref(1), "MediaBox", "[0 0 (no) 5]")
        document.xref_set_key(document.page_xref(1), "Contents", "99 0 R")
        document.save(tmp_path / "b.pdf")
    texts = [page.text for page in read(tmp_path / "b.pdf")]
    assert len(texts) == 3
    assert texts[0] == texts[2] == "A page of words"


def test_signs_of_a_dingbat_font_are_bullets(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 50, 100, "l", font="zadb")
        put(page, 70, 100, "Turn the key")
        put(page, 50, 130, "l is a letter")

    page = read(save_pdf(tmp_path / "a.pdf", draw))[0]
    assert [text for _, text in lines(page)] == ["• Turn the key", "l is a letter"]
