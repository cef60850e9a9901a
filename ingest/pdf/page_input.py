"""The pages of a PDF as MuPDF or Tesseract reads them, in order, not yet laid out."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import pymupdf

from catena.ingest.ocr.tesseract import Place, RecognisedRow, RecognisedWord, Recogniser, decoded
from catena.ingest.pdf.drawn_figures import find_lone_pictures, look_for_drawn_words
from catena.ingest.pdf.page_pictures import PictureFinder
from catena.ingest.pdf.page_words import CELL_GAP, clean, framed, is_rtl_word, read_glyphs
from catena.ingest.pdf.parse_quality import Look, is_garbled, look_at
from catena.ingest.pdf.word_runs import FigurePlace, Glyphs, Run, is_inside
from catena.types import Box

MAX_IN_PART = 200  # pages of a document that have pictures recognised beside their text
_RUN = attrgetter(*Run.__slots__)
_HEXADECIMAL = re.compile(r"<((?:[0-9A-Fa-f]{2})+)>")
MIN_CONFIDENCE = 30.0  # of 100; below it words are mostly specks, rules and parts of pictures
MAX_ATTACHED = 1_000
_AROUND = (-2, -2, 2, 2)  # points, that no letter at the edge of a picture is cut
_MAX_NAME = 80  # characters
_SHOWN = frozenset(("FreeText", "Widget", "Link", "Popup", "Stamp"))
"""Annotations whose text is on the page, or is another's."""


def text_of(label: str) -> str:
    """Decode the prefix of a page label, which MuPDF leaves in hexadecimal (ISO 32000-2, 7.3.4.3 and 7.9.2.2)."""
    found = _HEXADECIMAL.match(label)
    if found is None:
        return label
    data = bytes.fromhex(found[1])
    encoding = "utf-16" if data[:2] in (b"\xfe\xff", b"\xff\xfe") else "latin-1"
    return data.decode(encoding, "replace") + label[found.end() :]


@dataclass(slots=True)
class Sheet:
    """One page; `index` counts from 0, `label` is what the file calls it.

    `recognised` is what Tesseract made of it just now (nothing after a failure), None where it was not asked;
    `is_in_part`: of its pictures, not of the page.
    """

    index: int
    glyphs: Glyphs
    look: Look = "nothing"
    label: str = ""
    has_failed: bool = False
    is_recognised: bool = False
    recognised: bytes | None = None
    is_in_part: bool = False
    num_notes: int = 0
    attached: list[str] = field(default_factory=list)
    num_pictures_read: int = 0

    def packed(self) -> tuple[Any, ...]:
        """Take it apart into what `marshal` writes."""
        glyphs = self.glyphs
        counts = (glyphs.num_characters, glyphs.num_hidden, glyphs.num_unreadable, glyphs.is_ocr)
        unread = glyphs.unread, glyphs.num_pictures, glyphs.num_labelled
        runs, inset = [_RUN(run) for run in glyphs.runs], [_RUN(run) for run in glyphs.inset]
        figures = [(figure.box, figure.caption, figure.caption_box) for figure in glyphs.figures]
        rest = (self.look, self.label, self.has_failed, self.is_recognised, self.recognised, self.is_in_part)
        beside = self.num_notes, self.attached, self.num_pictures_read
        return (
            self.index,
            (glyphs.width, glyphs.height, runs, inset, figures, *counts, *unread),
            *rest,
            *beside,
        )

    @classmethod
    def unpacked(cls, packed: tuple[Any, ...]) -> Sheet:
        """Put together what `packed` took apart."""
        index, (width, height, runs, inset, figures, *counts), *rest = packed
        glyphs = Glyphs(width, height, [Run(*run) for run in runs], [Run(*run) for run in inset], *counts)
        glyphs.figures = [FigurePlace(*figure) for figure in figures]
        return cls(index, glyphs, *rest)


def read_sheets(
    doc: pymupdf.Document, recogniser: Recogniser | None, *, is_repaired: bool, has_labels: bool
) -> Iterator[Sheet]:
    """Yield every page; reads as far ahead of the one that is wanted as pages are recognised at once."""
    reader = _SheetReader(doc, recogniser, is_repaired, has_labels)
    num_ahead = recogniser.num_ahead if recogniser else 0
    ahead: deque[tuple[Sheet, bool]] = deque()
    for index in range(len(doc)):
        ahead.append(reader.read(index))
        if len(ahead) > num_ahead:
            yield reader.settled(*ahead.popleft())
    while ahead:
        yield reader.settled(*ahead.popleft())


class _SheetReader:
    """Reads pages one by one, and has recognised what only a picture of them tells."""

    def __init__(
        self, doc: pymupdf.Document, recogniser: Recogniser | None, is_repaired: bool, has_labels: bool
    ) -> None:
        self._doc = doc
        self._recogniser = recogniser
        self._is_repaired = is_repaired
        self._has_labels = has_labels
        self._finder = PictureFinder(doc)
        self._num_in_part = 0

    def read(self, index: int) -> tuple[Sheet, bool]:
        """Read one page; say whether it is now being recognised."""
        sheet = Sheet(index, Glyphs(0.0, 0.0))
        pymupdf.TOOLS.reset_mupdf_warnings()
        try:
            page = self._doc[index]
            sheet.glyphs = read_glyphs(page, self._finder)
            sheet.look = look_at(page, sheet.glyphs, self._is_repaired)
            if sheet.look == "picture":
                find_lone_pictures(page, sheet.glyphs)
            elif sheet.glyphs.figures:
                look_for_drawn_words(page, sheet.glyphs)
            sheet.label = clean(text_of(page.get_label())) if self._has_labels else ""
            sheet.num_notes, sheet.attached = notes_on(page)
            return sheet, self._begin(page, sheet)
        except Exception as error:  # MuPDF's border: one bad page must not stop the others
            if isinstance(error, MemoryError) or "malloc" in str(error):
                raise MemoryError from error
            sheet.has_failed = True
        return sheet, False

    def _begin(self, page: pymupdf.Page, sheet: Sheet) -> bool:
        """Start to recognise a page that is a picture, or what of a page is in pictures or has no meaning."""
        glyphs = sheet.glyphs
        if self._recogniser is None:
            return False
        if not glyphs.runs:
            if sheet.look != "picture" and not is_garbled(glyphs):
                return False
            self._recogniser.begin(sheet.index + 1, page)
            return True
        if not (glyphs.num_pictures or glyphs.sparse or is_garbled(glyphs)):
            return False
        self._num_in_part += 1
        if self._num_in_part > MAX_IN_PART:
            return False
        self._recogniser.begin(sheet.index + 1, page, _places(glyphs, page.rect))
        return True

    def settled(self, sheet: Sheet, is_pending: bool) -> Sheet:
        """Wait for a page's recognition."""
        if not is_pending or self._recogniser is None:
            return sheet
        glyphs = sheet.glyphs
        sheet.is_in_part = bool(glyphs.runs)
        data, is_new = self._recogniser.finish(sheet.index + 1, in_part=sheet.is_in_part)
        sheet.recognised = data if is_new else None
        if glyphs.runs:
            if data:
                _add_recognised(sheet, decoded(data))
            return sheet
        found = recognised_glyphs(decoded(data), glyphs.width, glyphs.height)
        if found.runs:
            found.figures = glyphs.figures
            sheet.glyphs, sheet.is_recognised = found, True
        return sheet


def _places(glyphs: Glyphs, page: Any) -> list[Place]:
    """What of a page is to be recognised: the text around and in its pictures at once, each chart by itself."""
    places = [Place(tuple((pymupdf.Rect(box) + _AROUND) & page), is_sparse=True) for box in glyphs.sparse]
    around = pymupdf.EMPTY_RECT()
    for box in glyphs.unread:
        if box not in glyphs.sparse:
            around |= box
    return places if around.is_empty else [Place(tuple((around + _AROUND) & page)), *places]


def _add_recognised(sheet: Sheet, rows: list[RecognisedRow]) -> None:
    """Put the words of pictures and of letters without a meaning where they stand on the page."""
    glyphs = sheet.glyphs
    places = [(x0 - 2, y0 - 2, x1 + 2, y1 + 2) for x0, y0, x1, y1 in glyphs.unread]
    found = recognised_glyphs(rows, glyphs.width, glyphs.height, places)
    sheet.num_pictures_read = glyphs.num_pictures + glyphs.num_labelled
    glyphs.num_pictures = glyphs.num_labelled = 0
    if is_garbled(glyphs):
        glyphs.runs += found.runs
        glyphs.num_unreadable *= not found.runs
        sheet.is_recognised = bool(found.runs)
    else:
        glyphs.inset = found.runs
    glyphs.unread = []


def recognised_glyphs(
    rows: Sequence[RecognisedRow], width: float, height: float, places: Sequence[Box] | None = None
) -> Glyphs:
    """Put words of one line side by side; `width` and `height` are the page's, in points.

    With `places`, of words that stand in them alone.
    """
    glyphs = Glyphs(width, height, is_ocr=True)
    kept = [(size, [word for word in words if _is_kept(word)]) for size, words in rows]
    if places is not None:
        kept = [(size, [word for word in words if is_inside(*word[2:], places)]) for size, words in kept]
    turns = [_turn(words) for _, words in kept]
    usual = Counter(turn for turn in turns if turn is not None).most_common(1)
    for (size, words), turn in zip(kept, turns, strict=True):
        if words:
            _add_row(glyphs, size, words, turn if turn is not None else usual[0][0] if usual else 0)
    return glyphs


def _is_kept(word: RecognisedWord) -> bool:
    return word[1] >= MIN_CONFIDENCE and bool(clean(word[0]))


def _turn(words: Sequence[RecognisedWord]) -> int | None:
    """Quarter turns clockwise of a row's reading direction; one word does not tell."""
    if len(words) < 2:
        return None
    (_, _, *first), (_, _, *last) = words[0], words[-1]
    dx, dy = (last[0] + last[2]) - (first[0] + first[2]), (last[1] + last[3]) - (first[1] + first[3])
    if abs(dx) < abs(dy):
        return 1 if dy > 0 else 3
    return 2 if dx < 0 and not any(is_rtl_word(word[0]) for word in words) else 0


def _add_row(glyphs: Glyphs, size: float, words: Sequence[RecognisedWord], turn: int) -> None:
    """Boxes are the words' own; a run is as high as its row, since layout compares lines, not letters."""
    boxes: list[Box] = [(x0, y0, x1, y1) for _, _, x0, y0, x1, y1 in words]
    places = [framed(*box, turn, glyphs) if turn else box for box in boxes]
    top, bottom = min(place[1] for place in places), max(place[3] for place in places)
    run: Run | None = None
    for (raw, *_), box, (x0, _, x1, _) in zip(words, boxes, places, strict=True):
        text = clean(raw)
        glyphs.num_characters += len(text)
        if run is not None and -size < x0 - run.x1 < CELL_GAP * size:
            run.texts.append(text)
            run.boxes.append(box)
            run.last_x0, run.x1 = x0, x1
        else:
            is_rtl = is_rtl_word(text)
            run = Run(x0, top, x1, bottom, x1, x0, size, False, [text], [box], turn, is_rtl)
            glyphs.runs.append(run)


def attached_files(doc: pymupdf.Document) -> list[str]:
    """The names of the files that a document carries."""
    try:
        return [_name(name) for name in doc.embfile_names()[:MAX_ATTACHED]]
    except Exception:  # MuPDF's border: a broken list of files costs their names
        return []


def notes_on(page: Any) -> tuple[int, list[str]]:
    """Count the notes with text stuck on a page, with the names of files pinned to it."""
    if page.first_annot is None:
        return 0, []
    num_notes = 0
    attached: list[str] = []
    for annotation in page.annots():
        kind = annotation.type[1]
        if kind == "FileAttachment":
            attached.append(_name(annotation.file_info.get("filename") or "a file without a name"))
        elif kind not in _SHOWN and annotation.info.get("content", "").strip():
            num_notes += 1
    return num_notes, attached[:MAX_ATTACHED]


def _name(raw: str) -> str:
    return " ".join(clean(raw).split())[:_MAX_NAME]
