"""Stand-in until ingest/pdf.py is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pymupdf

from catena.errors import DocumentError
from catena.ingest.reading import Outcome, Picture
from catena.ingest.render import page_picture
from catena.types import Line, OutlineEntry, Page, PageRef, Word


class StandIn:
    def __init__(self, path: Path, password: str | None) -> None:
        self._doc = pymupdf.open(path, filetype="pdf")
        if not self._doc.is_pdf:
            raise DocumentError("not_a_document", f"{path.name} is no PDF.", "Check the file.")
        if self._doc.needs_pass and not self._doc.authenticate(password or ""):
            raise DocumentError("needs_password", f"{path.name} is locked.", "Give --password-file.")
        self.title = self._doc.metadata.get("title") or ""
        self.num_pages = len(self._doc)
        self.outline = tuple(
            OutlineEntry(level, title, max(page, 0)) for level, title, page in self._doc.get_toc()
        )
        self._with_text = 0

    def pages(self, document_id: str) -> Iterator[Page]:
        for index in range(self.num_pages):
            page = self._doc[index]
            text, words, lines, start = "", [], [], 0
            last = None
            for x0, y0, x1, y1, word, block, line, _ in page.get_text("words"):
                if last is not None:
                    if (block, line) != last:
                        lines.append(Line(start, len(text), "text"))
                        text += "\n"
                        start = len(text)
                    else:
                        text += " "
                last = (block, line)
                words.append(Word(len(text), len(text) + len(word), (x0, y0, x1, y1)))
                text += word
            if text:
                lines.append(Line(start, len(text), "text"))
                self._with_text += 1
            yield Page(
                PageRef(document_id, index + 1),
                text,
                page.get_label() or str(index + 1),
                tuple(words),
                tuple(lines),
                (),
                page.rect.width,
                page.rect.height,
            )

    def outcome(self) -> Outcome:
        if not self._with_text:
            return Outcome("failed", 0, "no_text", "No text was found.", "Install the extra ocr.")
        if self._doc.is_repaired:
            return Outcome(
                "partial",
                self._with_text,
                None,
                f"repaired: text on {self._with_text} of {self.num_pages} pages",
                "",
            )
        return Outcome("ready", self._with_text)

    def render(self, number: int, dpi: int) -> Picture:
        return page_picture(self._doc[number - 1], dpi)
