"""The parts of a Word file by what they are to its main part."""

from __future__ import annotations

import posixpath
from xml.etree.ElementTree import Element

from catena.ingest.formats.safe_xml import BadXML, attribute, local, parse_xml
from catena.ingest.formats.zip_archive import Archive, damaged, resolve


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
