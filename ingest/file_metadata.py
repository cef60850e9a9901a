"""What a file says it is cited by: metadata of PDF, EPUB, DOCX and HTML, and the lines at the head of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from catena.ingest.formats.safe_xml import attribute, local
from catena.ingest.identifiers import plain_doi, plain_isbn
from catena.ingest.pagination.blocks import clean

FIELDS = ("author", "date", "venue", "doi", "isbn")
MAX_VALUES, MAX_LENGTH, MAX_XMP = 200, 500, 1 << 20
Metadata = dict[str, list[str]]
"""Values by field, as they stand in the file."""

# Names that publishers give (Highwire Press, Dublin Core, Open Graph), the best first.
_OF_HTML = {
    "author": ("citation_author", "dc.creator", "dcterms.creator", "author", "article:author"),
    "date": (
        "citation_publication_date",
        "citation_date",
        "dcterms.issued",
        "dc.date.issued",
        "article:published_time",
        "dc.date",
        "dc.created",
        "date",
    ),
    "venue": ("citation_journal_title", "citation_conference_title", "dc.source"),
    "doi": ("citation_doi", "dc.identifier", "dc.identifier.doi"),
    "isbn": ("citation_isbn", "dc.identifier"),
}
_XMP_DOI = re.compile(r"<(?:prism|pdfx):doi>([^<]{1,200})<|\bdoi:(10\.[^\s<\"']{1,200})", re.IGNORECASE)
_HEAD_LINE = re.compile(r"^(author|date|doi|isbn)s?:[ \t]*(\S.{0,500})$", re.IGNORECASE | re.MULTILINE)
_PDF_DATE = re.compile(r"(?:D:)?((?:19|20)\d\d)(\d\d)?")


def of_pdf(info: Mapping[str, Any], xmp: str) -> Metadata:
    """Of a PDF's information and its XMP; the date is that of the file."""
    made = _PDF_DATE.match(info.get("creationDate") or "")
    doi = _XMP_DOI.search(xmp)
    return tidy(
        {
            "author": [info.get("author") or ""],
            "date": [made[1]] if made else [],
            "doi": [doi[1] or doi[2]] if doi else [],
        }
    )


def of_package(root: Element) -> Metadata:
    """Of an EPUB's package file."""
    found: Metadata = {name: [] for name in FIELDS}
    for element in root.iter():
        text, event = "".join(element.itertext()), attribute(element, "event") or ""
        match local(element):
            case "creator":
                found["author"].append(text)
            case "publisher":
                found["venue"].append(text)
            case "identifier" if plain_isbn(_after_scheme(text)):
                found["isbn"].append(_after_scheme(text))
            case "identifier" if plain_doi(text):
                found["doi"].append(text)
            case "date" if event in ("", "publication", "original-publication"):
                found["date"].append(text)
            case "meta" if attribute(element, "property") == "dcterms:issued":
                found["date"].insert(0, text)
    return tidy(found)


def of_core(core: Element) -> Metadata:
    """Of a DOCX's core properties; the date is that of the file."""
    names = {"creator": "author", "created": "date"}
    found: Metadata = {}
    for element in core:
        if name := names.get(local(element)):
            found.setdefault(name, []).append(element.text or "")
    return tidy(found)


def of_html(metas: Iterable[tuple[str, str]]) -> Metadata:
    """Of the names and contents of a page's `meta` elements."""
    by_name: Metadata = {}
    for name, content in metas:
        by_name.setdefault(name.casefold(), []).append(content)
    return tidy(
        {
            field: next((by_name[name] for name in names if by_name.get(name)), [])
            for field, names in _OF_HTML.items()
        }
    )


def of_head(text: str) -> Metadata:
    """Of the lines at the head of a plain text: "Author: Jane Austen"."""
    found: Metadata = {}
    for said in _HEAD_LINE.finditer(text):
        found.setdefault(said[1].lower(), []).append(said[2].strip("\"'[] "))
    return tidy(found)


def tidy(found: Mapping[str, Iterable[str]]) -> Metadata:
    """Values on one line, the empty ones left out, not too many and not too long."""
    plain = {name: [clean(value)[:MAX_LENGTH] for value in values] for name, values in found.items()}
    return {
        name: kept for name, values in plain.items() if (kept := [one for one in values if one][:MAX_VALUES])
    }


def _after_scheme(text: str) -> str:
    return re.sub(r"^urn:isbn:|^isbn[:\s]*", "", text.strip(), flags=re.IGNORECASE)
