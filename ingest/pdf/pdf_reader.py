"""PDF -> pages with text, boxes, kinds of lines, labels and sections; and how much of it could be read.

Runs in the parser's child process only: MuPDF is not trusted.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pymupdf

from catena.errors import DocumentError
from catena.ingest.file_metadata import MAX_XMP, of_pdf
from catena.ingest.given_file import mapped
from catena.ingest.ocr.tesseract import Recogniser
from catena.ingest.page_image import page_picture
from catena.ingest.pagination.blocks import Attachment
from catena.ingest.pdf import headers_footers
from catena.ingest.pdf.layout import regions
from catena.ingest.pdf.number_marks import join_signs, move_runs
from catena.ingest.pdf.overprint import without_overprint
from catena.ingest.pdf.page_figures import figures_of
from catena.ingest.pdf.page_input import Sheet, attached_files, read_sheets
from catena.ingest.pdf.page_text import Composition, Vocabulary
from catena.ingest.pdf.page_words import clean
from catena.ingest.pdf.paragraphs import LogicalLine
from catena.ingest.pdf.parse_quality import Tally
from catena.ingest.pdf.picture_file import open_picture
from catena.ingest.pdf.sections import Bookmark, SectionTrail
from catena.ingest.pdf.table_lines import logical_lines
from catena.ingest.pdf.text_lines import PrintedLine
from catena.ingest.pdf.titles import title_of_pdf
from catena.ingest.pdf.vertical_text import chained
from catena.ingest.pdf.xfa import add_form_values
from catena.ingest.read_ahead import made_ahead
from catena.ingest.reader_protocol import Outcome, Picture
from catena.types import Figure, OutlineEntry, Page, PageRef

MIN_AHEAD = 8
"""Fewer pages are read before a second process has started."""
Keep = Callable[[int, bytes, bool], None]
"""Called with the number of a page (from 1), what was recognised on it, nothing after a failure, and whether that is in
some places of it alone."""


def open_pdf(path: Path, password: str | None = None) -> pymupdf.Document:
    """Open a PDF. Raises DocumentError: not_a_document, damaged, needs_password."""
    try:
        doc = pymupdf.open(path, stream=mapped(path), filetype="pdf")
    except (RuntimeError, ValueError) as error:  # pymupdf's FileDataError, EmptyFileError, mupdf.FzErrorBase
        raise _damaged(path, "its structure is broken or it is cut off too early") from error
    if not doc.is_pdf:
        raise DocumentError("not_a_document", f"{path.name} is no PDF.", "Check what the file is.")
    if doc.needs_pass and not doc.authenticate(password or ""):
        what = "wrong password for" if password else "no password was given for"
        raise DocumentError(
            "needs_password", f"{path.name} is encrypted; {what} it.", "Give it with --password-file FILE."
        )
    if len(doc) == 0:
        raise _damaged(path, "it has no pages")
    return doc


def _damaged(path: Path, what: str) -> DocumentError:
    remedy = "Open it in a viewer and save or export it anew, then add that."
    return DocumentError("damaged", f"{path.name} cannot be read: {what}.", remedy)


class PdfReading:
    """An open PDF, see `catena.ingest.reader_protocol.Reading`; its pages can be read once.

    `is_ahead`: pages are read by a copy of this process while this one lays out those before; for a process that
    has one thread and may be killed. `is_picture`: the file is no PDF, but a picture, or several.
    """

    def __init__(
        self,
        path: Path,
        password: str | None = None,
        recogniser: Recogniser | None = None,
        keep: Keep | None = None,
        picture_remedy: str = "",
        *,
        is_ahead: bool = False,
        is_picture: bool = False,
    ) -> None:
        self._doc = open_picture(path) if is_picture else open_pdf(path, password)
        self.attached: tuple[Attachment, ...] = ()
        form = add_form_values(self._doc)
        self.num_pages: int = len(self._doc)
        self.title = title_of_pdf(self._doc)
        self.metadata = of_pdf(self._doc.metadata or {}, self._doc.get_xml_metadata()[:MAX_XMP])
        self._bookmarks = _bookmarks(self._doc)
        self.outline = tuple(OutlineEntry(mark.level, mark.title, mark.page) for mark in self._bookmarks)
        self.tally = Tally(self.num_pages, bool(self._doc.is_repaired), picture_remedy)
        self.tally.attached, self.tally.form = attached_files(self._doc), form
        self._recogniser = recogniser
        self._keep = keep
        self._is_ahead = is_ahead and self.num_pages >= MIN_AHEAD
        self._vocabulary = Vocabulary()
        self._figures: list[Figure] = []
        self._sizes: Counter[float] = Counter()

    def pages(self, document_id: str) -> Iterator[Page]:
        """Yield every page in order, also those without text; keeps no more than a few in memory."""
        trail = SectionTrail(self._bookmarks, self.num_pages)
        waiting: deque[tuple[Sheet, headers_footers.Edges]] = deque()
        neighbours: deque[headers_footers.Edges] = deque(maxlen=2 * headers_footers.WINDOW + 1)
        for sheet in self._sheets():
            edges = self._learn(sheet)
            waiting.append((sheet, edges))
            neighbours.append(edges)
            if len(waiting) > headers_footers.WINDOW:
                yield self._page(*waiting.popleft(), list(neighbours), trail, document_id)
        while waiting:
            yield self._page(*waiting.popleft(), list(neighbours), trail, document_id)

    def _sheets(self) -> Iterator[Sheet]:
        sheets = read_sheets(
            self._doc,
            self._recogniser,
            is_repaired=self.tally.is_repaired,
            has_labels=_has_labels(self._doc),
        )
        if self._is_ahead:  # nothing reads self._doc from here on: both processes share its place in the file
            return map(Sheet.unpacked, made_ahead(sheet.packed() for sheet in sheets))
        return sheets

    def take_figures(self) -> list[Figure]:
        """The figures of the pages that were yielded since the last time."""
        taken, self._figures = self._figures, []
        return taken

    def outcome(self) -> Outcome:
        return self.tally.outcome()

    def render(self, number: int, dpi: int) -> Picture:
        return page_picture(self._doc[number - 1], dpi)

    def _learn(self, sheet: Sheet) -> headers_footers.Edges:
        """Count a page; learn from it what layout needs to know."""
        if sheet.recognised is not None and self._keep:
            self._keep(sheet.index + 1, sheet.recognised, sheet.is_in_part)
        glyphs = sheet.glyphs
        glyphs.runs = without_overprint(chained(glyphs))
        move_runs(glyphs.runs)
        join_signs(glyphs.runs)
        self.tally.add(glyphs, sheet.look, has_failed=sheet.has_failed, is_recognised=sheet.is_recognised)
        self.tally.num_notes += sheet.num_notes
        self.tally.num_pictures_read += sheet.num_pictures_read
        self.tally.attached += sheet.attached
        for run in glyphs.runs:
            self._sizes[round(run.size * 2) / 2] += len(run.texts)
        self._vocabulary.learn(" ".join([run.text for run in glyphs.runs]))
        return headers_footers.edges_of(glyphs, sheet.index)

    def _page(
        self,
        sheet: Sheet,
        edges: headers_footers.Edges,
        neighbours: list[headers_footers.Edges],
        trail: SectionTrail,
        document_id: str,
    ) -> Page:
        glyphs = sheet.glyphs
        header, footer = headers_footers.split_furniture(edges, neighbours, self.num_pages)
        body_size = self._sizes.most_common(1)[0][0] if self._sizes else 10.0
        logical = _furniture_lines(header, "header")
        for region in regions(headers_footers.without(glyphs.runs, [*header, *footer])):
            logical += logical_lines(region, body_size)
        for region in regions(glyphs.inset):
            logical += logical_lines(region, body_size)
        logical += _furniture_lines(footer, "footer")
        composition = Composition(self._vocabulary)
        composition.write(logical)
        text = composition.text
        page = Page(
            PageRef(document_id, sheet.index + 1),
            text,
            sheet.label or headers_footers.printed_label(edges, neighbours) or str(sheet.index + 1),
            composition.words,
            tuple(composition.lines),
            trail.sections(sheet.index + 1, text, composition.lines, logical),
            glyphs.width,
            glyphs.height,
            "ocr" if glyphs.is_ocr else "text",
        )
        self._figures += figures_of(page, glyphs)
        return page


def _furniture_lines(lines: list[PrintedLine], kind: str) -> list[LogicalLine]:
    return [
        LogicalLine(
            "header" if kind == "header" else "footer",
            [line.runs],
            line.size,
            line.is_bold,
            line.x0,
            line.y0,
            line.y1,
        )
        for line in lines
    ]


def _bookmarks(doc: pymupdf.Document) -> list[Bookmark]:
    try:
        entries = doc.get_toc(simple=False)
    except Exception:  # MuPDF's border: a broken outline costs section paths, not the document
        return []
    bookmarks = []
    for level, title, page, target in entries:
        title = " ".join(clean(title).split())
        if title and 1 <= page <= len(doc):
            bookmarks.append(Bookmark(level, title, page, _height(doc, page, target)))
    return bookmarks


def _height(doc: pymupdf.Document, number: int, target: dict[str, Any]) -> float | None:
    """Height on its page that a bookmark points to, in points from the top; nothing if to the page as a whole."""
    point = target.get("to")
    if point is None or not point.y:
        return None
    if target.get("kind") == pymupdf.LINK_NAMED:  # as LaTeX writes them; PyMuPDF does not turn these over
        return float(doc.page_cropbox(number - 1).height - point.y)
    return float(point.y)


def _has_labels(doc: pymupdf.Document) -> bool:
    """Tell whether the PDF's page labels say more than 1, 2, 3..."""
    try:
        rules = doc.get_page_labels()
    except Exception:  # MuPDF's border
        return False
    plain = {"startpage": 0, "prefix": "", "style": "D", "firstpagenum": 1}
    return bool(rules) and rules != [plain]
