"""What a PDF is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catena.ingest.pdf.pdf_reader import PdfReading
from tests.ingest.printing import column, put, save_pdf

BODY = [
    "The keeper of the light rows out",
    "each evening, and in the morning",
    "he comes home to the village.",
]


def title(path: Path, *heads: tuple[str, float, float], metadata: str = "") -> str:
    def draw(page: Any) -> None:
        for text, y, size in heads:
            put(page, 20, y, text, size)
        column(page, 20, 300, BODY)

    return PdfReading(save_pdf(path, draw, finish=lambda doc: doc.set_metadata({"title": metadata}))).title


POOR = [
    "",
    "Microsoft Word - lease_v7.docx",
    "untitled",
    "Untitled-3",
    "scan 004.tiff",
    "Final report.docx",
    "0001",
]


@pytest.mark.parametrize("metadata", POOR)
def test_the_largest_type_of_the_first_page_is_the_title(tmp_path: Path, metadata: str) -> None:
    heads = [
        ("Larkmoor Harbour Authority", 60, 11.0),
        ("Annual Report", 100, 22.0),
        ("of the Harbour", 126, 22.0),
    ]
    assert title(tmp_path / "a.pdf", *heads, metadata=metadata) == "Annual Report of the Harbour"


def test_a_title_in_the_metadata_wins(tmp_path: Path) -> None:
    assert title(tmp_path / "a.pdf", ("Annual Report", 60, 22.0), metadata="The Lights") == "The Lights"


def test_all_that_is_as_large_belongs_to_it(tmp_path: Path) -> None:
    heads = [("Register of Ships", 60, 18.0), ("Form K", 120, 18.0), ("Larkmoor Limited", 180, 17.5)]
    assert title(tmp_path / "a.pdf", *heads) == "Register of Ships – Form K – Larkmoor Limited"


def test_one_word_and_type_of_one_size_are_no_title(tmp_path: Path) -> None:
    assert (
        title(tmp_path / "a.pdf", ("DRAFT", 40, 40.0), ("Rules of the Port", 90, 16.0)) == "Rules of the Port"
    )
    assert title(tmp_path / "b.pdf", ("The rules begin here", 60, 10.0)) == ""
