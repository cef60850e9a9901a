"""References that people keep elsewhere: BibTeX, CSL JSON (also of Better BibTeX) and Zotero's own database.

Each names the files that it is about, as far as it knows them; a document is found by these, else by DOI, ISBN, title.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from catena.errors import MissingExtra, OptionError
from catena.ingest.identifiers import plain_doi, plain_isbn
from catena.library.library import Library
from catena.reference_fields import checked_fields
from catena.types import Document

Fields = dict[str, Any]
MAX_BYTES = 200 << 20
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_BRACES = re.compile(r"[{}]")


@dataclass(frozen=True, slots=True)
class Sourced:
    """Fields of a reference, as `Collections.set_reference` takes them, and the files that it is about."""

    fields: Fields
    files: tuple[str, ...] = ()


def read_source(path: Path) -> list[Sourced]:
    """Read a file of references by its ending. Raises OptionError for what is none, and MissingExtra."""
    readers = {".bib": _read_bibtex, ".json": _read_csl, ".sqlite": _read_zotero}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise OptionError(
            f"{path.name} is no file of references.", "Give a .bib, a .json of CSL, or a zotero.sqlite."
        )
    try:
        if path.stat().st_size > MAX_BYTES:
            raise OptionError(f"{path.name} is larger than {MAX_BYTES >> 20} MiB.", "Export a part of it.")
        return read(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, sqlite3.Error) as error:
        raise OptionError(f"{path} cannot be read: {error}.", "Export it again.") from error


def match(library: Library, sources: Sequence[Sourced]) -> list[tuple[Document, Fields]]:
    """Find the documents that references are about: by file, DOI, ISBN, else by their whole title."""
    documents, described = library.documents(), library.collections.described()
    by: dict[str, dict[str, Document]] = {"file": {}, "doi": {}, "isbn": {}, "title": {}}
    for one in documents:
        said = described.get(one.id)
        for path, _ in library.sources(one.id):
            by["file"].setdefault(path, one)
            by["file"].setdefault(Path(path).name.casefold(), one)
        by["title"].setdefault(_bare(one.title), one)
        if said is not None:
            by["doi"].setdefault(said.reference.doi, one)
            by["isbn"].setdefault(said.reference.isbn, one)
    found = []
    for source in sources:
        if source.fields and (document := _found(by, source)) is not None:
            found.append((document, source.fields))
    return found


def _found(by: Mapping[str, Mapping[str, Document]], source: Sourced) -> Document | None:
    for file in source.files:
        for name in (file, Path(file).name.casefold()):
            if name in by["file"]:
                return by["file"][name]
    for field in ("doi", "isbn", "title"):
        value = str(source.fields.get(field, ""))
        value = _bare(value) if field == "title" else value
        if value and value in by[field]:
            return by[field][value]
    return None


def _read_bibtex(path: Path) -> list[Sourced]:
    try:
        from pybtex.database import parse_bytes
        from pybtex.exceptions import PybtexError
    except ImportError as error:
        raise MissingExtra("pybtex", "references") from error
    try:
        entries = parse_bytes(path.read_bytes(), "bibtex", encoding="utf-8").entries.values()
    except PybtexError as error:
        raise OptionError(f"{path} cannot be read: {error}.", "Look at that place.") from error
    return [_of_bibtex(entry) for entry in entries]


def _of_bibtex(entry: Any) -> Sourced:
    def said(*names: str) -> str:
        return next((text for name in names if (text := _plain(entry.fields.get(name, "")))), "")

    authors = [_plain(str(" ".join(_parts(person)))) for person in entry.persons.get("author", ())]
    fields = _fields(
        authors, said("date", "year"), said("title"), said("journaltitle", "journal", "booktitle", "publisher"),
        said("doi"), said("isbn"),
    )  # fmt: skip
    return Sourced(fields, tuple(_files_of_bibtex(entry.fields.get("file", ""))))


def _parts(person: Any) -> Iterator[str]:
    for kind in ("first", "middle", "prelast", "last", "lineage"):
        yield from getattr(person, f"{kind}_names")


def _files_of_bibtex(text: str) -> Iterator[str]:
    """Paths of "file": alone, or "name:path:type", several apart by ";"."""
    for part in text.split(";"):
        pieces = [piece.replace("\\", "") for piece in re.split(r"(?<!\\):", part) if piece.strip()]
        if pieces:
            yield pieces[1].strip() if len(pieces) >= 3 else pieces[0].strip()


def _read_csl(path: Path) -> list[Sourced]:
    """CSL JSON; of Better BibTeX's JSON the items are in a list of their own, with the attached files."""
    data = json.loads(path.read_text("utf-8"))
    items = data["items"] if isinstance(data, dict) else data
    return [_of_csl(item) for item in items]


def _of_csl(item: Mapping[str, Any]) -> Sourced:
    people = item.get("author") or [
        one for one in item.get("creators", ()) if one.get("creatorType") == "author"
    ]
    dates = (item.get("issued") or {}).get("date-parts") or [[item.get("date", "")]]
    venue = item.get("container-title") or item.get("publicationTitle") or item.get("publisher") or ""
    fields = _fields(
        [_csl_name(one) for one in people], str(dates[0][0]), item.get("title", ""), venue,
        item.get("DOI", ""), item.get("ISBN", ""),
    )  # fmt: skip
    files = [one.get("path") or one.get("localPath") or "" for one in item.get("attachments", ())]
    return Sourced(fields, tuple(file for file in files if file))


def _csl_name(one: Mapping[str, str]) -> str:
    given = one.get("given") or one.get("firstName") or ""
    family = one.get("family") or one.get("lastName") or ""
    parts = (given, one.get("non-dropping-particle", ""), family)
    return one.get("literal") or one.get("name") or " ".join(part for part in parts if part)


_ZOTERO_FIELDS = """
SELECT items.itemID, fields.fieldName, itemDataValues.value
FROM items JOIN itemData USING (itemID) JOIN fields USING (fieldID) JOIN itemDataValues USING (valueID)
WHERE items.itemID NOT IN (SELECT itemID FROM deletedItems)
"""
_ZOTERO_AUTHORS = """
SELECT itemCreators.itemID, creators.firstName, creators.lastName
FROM itemCreators JOIN creators USING (creatorID) JOIN creatorTypes USING (creatorTypeID)
WHERE creatorTypes.creatorType = 'author' ORDER BY itemCreators.itemID, itemCreators.orderIndex
"""
_ZOTERO_FILES = """
SELECT itemAttachments.parentItemID, items.key, itemAttachments.path
FROM itemAttachments JOIN items USING (itemID) WHERE itemAttachments.path IS NOT NULL
"""


def _read_zotero(path: Path) -> list[Sourced]:
    """Zotero's database, only read; what it has not yet put into its file is not seen while it runs."""
    values: dict[int, dict[str, str]] = {}
    authors: dict[int, list[str]] = {}
    files: dict[int, list[str]] = {}
    address = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as raw:
        for item, name, value in raw.execute(_ZOTERO_FIELDS):
            values.setdefault(item, {})[name] = str(value)
        for item, first, last in raw.execute(_ZOTERO_AUTHORS):
            authors.setdefault(item, []).append(" ".join(part for part in (first, last) if part))
        for item, key, file in raw.execute(_ZOTERO_FILES):
            stored = path.parent / "storage" / key / file.removeprefix("storage:")
            files.setdefault(item, []).append(str(stored) if file.startswith("storage:") else file)
    return [
        Sourced(_of_zotero(own, authors.get(item, [])), tuple(files.get(item, ())))
        for item, own in values.items()
        if "title" in own
    ]


def _of_zotero(own: Mapping[str, str], authors: list[str]) -> Fields:
    venue = own.get("publicationTitle") or own.get("proceedingsTitle") or own.get("publisher", "")
    return _fields(authors, own.get("date", ""), own["title"], venue, own.get("DOI", ""), own.get("ISBN", ""))


def _fields(authors: Sequence[str], date: str, title: str, venue: str, doi: str, isbn: str) -> Fields:
    """What is said and makes sense; a DOI or ISBN with a wrong digit is left out."""
    year = _YEAR.search(date)
    given = {
        "authors": [one for one in authors if one],
        "year": int(year.group()) if year else None,
        "title": title,
        "venue": venue,
        "doi": plain_doi(doi),
        "isbn": plain_isbn(isbn.split(" ")[0]),
    }
    found: Fields = {}
    for name, value in given.items():
        with suppress(OptionError):
            found |= checked_fields({name: value}) if value else {}
    return found


def _plain(text: str) -> str:
    """A value of BibTeX as it is read."""
    from pybtex.richtext import Text  # of the extra

    return " ".join(_BRACES.sub("", str(Text.from_latex(text))).split())


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
