"""Dynamic XFA forms: their one page says "Please wait", what was filled in lies in a packet of XML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import pymupdf

from catena.ingest.formats.safe_xml import BadXML, parse_xml
from catena.ingest.pdf.page_words import clean

MAX_VALUES = 5_000
_LINES_A_PAGE = 40
_MAX_CHARACTERS = 2_000  # of one value
_PACKET = re.compile(r"\(([^)]*)\)\s*(\d+) 0 R")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")


def add_form_values(doc: pymupdf.Document) -> str:
    """Append the values of a dynamic form to the document as pages; says what is missing, nothing of other files."""
    try:
        if not _is_dynamic(doc):
            return ""
        values = list(_values(doc))
        for start in range(0, len(values), _LINES_A_PAGE):
            _write(doc, values[start : start + _LINES_A_PAGE])
    except (BadXML, RuntimeError, ValueError):  # MuPDF's border too
        values = []
    read = (
        f"{len(values)} values were read from its data, its labels were not" if values else "it was not read"
    )
    return f"it is a dynamic XFA form: {read}"


def _is_dynamic(doc: pymupdf.Document) -> bool:
    """Tell whether the form is laid out by its reader: a static one has its fields in the pages as well."""
    catalog = doc.pdf_catalog()
    if doc.xref_get_key(catalog, "AcroForm/XFA")[0] == "null":
        return False
    return doc.xref_get_key(catalog, "NeedsRendering")[1] == "true" or not doc.is_form_pdf


def _values(doc: pymupdf.Document) -> Iterator[tuple[str, str]]:
    """Names and values of the fields, in the order of the data."""
    packets = _packets(doc)
    captions = dict(_captions(packets))
    seen = 0
    for data in (element for packet in packets for element in packet.iter() if _local(element) == "data"):
        for element in data.iter():
            value = " ".join(clean(element.text or "").split())[:_MAX_CHARACTERS]
            if value and not len(element) and seen < MAX_VALUES:
                seen += 1
                yield captions.get(_local(element)) or _spelled(_local(element)), value


def _packets(doc: pymupdf.Document) -> list[Element]:
    """The form's XML: one stream, or several with names between them."""
    kind, value = doc.xref_get_key(doc.pdf_catalog(), "AcroForm/XFA")
    if kind == "xref" and not doc.xref_is_stream(number := int(value.split()[0])):
        kind, value = "array", doc.xref_object(number)
    if kind == "xref":
        return [parse_xml(doc.xref_stream(int(value.split()[0])) or b"")]
    wanted = [int(number) for name, number in _PACKET.findall(value) if name in ("template", "datasets")]
    return [parse_xml(doc.xref_stream(number) or b"") for number in wanted]


def _captions(packets: list[Element]) -> Iterator[tuple[str, str]]:
    """The caption of each field that has one in the template."""
    for packet in packets:
        for field in packet.iter():
            if _local(field) != "field":
                continue
            caption = next((part for part in field if _local(part) == "caption"), None)
            text = " ".join(clean(" ".join(caption.itertext())).split()) if caption is not None else ""
            if text:
                yield field.get("name", ""), text.rstrip(" :")


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _spelled(name: str) -> str:
    """A field's name in words: "dateOfBirth" as "date Of Birth"."""
    return " ".join(_WORDS.findall(name)) or name


def _write(doc: pymupdf.Document, values: list[tuple[str, str]]) -> None:
    page: Any = doc.new_page()
    lines = "".join(f"<p>{html.escape(label)}: {html.escape(value)}</p>" for label, value in values)
    page.insert_htmlbox(page.rect + (50, 50, -50, -50), lines)
