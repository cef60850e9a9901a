"""Words that Tesseract recognised on a page, as runs: laid out from here on like printed text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from catena.ingest.boxes import is_inside
from catena.ingest.ocr.tesseract import RecognisedRow, RecognisedWord
from catena.ingest.pdf.page_words import CELL_GAP, clean, framed, is_rtl_word
from catena.ingest.pdf.word_runs import Glyphs, Run
from catena.types import Box

MIN_CONFIDENCE = 30.0  # of 100; below it words are mostly specks, rules and parts of pictures


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
