"""`catena meta`, `export-references` and `import-references`: what documents are cited by.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy and no Rich.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from catena.app.cli.shared_options import CiteStyle, DocumentName, Home, Json, Within
from catena.app.process_border import print_json, say
from catena.errors import OptionError
from catena.reference_fields import FIELDS


def meta(
    document: DocumentName,
    author: Annotated[
        list[str] | None, typer.Option(help="Name, given names first; repeatable, in their order.")
    ] = None,
    year: Annotated[int | None, typer.Option(min=1, max=9999)] = None,
    title: Annotated[str | None, typer.Option()] = None,
    venue: Annotated[str | None, typer.Option(help="Journal, proceedings or publisher.")] = None,
    doi: Annotated[str | None, typer.Option()] = None,
    isbn: Annotated[str | None, typer.Option()] = None,
    reset: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD", help=f"Take again what was read; repeatable: {', '.join(FIELDS)}."),
    ] = None,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Show what a document is cited by, or say it: what is given wins over what was read; "" says there is none."""
    from catena.app.cli.document_commands import reference_json
    from catena.app.cli.terminal import reference_rows
    from catena.client import Catena

    authors = None if author is None else [one for one in author if one]
    told = {"authors": authors, "year": year, "title": title, "venue": venue, "doi": doi, "isbn": isbn}
    given: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    if twice := set(given) & set(reset or ()):
        raise OptionError(f"{twice.pop()} is given and reset.", "Do one of them.")
    with Catena(home) as catena:
        found = catena.document(document)
        changes = given | dict.fromkeys(reset or ())
        collections = catena.library.collections
        said = collections.set_reference(found.id, changes) if changes else collections.description(found.id)
    if as_json:
        print_json(reference_json(said))
        return
    for name, value, source in reference_rows(said):
        say(f"{name:8}{value} ({source})")
    if not reference_rows(said):
        say(f"{found.title}: nothing is known. Say it: catena meta DOC --author NAME --year YEAR")


def export_references(
    style: Annotated[CiteStyle, typer.Argument(metavar="FORMAT", help="apa, mla, chicago, bibtex or csl.")],
    within: Within = None,
    home: Home = None,
) -> None:
    """Print the references of all documents, or those of a collection or filter."""
    from catena.bibliography import cite
    from catena.client import Catena

    with Catena(home) as catena:
        documents = [one for one in catena.documents(within) if one.is_readable]
        say(cite(catena.library, documents, style))


def import_references(
    source: Annotated[Path, typer.Argument(help="BibTeX (.bib), CSL JSON (.json), or a zotero.sqlite.")],
    home: Home = None,
) -> None:
    """Take what documents are cited by from BibTeX, CSL JSON or Zotero: found by file, DOI, ISBN or title."""
    from catena.client import Catena
    from catena.reference_sources import match, read_source

    with Catena(home) as catena:
        found = match(catena.library, read_source(source))
        for document, fields in found:
            catena.library.collections.set_reference(document.id, fields)
            say(f"{document.title}: {', '.join(fields)}")
    say(f"{len(found)} documents were found in {source.name}.", is_error=True)
