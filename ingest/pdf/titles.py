"""Title of a PDF: by its metadata, else by the largest type at the head of its first page."""

from __future__ import annotations

import re
from collections import Counter

import pymupdf

from catena.ingest.pdf.page_words import clean, read_glyphs
from catena.ingest.pdf.text_lines import Region, printed_lines

LARGER = 1.15
"""Than the usual type of its page, as headings are."""
_HEAD = 0.7  # of the page's height
_MAX_PAGES = 2  # a cover may be a picture
_MAX_CHARACTERS = 200
_MAX_LINES = 6
_ALIKE = 0.08  # of a size
_PITCH = 2.2  # in font sizes; further down begins something else
_WORD = re.compile(r"[^\W\d_]{2,}")
_DEFAULTS = (
    "untitled",
    "microsoft word",
    "microsoft powerpoint",
    "powerpoint presentation",
    "slide 1",
    "document",
)
_FILE = re.compile(
    r"\.(docx?|docm|rtf|odt|pages|pdf|indd|qxd|pptx?|pptm|key|odp|xlsx?|xlsm|ods|tex|dvi|eps|ps|ai|cdr|html?|txt|md"
    r"|wpd|pub|vsdx?|dwg|tiff?|jpe?g|png)$",
    re.IGNORECASE,
)


def title_of_pdf(doc: pymupdf.Document) -> str:
    """The title in the metadata, unless it is a number, a file name or a program's default; else the printed one."""
    title = " ".join(clean((doc.metadata or {}).get("title") or "").split())
    is_poor = title.casefold().startswith(_DEFAULTS) or _FILE.search(title) or len(_WORD.findall(title)) < 2
    return _printed_title(doc) or "" if is_poor else title


def _printed_title(doc: pymupdf.Document) -> str:
    for index in range(min(_MAX_PAGES, len(doc))):
        try:
            glyphs = read_glyphs(doc[index])
        except Exception:  # MuPDF's border: the page is told of when it is read
            return ""
        runs = [run for run in glyphs.runs if run.turn == 0]
        if runs:
            usual = _usual_size(printed_lines(runs))
            return _largest(printed_lines([run for run in runs if run.y0 < _HEAD * glyphs.height]), usual)
    return ""


def _usual_size(lines: Region) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += sum(len(run.texts) for run in line.runs)
    return sizes.most_common(1)[0][0]


def _largest(lines: Region, usual: float) -> str:
    """All that stands in the largest type that says something; nothing where all is of one size."""
    for size in sorted({line.size for line in lines if line.size >= LARGER * usual}, reverse=True):
        alike = [line for line in lines if abs(line.size - size) < _ALIKE * size][:_MAX_LINES]
        text = alike[0].text
        for above, line in zip(alike, alike[1:], strict=False):
            is_next = line.middle - above.middle < _PITCH * size
            text += (" " if is_next else " – ") + line.text
        if len(_WORD.findall(text)) > 1 and len(text) <= _MAX_CHARACTERS:
            return text
    return ""
