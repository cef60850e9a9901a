"""Text whose fonts print other letters than they say is told from text, in any language."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from catena.ingest.pdf.font_ciphers import is_cipher
from catena.ingest.pdf.pdf_reader import PdfReading
from tests.ingest.printing import column, put, save_pdf

TEXTS = {
    "English": "The board of the company met in March and approved the budget of 4,812 million euro for the year.",
    "German": "Der Vorstand trat im Maerz zusammen und genehmigte den Haushalt von 4,812 Millionen Euro fuer 2031.",
    "Finnish": "Yhtion hallitus kokoontui maaliskuussa ja hyvaksyi vuoden talousarvion neljatuhatta miljoonaa euroa.",
    "Polish": "Zarzad spolki zebral sie w marcu i zatwierdzil budzet w wysokosci czterech miliardow na rok obrotowy.",
    "Turkish": "Sirketin yonetim kurulu mart ayinda toplandi ve yil icin dort milyar avroluk butceyi onayladi gene.",
    "Welsh": "Cyfarfu bwrdd y cwmni ym mis Mawrth a chymeradwyodd y gyllideb o bedwar biliwn ewro ar gyfer y flwyddyn.",
}


def shifted(text: str, distance: int) -> str:
    return "".join(c if c == " " else chr(ord(c) + distance) for c in text)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_text_of_a_language_is_text(text: str) -> None:
    assert not is_cipher(text)
    assert not is_cipher(text.upper())
    assert not is_cipher(text * 6)


@pytest.mark.parametrize("distance", [-29, 1, 3])
def test_shifted_codes_are_no_text(distance: int) -> None:
    assert [is_cipher(shifted(text, distance)) for text in TEXTS.values()] == [True] * len(TEXTS)


def test_one_letter_for_all_is_no_text() -> None:
    assert is_cipher("AAA AAA AA AAAAAA AAAA AAA AAAAAA")


def test_mixed_up_letters_are_no_text() -> None:
    letters = list("abcdefghijklmnopqrstuvwxyz")
    random.Random(7).shuffle(letters)
    table = str.maketrans("abcdefghijklmnopqrstuvwxyz", "".join(letters))
    assert is_cipher(TEXTS["English"].lower().translate(table) * 6)


@pytest.mark.parametrize(
    "text",
    [
        "1 About ................................................................... 4",
        "Signed ______________________________________________________________",
        "MSFT NVDA AAPL GOOG AMZN META TSLA BRKB JPMC UNHN XOMX JNJX PGXX",
        "ACGTTGCAACGTGGTACCATGCATCGGATCTTAGC" * 20,
        "Ежемесячная плата составляет 4812 евро, договор заключён на три года, на 5 лет.",
        "每月租金为八千元，合同为期三年。" * 9,
        "(1) (2) (3) (4) (5) (1) (2) (3) (4) (5) (6) (7) (8) (9) (10)",
        "[1] [2] {3} (4) <5> *6* #7# (a) (b) [c] ($8) (%9) [10] (11) {12}",
        "☒ ☐ ☒ ☐ $ % $ % — — — — — — — — — — — — $ % ( ) ( ) ( ) ( ) ( )",
        "$ 1,204 $ (1,377) 12.5% 1,150 1,201 (88) (12) 45 30 301 (7) 9 4 2,114 3,500 17",
    ],
)
def test_other_things_are_no_cipher(text: str) -> None:
    assert not is_cipher(text)


def test_such_a_page_is_counted_and_its_letters_are_left_out(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        put(page, 20, 60, "The plain sentence of the page.")
        column(
            page, 20, 100, [shifted("The fee of the harbour", 3), shifted("is eighty euro a month", 3)], 12
        )

    reading = PdfReading(save_pdf(tmp_path / "a.pdf", draw), picture_remedy="Recognise it.")
    (page,) = reading.pages("d")
    assert page.text == "The plain sentence of the page."
    outcome = reading.outcome()
    assert (outcome.status, outcome.remedy) == ("partial", "Recognise it.")
    assert "1 of 1 pages have characters without a meaning" in outcome.message
