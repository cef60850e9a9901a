"""`catena add`, `ls`, `show` and `rm`.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy and no Rich.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catena.app.cli.shared_options import (
    Collections,
    DocumentName,
    Home,
    Json,
    PasswordFile,
    Tags,
    Version,
    Within,
    read_password,
)
from catena.app.process_border import print_json, say, write_file
from catena.errors import OptionError
from catena.ingest.formats.folders import walk_folder
from catena.ingest.formats.subtitles import Caption, captions_of, subtitles_named
from catena.options import AddOptions
from catena.types import Description, Kind
from catena.web_addresses import is_address

if TYPE_CHECKING:
    from catena.add_document import Added
    from catena.client import Catena
    from catena.options import AddOptions
    from catena.types import Document, Figure


def add(
    paths: Annotated[
        list[str],
        typer.Argument(help="Files, folders with everything in them, https://…, arxiv:2406.02818 or doi:…"),
    ],
    as_kind: Annotated[Kind | None, typer.Option("--as", help="Read as this, whatever it seems.")] = None,
    password_file: PasswordFile = None,
    ocr: Annotated[
        bool | None, typer.Option("--ocr/--no-ocr", help="Recognise the text of pages that are images.")
    ] = None,
    collections: Collections = None,
    tags: Tags = None,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Add documents to the library."""
    from catena.app.cli.progress_bars import AddProgress
    from catena.app.cli.terminal import print_added
    from catena.client import Catena
    from catena.settings import load_settings

    options = AddOptions(
        as_kind, read_password(password_file), collections=tuple(collections or ()), tags=tuple(tags or ())
    )
    walks = [walk_folder(Path(path)) for path in paths if not is_address(path)]
    files: list[str | Path] = [
        *(path for path in paths if is_address(path)),
        *(file for walked in walks for file in walked.paths),
    ]
    for walked in walks:
        for message in walked.messages():
            say(message, is_error=True)
    outcomes: list[Added] = []
    shown: list[dict[str, object]] = []
    settings = load_settings(home=home, ocr=ocr)
    with Catena(settings=settings) as catena, AddProgress(len(files), is_shown=not as_json) as progress:
        for added in catena.add_all(files, options=options, on_page=progress.on_page):
            added = _ask_password(catena, added, options) if not as_json else added
            outcomes.append(added)
            progress.done(added)
            if as_json:
                counts = Counter(figure.state for figure in _figures_of(catena, added))
                shown.append(added_json(added) | {"figures": dict(counts)})
            else:
                print_added(added, progress.console, _figures_of(catena, added))
    if as_json:
        print_json(shown)
    if num_failed := sum(added.document.status == "failed" for added in outcomes):
        if len(outcomes) > 1:
            say(f"{num_failed:,} of {len(outcomes):,} files could not be added", is_error=True)
        raise typer.Exit(1)


def _figures_of(catena: Catena, added: Added) -> list[Figure]:
    return catena.library.figures(added.document.id) if added.document.is_readable else []


def ls(
    within: Within = None,
    versions: Annotated[
        bool, typer.Option("--versions", help="Also documents that newer ones took the place of.")
    ] = False,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """List the documents of the library, or those of a collection or filter."""
    from catena.app.cli.terminal import print_documents
    from catena.client import Catena

    with Catena(home) as catena:
        found = catena.documents(within, versions=versions)
        described = catena.library.collections.described()
        numbers = {one.id: _number_of(catena, one) for one in found} if versions else {}
    if as_json:
        own = ({"version": numbers[one.id][0]} if numbers else {} for one in found)
        rows = [document_json(one, described.get(one.id)) for one in found]
        print_json([row | more for row, more in zip(rows, own, strict=True)])
    elif found or not within:
        notes = {one: f"version {number} of {last}" for one, (number, last) in numbers.items() if last > 1}
        print_documents(found, described, notes)
    else:
        say(f"No document fits {within!r}.")


def _number_of(catena: Catena, document: Document) -> tuple[int, int]:
    """The number of a version, and of the last one."""
    known = [one.id for one in catena.library.versions(document.id)]
    return known.index(document.id) + 1, len(known)


def show(
    document: DocumentName,
    version: Version = None,
    page: Annotated[int | None, typer.Option(min=1, help="Physical page, from 1.")] = None,
    render: Annotated[Path | None, typer.Option(help="Write the page as PNG to this file.")] = None,
    script: Annotated[bool, typer.Option("--script", help="What was said in a recording, and when.")] = False,
    subtitles: Annotated[Path | None, typer.Option(help="Write the cues as SRT or VTT, by its name.")] = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Show a document, or the text or picture of one of its pages."""
    from catena.app.cli.terminal import print_document, print_page, print_script
    from catena.client import Catena

    with Catena(home) as catena:
        found = catena.document(document)
        if version is not None:
            found = catena.library.version(found.id, version)
        described = catena.library.collections.description(found.id)
        if render is not None:
            image = catena.page_image(found, page or 1, password=read_password(password_file))
            write_file(render, image)
            say(f"Wrote {render}.", is_error=True)
        shown = catena.page(found, page) if page is not None else None
        copies = catena.library.web.of(found.id)
        said = _cues_of(catena, found) if script or subtitles else []
    if subtitles is not None:
        write_file(subtitles, subtitles_named(subtitles.name, said).encode())
        say(f"Wrote {subtitles}.", is_error=True)
    if as_json:
        data = document_json(found, described) | {"web": [asdict(copy) for copy in copies]}
        if script:
            data["cues"] = [_cue_json(one) for one in said]
        if shown is not None:
            data["page"] = {"number": shown.ref.number, "label": shown.label, "text": shown.text}
        print_json(data)
    elif shown is not None:
        print_page(found, shown)
    elif script:
        print_script(said)
    elif render is None and subtitles is None:
        print_document(found, described, copies)


def _cues_of(catena: Catena, document: Document) -> list[Caption]:
    pages = catena.library.texts(document.id, range(1, document.num_pages + 1))
    said = list(captions_of(pages))
    if not said:
        raise OptionError(
            f"{document.title} has no times.", "Of transcripts they are kept: SRT, VTT or JSON."
        )
    return said


def _cue_json(caption: Caption) -> dict[str, object]:
    return {
        "start_s": caption.start_s,
        "end_s": caption.end_s,
        "speaker": caption.speaker,
        "text": caption.text,
    }


def rm(
    documents: Annotated[list[str], typer.Argument(help="Ids, unique prefixes, titles or paths.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    home: Home = None,
) -> None:
    """Remove documents: original, text, vectors, cached calls and checkpoints."""
    from catena.client import Catena

    with Catena(home) as catena:
        found = [catena.document(name) for name in documents]
        for document in found:
            if not yes and sys.stdin.isatty() and not typer.confirm(f"Remove {document.title!r}?"):
                continue
            former = [catena.document(one) for one in catena.library.predecessors(document.id)]
            catena.remove(document)
            say(f"Removed {document.title} ({document.id[:12]}).")
            for one in former:
                say(
                    f"The version before stays for what cites it: {one.id[:12]}. It answers when it is named."
                )


def document_json(document: Document, described: Description | None = None) -> dict[str, object]:
    said = described or Description(document.id)
    return {
        "path": document.path,
        "document_id": document.id,
        "title": document.title,
        "status": document.status,
        "reason": document.reason,
        "message": document.message,
        "remedy": document.remedy,
        "pages": document.num_pages,
        "pages_with_text": document.num_pages_with_text,
        "tags": list(said.tags),
        "collections": list(said.collections),
        "reference": reference_json(said),
        "successor": document.successor,
    }


def reference_json(described: Description) -> dict[str, object]:
    """What a document is cited by, and who says so: `page`, `file` or `given`."""
    fields = {name: value for name, value in asdict(described.reference).items() if value}
    sources = {
        name: "given" if name in described.given else "page" if name in described.places else "file"
        for name in fields
    }
    return {**fields, "sources": sources}


def added_json(added: Added) -> dict[str, object]:
    from catena.add_document import as_text

    return document_json(added.document) | {
        "path": as_text(added.path),
        "is_new": added.is_new,
        "superseded": list(added.superseded),
    }


def _ask_password(catena: object, added: Added, options: AddOptions) -> Added:
    """Ask for the password of an encrypted file where a person sits at the terminal."""
    from dataclasses import replace

    from catena.client import Catena

    assert isinstance(catena, Catena), "called with the open client"
    if added.document.reason != "needs_password" or options.password or not sys.stdin.isatty():
        return added
    password = typer.prompt(f"Password of {added.path.name}", hide_input=True, default="", show_default=False)
    if not password:
        return added
    return next(catena.add_all([added.path], options=replace(options, password=password)))
