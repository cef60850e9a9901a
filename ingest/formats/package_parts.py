"""Parts of an Office package (OPC): XML trees by name, and what a part refers to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from catena.ingest.formats.safe_xml import BadXML, attribute, local, parse_xml
from catena.ingest.formats.zip_archive import Archive, damaged, resolve
from catena.ingest.pagination.blocks import clean

_MAX_TITLE = 300


class PackageParts:
    """Reads parts of an archive. Raises DocumentError for those that are no proper XML."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def tree(self, member: str) -> Element | None:
        """Parse a part; None where there is none."""
        try:
            data = self.archive.read_if_there(member) if member else None
            return parse_xml(data) if data else None
        except BadXML as error:
            raise damaged(self.archive.name, f"{member} is no proper XML ({error})") from error

    def targets(self, member: str) -> dict[str, str]:
        """The parts that a part refers to, by the ids of the relationships; links that lead out are none."""
        return {
            attribute(one, "Id") or "": resolve(member, attribute(one, "Target") or "")
            for one in self._links(member)
        }

    def related(self, member: str) -> dict[str, list[str]]:
        """The parts that a part refers to, by the last word of their type; of the package itself for ""."""
        found: dict[str, list[str]] = {}
        for one in self._links(member):
            kind = (attribute(one, "Type") or "").rpartition("/")[2]
            found.setdefault(kind, []).append(resolve(member, attribute(one, "Target") or ""))
        return found

    def title(self) -> str:
        """The title that the package says that it has."""
        root = self.tree("docProps/core.xml")
        titles = [one.text or "" for one in (root if root is not None else ()) if local(one) == "title"]
        return clean(titles[0])[:_MAX_TITLE] if titles else ""

    def _links(self, member: str) -> Iterator[Element]:
        folder, name = posixpath.split(member)
        root = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        for element in root if root is not None else ():
            if attribute(element, "TargetMode") != "External":
                yield element
