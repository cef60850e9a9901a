"""Right-to-left lines are read as they were written: words, numbers, signs and boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from catena.ingest.pdf.bidi import MIRRORED, logical_order
from catena.ingest.pdf.rtl import bidi_lines, bidi_words
from catena.types import Page
from tests.ingest.printing import read, save_pdf


def logical(visual: str, *, is_rtl: bool = True) -> str:
    order, sides = logical_order(visual, is_rtl=is_rtl)
    return "".join(visual[at].translate(MIRRORED) if sides[at] else visual[at] for at in order)


@pytest.mark.parametrize(
    ("visual", "expected"),
    [
        (".2021-ל 2019 ןיב", "בין 2019 ל-2021."),
        ("01:30-ל 12,500 - 3.5%", "3.5% - 12,500 ל-01:30"),
        ('(מ"עמ אל) 1,840', '1,840 (לא מע"מ)'),
        (".47-AB 'סמ הזוח", "חוזה מס' 47-AB."),
        ("התנק Microsoft Office 2019-ב", "ב-2019 Microsoft Office קנתה"),
        ("%10 ىلإ", "إلى 10%"),
        ("٢٠٢١-٢٠١٩ نيب", "بين ٢٠١٩-٢٠٢١"),
    ],
)
def test_numbers_and_latin_words_keep_their_order_inside_a_right_to_left_line(
    visual: str, expected: str
) -> None:
    assert logical(visual) == expected


def test_right_to_left_words_inside_a_left_to_right_line() -> None:
    assert logical("the word (םולע 10 םולש) here 7.", is_rtl=False) == "the word (שלום 10 עלום) here 7."


HEBREW = [
    "המחיר עלה מ-10 ל-20 אחוזים בין 2019 ל-2021.",
    'הסכום הוא 1,840 שקלים (לא כולל מע"מ), לפי Deloitte Israel.',
    "הפגישה נקבעה ל-3 במרץ 2031 בשעה 14:30, חדר B12.",
]


def paragraphs(path: Path, *texts: str, rtl: bool = True) -> Page:
    direction = "rtl" if rtl else "ltr"

    def draw(page: Any) -> None:
        body = "".join(f'<p dir="{direction}">{text}</p>' for text in texts)
        page.insert_htmlbox(pymupdf.Rect(20, 40, 380, 560), body)

    (page,) = read(save_pdf(path, draw))
    return page


def test_hebrew_reads_as_written(tmp_path: Path) -> None:
    assert paragraphs(tmp_path / "a.pdf", *HEBREW).text.split() == " ".join(HEBREW).split()


def test_words_are_boxed_where_they_stand(tmp_path: Path) -> None:
    page = paragraphs(tmp_path / "a.pdf", HEBREW[0])
    lefts = [word.box[0] for word in page.words]
    assert [page.text[word.start : word.end] for word in page.words] == HEBREW[0].split()
    assert lefts == sorted(lefts, reverse=True)


def test_a_wrapped_paragraph_is_one_line_and_other_directions_begin_anew(tmp_path: Path) -> None:
    long = " ".join(HEBREW)

    def draw(page: Any) -> None:
        body = f'<p style="margin:0">The contract is bilingual.</p><p dir="rtl" style="margin:0">{long}</p>'
        page.insert_htmlbox(pymupdf.Rect(20, 40, 380, 560), body + '<p style="margin:0">Power: 40 kW.</p>')

    (page,) = read(save_pdf(tmp_path / "a.pdf", draw))
    assert page.text.split("\n") == ["The contract is bilingual.", long, "Power: 40 kW."]


def span(*characters: tuple[str, float, float], y: float = 100.0) -> dict[str, Any]:
    chars = [{"c": c, "origin": (x0, y), "bbox": (x0, y - 10, x1, y + 3)} for c, x0, x1 in characters]
    return {"size": 12.0, "flags": 0, "font": "Any", "chars": chars, "origin": (0.0, y)}


def words_of(*characters: tuple[str, float, float]) -> list[str]:
    box = (min(c[1] for c in characters), 90.0, max(c[2] for c in characters), 103.0)
    line = {"wmode": 0, "dir": (1.0, 0.0), "bbox": box, "spans": [span(*characters)]}
    (found,) = bidi_lines([{"lines": [line]}], {}, 1.0)
    return [word for cell in bidi_words(found, 1.0, is_rtl=True) for word, _ in cell]


@pytest.mark.parametrize("alef", "آأإا")
def test_a_ligature_of_lam_and_alef_is_read_lam_first(alef: str) -> None:
    for first, second in ((("ل", 20.0, 27.0), (alef, 27.0, 27.0)), ((alef, 20.0, 27.0), ("ل", 27.0, 27.0))):
        assert words_of(("س", 10.0, 20.0), first, second, ("ا", 27.0, 30.0)) == [f"ال{alef}س"]


@pytest.mark.parametrize(("form", "plain"), [("ﻻ", "لا"), ("ﻺ", "لإ"), ("ﺳ", "س"), ("ﬡ", "א")])
def test_presentation_forms_are_plain_letters(form: str, plain: str) -> None:
    assert words_of((form, 10.0, 20.0)) == [plain]


def test_marks_stay_with_their_letter() -> None:
    assert words_of(("ם", 10, 18), ("ל", 18, 24), ("\u05b8", 20, 22), ("ש", 24, 32)) == ["של\u05b8ם"]


def test_a_character_printed_twice_is_read_once() -> None:
    assert words_of(("ב", 10, 18), ("ב", 10.5, 18.5), ("א", 18, 26), ("א", 18.5, 26.5)) == ["אב"]
