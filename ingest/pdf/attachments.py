"""Attachments of a PDF: attached files, and notes that people stuck on a page."""

from __future__ import annotations

from typing import Any

import pymupdf

from catena.ingest.pdf.page_words import clean

MAX_ATTACHED = 1_000
_MAX_NAME = 80  # characters
_SHOWN = frozenset(("FreeText", "Widget", "Link", "Popup", "Stamp"))
"""Annotations whose text is on the page, or is another's."""


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
