"""Footnotes, endnotes and comments of a Word file, numbered in the order in which the text calls them."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from catena.ingest.formats.docx_numbering import format_number
from catena.ingest.formats.docx_parts import Parts
from catena.ingest.formats.safe_xml import attribute, local
from catena.ingest.raised import to_superscript

_KINDS = ("footnote", "endnote", "comment")
# What Word prints where the file names no format (ISO/IEC 29500-1, 17.11.17).
_FORMATS = {"footnote": "decimal", "endnote": "lowerRoman"}


class Notes:
    """Gives each note once, with its mark."""

    def __init__(self, parts: Parts) -> None:
        self._notes = {kind: _notes(parts.kin(f"{kind}s"), kind) for kind in _KINDS}
        self._formats = dict(_FORMATS)
        self._starts = dict.fromkeys(_KINDS, 1)
        self._numbers: dict[tuple[str, str], str] = {}
        self._counts = dict.fromkeys(_KINDS, 0)
        self._taken: set[tuple[str, str]] = set()
        settings = parts.kin("settings")
        if settings is not None:
            self.read_formats(settings)

    def read_formats(self, root: Element) -> None:
        """Take the format and first number that the settings or a section give."""
        for element in root.iter():
            kind = local(element).removesuffix("Pr")
            if kind in _FORMATS and local(element).endswith("Pr"):
                for child in element:
                    value = attribute(child, "val") or ""
                    if local(child) == "numFmt" and value:
                        self._formats[kind] = value
                    elif local(child) == "numStart" and value.isdecimal() and len(value) < 6:
                        self._starts[kind] = int(value)

    def mark(self, kind: str, identity: str) -> str:
        """The number of a note as printed."""
        key = kind, identity
        if key not in self._numbers:
            number = self._starts[kind] + self._counts[kind]
            self._counts[kind] += 1
            self._numbers[key] = format_number(number, self._formats.get(kind, "decimal"))
        return self._numbers[key]

    def take(self, kind: str, identity: str) -> Element | None:
        """The note, the first time that it is asked for."""
        if (kind, identity) in self._taken:
            return None
        self._taken.add((kind, identity))
        return self._notes[kind].get(identity)

    def label(self, kind: str, identity: str) -> str:
        """Return the label before a note: its raised number, or whose comment it is."""
        if kind != "comment":
            mark = self._numbers.get((kind, identity), "")
            return to_superscript(mark, is_formula=True) if mark else ""
        note = self._notes[kind].get(identity)
        author = attribute(note, "author") if note is not None else None
        return f"Comment ({author}):" if author else "Comment:"


def _notes(root: Element | None, kind: str) -> dict[str, Element]:
    """The notes by their ids; separators are none."""
    return dict(_listed(root, kind)) if root is not None else {}


def _listed(root: Element, kind: str) -> Iterator[tuple[str, Element]]:
    for note in root:
        if local(note) == kind and attribute(note, "type") in (None, "normal"):
            yield attribute(note, "id") or "", note
