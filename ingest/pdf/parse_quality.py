"""Counts what could be read of a PDF and says, in words and as a status, what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pymupdf

from catena.ingest.pdf.word_runs import Glyphs, area_of
from catena.ingest.reader_protocol import Outcome

MAX_UNREADABLE_SHARE = 0.1  # of a page's characters
MAX_PATHS = 40  # filled; more of them without text are drawn letters
MAX_NAMED = 5
ATTACHED_REMEDY = "Save the attached files with a PDF viewer, then add them."
FORM_REMEDY = "Open the form in Adobe Acrobat or Reader, print it to a PDF, then add that."
REPAIR_REMEDY = "Open it in a viewer and save or export it anew, or get a whole copy, then add that."

Look = Literal["text", "picture", "nothing", "nothing, where something was"]


@dataclass(slots=True)
class Tally:
    """One document's count, filled page by page."""

    num_pages: int
    is_repaired: bool
    picture_remedy: str
    num_with_text: int = 0
    num_pictures: int = 0
    num_recognised: int = 0
    num_lost: int = 0
    num_raised: int = 0
    num_garbled: int = 0
    num_hidden_words: int = 0
    num_pictures_of_text: int = 0
    num_labelled: int = 0
    num_pictures_read: int = 0
    num_notes: int = 0
    attached: list[str] = field(default_factory=list)
    form: str = ""
    """What is missing of a form, in words."""

    def add(
        self, glyphs: Glyphs, look: Look, *, has_failed: bool = False, is_recognised: bool = False
    ) -> None:
        """Count one page; `look` says what it shows where it has no text."""
        self.num_raised += has_failed
        self.num_recognised += is_recognised
        self.num_hidden_words += glyphs.num_hidden
        self.num_pictures_of_text += glyphs.num_pictures
        self.num_labelled += glyphs.num_labelled
        self.num_garbled += is_garbled(glyphs)
        if glyphs.runs:
            self.num_with_text += 1
        elif look == "picture":
            self.num_pictures += 1
        elif look == "nothing, where something was":
            self.num_lost += 1

    def outcome(self) -> Outcome:
        if not self.num_with_text:
            return self._without_text()
        missing = self._missing()
        if not missing:
            return Outcome("ready", self.num_with_text, None, self._notes())
        return Outcome(
            "partial",
            self.num_with_text,
            None,
            "; ".join([*missing, self._notes()]).removesuffix("; "),
            " ".join(self._remedies()),
        )

    def _remedies(self) -> list[str]:
        """Remedies for each kind of what is missing."""
        needs_recognition = (
            self.num_pictures + self.num_garbled + self.num_pictures_of_text + self.num_labelled
        )
        is_broken = self.is_repaired or self.num_raised or self.num_lost
        remedies = [
            self.picture_remedy if needs_recognition else "",
            REPAIR_REMEDY if is_broken and not needs_recognition else "",
            FORM_REMEDY if self.form else "",
            ATTACHED_REMEDY if self.attached else "",
        ]
        return [remedy for remedy in remedies if remedy]

    def _missing(self) -> list[str]:
        """Warnings that a reader has to know; empty when all is there."""
        missing = []
        if self.is_repaired:
            missing.append(f"repaired: text on {self.num_with_text} of {self.num_pages} pages")
        if self.num_pictures:
            missing.append(f"{self.num_pictures} of {self.num_pages} pages are images")
        if self.num_raised:
            missing.append(f"{self.num_raised} of {self.num_pages} pages could not be read")
        if self.num_lost and not self.is_repaired:
            missing.append(f"{self.num_lost} of {self.num_pages} pages are unexpectedly empty")
        if self.num_garbled:
            missing.append(f"{self.num_garbled} of {self.num_pages} pages have characters without a meaning")
        if self.num_pictures_of_text:
            missing.append(f"pictures of text that were not read: {self.num_pictures_of_text}")
        if self.num_labelled:
            missing.append(f"pictures with some words in them that were not read: {self.num_labelled}")
        if self.form:
            missing.append(self.form)
        if self.attached:
            missing.append(f"attached files that were not read: {_listed(self.attached)}")
        return missing

    def _notes(self) -> str:
        """Notes that a reader may want to know of a document that is all there."""
        notes = []
        if self.num_recognised:
            notes.append(f"text recognition read {self.num_recognised} of {self.num_pages} pages")
        if self.num_pictures_read:
            notes.append(f"text recognition read {self.num_pictures_read} pictures beside text")
        if self.num_notes:
            notes.append(f"notes stuck on pages that were not read: {self.num_notes}")
        if self.num_hidden_words:
            notes.append(f"words that no reader sees were left out: {self.num_hidden_words}")
        return "; ".join(notes)

    def _without_text(self) -> Outcome:
        if self.num_pictures:
            what = f"no text: {self.num_pictures} of {self.num_pages} pages are images"
            return Outcome("failed", 0, "no_text", what, self.picture_remedy)
        if self.num_garbled:
            return Outcome(
                "failed",
                0,
                "no_text",
                "its fonts do not say which characters they print",
                self.picture_remedy,
            )
        if self.num_raised or self.num_lost or self.is_repaired:
            return Outcome(
                "failed", 0, "damaged", f"none of {self.num_pages} pages could be read", REPAIR_REMEDY
            )
        if self.attached or self.form:
            what = "; ".join(["no text on its pages", *self._missing()])
            return Outcome("failed", 0, "no_text", what, " ".join(self._remedies()))
        return Outcome("failed", 0, "no_text", f"all of {self.num_pages} pages are blank", "Check the file.")


def _listed(names: list[str]) -> str:
    """Number of them, and the first few by name."""
    rest = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"{len(names)} ({', '.join(names[:MAX_NAMED])}{rest})"


def look_at(page: pymupdf.Page, glyphs: Glyphs, is_repaired: bool) -> Look:
    """See what a page without text shows instead; right after it was read, since MuPDF's warnings count."""
    if glyphs.runs:
        return "text"
    log = page.get_bboxlog()
    area = max(1.0, glyphs.width * glyphs.height)
    if any(kind == "fill-image" and area_of(box) > 0.1 * area for kind, box in log):
        return "picture"
    if sum(kind == "fill-path" for kind, _ in log) > MAX_PATHS:
        return "picture"
    is_lost = pymupdf.TOOLS.mupdf_warnings() or (is_repaired and not log)
    return "nothing, where something was" if is_lost else "nothing"


def is_garbled(glyphs: Glyphs) -> bool:
    """Tell whether the page's fonts do not say which characters they print."""
    return glyphs.num_unreadable > MAX_UNREADABLE_SHARE * glyphs.num_characters
