"""`catena diff` and `catena recheck`: what became of documents, and of answers about them.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy and no Rich.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from catena.app.cli.shared_options import DocumentName, Home, Json
from catena.app.process_border import print_json
from catena.document_changes import body_sentences, changes
from catena.errors import OptionError

if TYPE_CHECKING:
    from catena.library.library import Library
    from catena.types import Document


def diff(
    document: DocumentName,
    versions: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="A B", help="Numbers of two versions, 1 the first (default: the last two)."),
    ] = None,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Show which sentences changed between two versions of a document, were added, are gone, or moved."""
    from catena.app.cli.terminal import print_changes
    from catena.client import Catena

    with Catena(home) as catena:
        old, new = _two_versions(catena.library, catena.document(document), versions)
        texts = [catena.library.texts(one.id, range(1, one.num_pages + 1)) for one in (old, new)]
    found = changes(*map(body_sentences, texts))
    if as_json:
        counts = dict(Counter(one.kind for one in found))
        rows = [one.to_json() for one in found]
        print_json({"before": old.id, "after": new.id, "counts": counts, "changes": rows})
    else:
        print_changes(found, old, new)


def _two_versions(
    library: Library, document: Document, numbers: tuple[int, int] | None
) -> tuple[Document, Document]:
    known = library.versions(document.id)
    if len(known) < 2:
        raise OptionError(
            f"There is one version of {document.title!r}.",
            "Add its file again once it has changed: what is added from the same path is a new version.",
        )
    first, second = numbers or (len(known) - 1, len(known))
    for one in (old := library.version(document.id, first), new := library.version(document.id, second)):
        if not one.is_readable:
            raise OptionError(f"The version {one.id[:12]} could not be read: {one.message}", one.remedy)
    return old, new


def recheck(
    run: Annotated[str, typer.Argument(help="Id of an answer, or a unique prefix (see `catena history`).")],
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Look whether the quotes of an answer still stand in the documents as they are now.

    Exit code 0: all of them; 1: one changed, is gone, or was never found on its page.
    """
    from catena.app.cli.terminal import print_standings
    from catena.client import Catena
    from catena.quote_standing import recheck as look

    with Catena(home) as catena:
        answer, found = look(catena.library, run)
    if as_json:
        rows = [one.to_json() for one in found]
        counts = dict(Counter(one.state for one in found))
        print_json({"run_id": answer.run_id, "question": answer.question, "counts": counts, "quotes": rows})
    else:
        print_standings(answer, found)
    if any(one.state != "stands" for one in found):
        raise typer.Exit(1)
