"""`catena figures`. It imports what it needs when it runs: `catena --help` waits for no SQLAlchemy and no Rich."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catena.app.cli.ask import find_or_add
from catena.app.cli.shared_options import Home, Json, PasswordFile, read_password
from catena.app.process_border import make_folder_for, print_json, say, write_file
from catena.ingest import parser_version
from catena.render.figure_wording import counted_figures, name_of
from catena.retrieval.sentences import sentences

if TYPE_CHECKING:
    from catena.client import Catena
    from catena.types import Document, Figure


def figures(
    document: Annotated[
        str, typer.Argument(help="Id, unique prefix, title or path (a path is added first).")
    ],
    render: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each figure as PNG to this folder.")
    ] = None,
    password_file: PasswordFile = None,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """List the figures of a document: where they are, their captions, who mentions them, what is printed in them."""
    from catena.app.cli.terminal import print_figures
    from catena.client import Catena

    password = read_password(password_file)
    with Catena(home) as catena:
        found = find_or_add(catena, document, password)
        listed = catena.library.figures(found.id)
        if render is not None:
            write_pictures(catena, found, listed, render, password)
        mentions = {figure.number: _mentions(catena, figure) for figure in listed}
    if as_json:
        rows = [figure_json(figure) | {"mentions": mentions[figure.number]} for figure in listed]
        print_json({"document_id": found.id, "title": found.title, "figures": rows})
        return
    print_figures(found, listed, mentions)
    say(counted_figures(listed) or "No figures were found.")
    if not listed and found.parser_version != parser_version():
        say(f"It was read by another version: catena reindex {found.id[:12]} looks for them.", is_error=True)


def write_pictures(
    catena: Catena, document: Document, listed: list[Figure], folder: Path, password: str | None
) -> None:
    """Write one PNG per figure: `3_p12.png` is the third figure, on page 12."""
    make_folder_for(folder)
    for figure in listed:
        file = folder / f"{figure.number}_p{figure.ref.number}.png"
        write_file(file, catena.page_image(document, figure.ref.number, clip=figure.box, password=password))
        say(f"Wrote {file}", is_error=True)


def figure_json(figure: Figure) -> dict[str, object]:
    return {
        "number": figure.number,
        "page": figure.ref.number,
        "box": _rounded(figure.box),
        "name": name_of(figure),
        "label": figure.label,
        "caption": figure.caption,
        "state": figure.state,
        "texts": [{"text": one.text, "box": _rounded(one.box), "source": one.source} for one in figure.texts],
    }


def _rounded(box: tuple[float, float, float, float]) -> list[float]:
    return [round(value, 2) for value in box]


def _mentions(catena: Catena, figure: Figure) -> list[dict[str, object]]:
    """The sentences that name a figure, once each."""
    found: dict[tuple[int, int], dict[str, object]] = {}
    for span in figure.mentions:
        (page,) = catena.library.texts(span.ref.document_id, [span.ref.number])
        for start, end in sentences(page):
            if start <= span.start < end:
                found[span.ref.number, start] = {"page": span.ref.number, "text": page.text[start:end]}
    return list(found.values())
