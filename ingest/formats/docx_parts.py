"""The parts of a Word file by what they are to its main part, and its notes, numbered as the text calls them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from catena.ingest.formats.docx_numbering import format_number
from catena.ingest.formats.safe_xml import BadXML, attribute, local, parse_xml
from catena.ingest.formats.zip_archive import Archive, damaged, resolve
from catena.ingest.raised import to_superscript

_KINDS = ("footnote", "endnote", "comment")
# What Word prints where the file names no format (ISO/IEC 29500-1, 17.11.17).
_FORMATS = {"footnote": "decimal", "endnote": "lowerRoman"}


class Parts:
    """Reads parts by name, by the id of a relationship, or by its type. Raises DocumentError for broken ones."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._main = self._main_part()
        folder, name = posixpath.split(self._main)
        self._targets: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        for element in self.read(f"{folder}/_rels/{name}.rels") or ():
            if attribute(element, "TargetMode") != "External":
                member = resolve(self._main, attribute(element, "Target") or "")
                self._targets[attribute(element, "Id") or ""] = member
                self._kinds.setdefault((attribute(element, "Type") or "").rpartition("/")[2], member)

    def main(self) -> Element | None:
        return self.read(self._main)

    def read(self, name: str) -> Element | None:
        """Parse a part; None where there is none."""
        try:
            data = self._archive.read_if_there(name) if name else None
            return parse_xml(data) if data else None
        except BadXML as error:
            raise damaged(self._archive.name, f"{name} is no proper XML ({error})") from error

    def target(self, identity: str) -> str:
        """The member that a relationship points to; "" for none."""
        return self._targets.get(identity, "")

    def kin(self, kind: str) -> Element | None:
        """Parse the part that is the main part's `styles`, `footnotes` and so on, under whatever name."""
        return self.read(self._kinds.get(kind) or f"word/{kind}.xml")

    def _main_part(self) -> str:
        for element in self.read("_rels/.rels") or ():
            if local(element) == "Relationship" and (attribute(element, "Type") or "").endswith(
                "/officeDocument"
            ):
                member = resolve("", attribute(element, "Target") or "")
                if self._archive.read_if_there(member) is not None:
                    return member
        if "word/document.xml" in self._archive.names:
            return "word/document.xml"
        names = sorted(name for name in self._archive.names if name.startswith("word/document"))
        return names[0] if names else ""


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
