"""Counts what could be read of a PDF and says, in words and as a status, what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pymupdf

from catena.ingest.glyphs import Glyphs
from catena.ingest.reading import Outcome

MAX_EMPTY_SHARE = 0.05
MAX_UNREADABLE_SHARE = 0.1  # of a page's characters
OCR_REMEDY = 'Pages that are images need text recognition: pip install "catena[ocr]" (coming).'
REPAIR_REMEDY = "Open it in a viewer and save or export it anew, or get a whole copy, then add that."


@dataclass(slots=True)
class Tally:
    """One document's count, filled page by page."""

    num_pages: int
    is_repaired: bool
    num_with_text: int = 0
    num_images: int = 0
    num_drawn: int = 0
    num_blank: int = 0
    num_lost: int = 0
    num_raised: int = 0
    num_garbled: int = 0
    num_hidden_words: int = 0

    def add(self, page: Any, glyphs: Glyphs) -> None:
        """Count one page; looks at the page's drawing only when it has no text."""
        self.num_hidden_words += glyphs.num_hidden
        if glyphs.num_unreadable > MAX_UNREADABLE_SHARE * glyphs.num_characters:
            self.num_garbled += 1
        if glyphs.runs:
            self.num_with_text += 1
            return
        log = page.get_bboxlog()
        area = max(1.0, glyphs.width * glyphs.height)
        if any(kind == "fill-image" and _area(box) > 0.1 * area for kind, box in log):
            self.num_images += 1
        elif sum(kind == "fill-path" for kind, _ in log) > 40:
            self.num_drawn += 1
        elif pymupdf.TOOLS.mupdf_warnings() or (self.is_repaired and not log):
            self.num_lost += 1
        else:
            self.num_blank += 1

    def outcome(self) -> Outcome:
        if not self.num_with_text:
            return self._without_text()
        missing = self._missing()
        if not missing:
            return Outcome("ready", self.num_with_text, None, self._hidden())
        remedy = OCR_REMEDY if self.num_images + self.num_drawn + self.num_garbled else REPAIR_REMEDY
        return Outcome(
            "partial",
            self.num_with_text,
            None,
            "; ".join([*missing, self._hidden()]).removesuffix("; "),
            remedy,
        )

    def _missing(self) -> list[str]:
        """What a reader has to know; empty when all is there."""
        missing = []
        if self.is_repaired:
            missing.append(f"repaired: text on {self.num_with_text} of {self.num_pages} pages")
        if self.num_images + self.num_drawn:
            missing.append(f"{self.num_images + self.num_drawn} of {self.num_pages} pages are images")
        if self.num_raised:
            missing.append(f"{self.num_raised} of {self.num_pages} pages could not be read")
        if self.num_lost and not self.is_repaired:
            missing.append(f"{self.num_lost} of {self.num_pages} pages are unexpectedly empty")
        if self.num_garbled:
            missing.append(f"{self.num_garbled} of {self.num_pages} pages have characters without a meaning")
        return missing

    def _hidden(self) -> str:
        return (
            f"words that no reader sees were left out: {self.num_hidden_words}"
            if self.num_hidden_words
            else ""
        )

    def _without_text(self) -> Outcome:
        if self.num_images + self.num_drawn:
            what = f"no text: {self.num_images + self.num_drawn} of {self.num_pages} pages are images"
            return Outcome("failed", 0, "no_text", what, OCR_REMEDY)
        if self.num_garbled:
            return Outcome(
                "failed", 0, "no_text", "its fonts do not say which characters they print", OCR_REMEDY
            )
        if self.num_raised or self.num_lost or self.is_repaired:
            return Outcome(
                "failed", 0, "damaged", f"none of {self.num_pages} pages could be read", REPAIR_REMEDY
            )
        return Outcome("failed", 0, "no_text", f"all of {self.num_pages} pages are blank", "Check the file.")


def _area(box: tuple[float, float, float, float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
