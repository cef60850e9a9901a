"""Documents, pages and passages as rows of the library's tables, and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, cast

from sqlalchemy import Row

from catena.types import (
    Box,
    Document,
    Figure,
    FigureText,
    OutlineEntry,
    Page,
    PageRef,
    Passage,
    Section,
    Span,
    Word,
)
from catena.word_boxes import Words, line_values, lines_of, pack_words

Values = dict[str, Any]
_FACTS = tuple(field.name for field in fields(Document) if field.name not in ("outline", "successor"))
_WORDS_LEVEL = 1  # zlib: half the size for 0.3 ms a page; higher levels gain 5% for three times that


def document_values(document: Document) -> Values:
    outline = _json([(entry.level, entry.title, entry.page) for entry in document.outline])
    return {**{name: getattr(document, name) for name in _FACTS}, "outline": outline}


def document_of(row: Row[Any], successor: str | None) -> Document:
    outline = tuple(OutlineEntry(*entry) for entry in json.loads(row.outline))
    return Document(**{name: getattr(row, name) for name in _FACTS}, outline=outline, successor=successor)


def page_values(page: Page) -> Values:
    return {
        "number": page.ref.number,
        "label": page.label,
        "source": page.source,
        "width": page.width,
        "height": page.height,
        "text": page.text,
        "lines": _json(line_values(page.lines)),
        "sections": _json([(section.start, section.path) for section in page.sections]),
    }


def page_of(document_id: str, row: Row[Any]) -> Page:
    """Make a page of a row of `pages`, with its words if they are there."""
    words = row._mapping.get("words")
    return Page(
        ref=PageRef(document_id, row.number),
        text=row.text,
        label=row.label,
        words=() if words is None else words_of(words),
        lines=lines_of(json.loads(row.lines)),
        sections=tuple(Section(start, tuple(path)) for start, path in json.loads(row.sections)),
        width=row.width,
        height=row.height,
        source=row.source,
    )


def words_bytes(words: Sequence[Word]) -> bytes:
    return zlib.compress(pack_words(words), _WORDS_LEVEL)


def words_of(data: bytes) -> Words:
    return Words(zlib.decompress(data))


def passage_values(passage: Passage) -> Values:
    return {
        "ordinal": passage.ordinal,
        "page": passage.ref.number,
        "start": passage.start,
        "end": passage.end,
        "header": passage.header,
        "continues": int(passage.continues),
    }


def passages_of(document_id: str, rows: Sequence[Row[Any]], texts: dict[int, str]) -> list[Passage]:
    """Make passages of rows of `passages` and the texts of their pages by number."""
    refs = {number: PageRef(document_id, number) for number in texts}
    return [
        Passage(
            refs[page], start, end, texts[page][start:end], header, ordinal=ordinal, continues=bool(continues)
        )
        for ordinal, page, start, end, header, continues in cast("Sequence[tuple[Any, ...]]", rows)
    ]


def figures_text(figures: Sequence[Figure]) -> str:
    """Figures as they are kept; nothing where there are none."""
    rows = [
        {
            "page": figure.ref.number,
            "box": figure.box,
            "label": figure.label,
            "caption": figure.caption,
            "caption_span": figure.caption_span,
            "state": figure.state,
            "texts": [(one.text, one.box, one.source) for one in figure.texts],
            "mentions": [(one.ref.number, one.start, one.end) for one in figure.mentions],
        }
        for figure in figures
    ]
    return _json(rows) if rows else ""


def figures_of(document_id: str, data: str) -> list[Figure]:
    """Make figures of what `figures_text` wrote."""
    return [
        Figure(
            ref=PageRef(document_id, row["page"]),
            box=_box(row["box"]),
            number=number,
            label=row["label"],
            caption=row["caption"],
            caption_span=tuple(row["caption_span"]) if row["caption_span"] else None,
            state=row["state"],
            texts=tuple(FigureText(text, _box(box), source) for text, box, source in row["texts"]),
            mentions=tuple(
                Span(PageRef(document_id, page), start, end) for page, start, end in row["mentions"]
            ),
        )
        for number, row in enumerate(json.loads(data) if data else [], 1)
    ]


def _box(values: Sequence[float]) -> Box:
    x0, y0, x1, y1 = values
    return x0, y0, x1, y1


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
