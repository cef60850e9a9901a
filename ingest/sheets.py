"""The pages of a PDF as MuPDF reads them, in order, not yet laid out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import pymupdf

from catena.ingest.glyphs import clean, read_glyphs
from catena.ingest.recognised import recognised_glyphs
from catena.ingest.recognition import Recogniser, decoded
from catena.ingest.runs import Glyphs, Run
from catena.ingest.tally import Look, is_garbled, look_at

_RUN = attrgetter(*Run.__slots__)


@dataclass(slots=True)
class Sheet:
    """One page; `index` counts from 0, `label` is what the file calls it.

    `recognised` is what Tesseract made of it just now (nothing after a failure), None where it was not asked.
    """

    index: int
    glyphs: Glyphs
    look: Look = "nothing"
    label: str = ""
    has_failed: bool = False
    is_recognised: bool = False
    recognised: bytes | None = None

    def packed(self) -> tuple[Any, ...]:
        """Take it apart into what `marshal` writes."""
        glyphs = self.glyphs
        counts = (glyphs.num_characters, glyphs.num_hidden, glyphs.num_unreadable, glyphs.is_ocr)
        unread = glyphs.unread, glyphs.num_pictures
        runs = [_RUN(run) for run in glyphs.runs]
        rest = (self.look, self.label, self.has_failed, self.is_recognised, self.recognised)
        return self.index, (glyphs.width, glyphs.height, runs, *counts, *unread), *rest

    @classmethod
    def unpacked(cls, packed: tuple[Any, ...]) -> Sheet:
        """Put together what `packed` took apart."""
        index, (width, height, runs, *counts), *rest = packed
        return cls(index, Glyphs(width, height, [Run(*run) for run in runs], *counts), *rest)


def read_sheets(
    doc: pymupdf.Document, recogniser: Recogniser | None, *, is_repaired: bool, has_labels: bool
) -> Iterator[Sheet]:
    """Yield every page; reads as far ahead of the one that is wanted as pages are recognised at once."""
    num_ahead = recogniser.num_ahead if recogniser else 0
    ahead: deque[tuple[Sheet, bool]] = deque()
    for index in range(len(doc)):
        ahead.append(_read(doc, index, recogniser, is_repaired, has_labels))
        if len(ahead) > num_ahead:
            yield _settled(*ahead.popleft(), recogniser)
    while ahead:
        yield _settled(*ahead.popleft(), recogniser)


def _read(
    doc: pymupdf.Document, index: int, recogniser: Recogniser | None, is_repaired: bool, has_labels: bool
) -> tuple[Sheet, bool]:
    """Read one page; say whether it is now being recognised."""
    sheet = Sheet(index, Glyphs(0.0, 0.0))
    pymupdf.TOOLS.reset_mupdf_warnings()
    try:
        page = doc[index]
        sheet.glyphs = read_glyphs(page)
        sheet.look = look_at(page, sheet.glyphs, is_repaired)
        sheet.label = clean(page.get_label()) if has_labels else ""
        is_pictured = sheet.look == "picture" or is_garbled(sheet.glyphs)
        if recogniser and is_pictured and not sheet.glyphs.runs:
            recogniser.begin(index + 1, page)
            return sheet, True
    except Exception as error:  # MuPDF's border: one bad page must not stop the others
        if isinstance(error, MemoryError) or "malloc" in str(error):
            raise MemoryError from error
        sheet.has_failed = True
    return sheet, False


def _settled(sheet: Sheet, is_pending: bool, recogniser: Recogniser | None) -> Sheet:
    """Wait for a page's recognition."""
    if is_pending and recogniser:
        data, is_new = recogniser.finish(sheet.index + 1)
        sheet.recognised = data if is_new else None
        found = recognised_glyphs(decoded(data), sheet.glyphs.width, sheet.glyphs.height)
        if found.runs:
            sheet.glyphs, sheet.is_recognised = found, True
    return sheet
