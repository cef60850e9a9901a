"""`catena collection` and `catena tag`: documents under names.

The commands import what they need when they run: `catena --help` waits for no SQLAlchemy and no Rich.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from catena.app.cli.shared_options import DocumentName, Home, Json
from catena.app.process_border import print_json, say
from catena.document_filter import Filter
from catena.errors import OptionError
from catena.render.wording import count

if TYPE_CHECKING:
    from catena.client import Catena
    from catena.library.document_collections import Collection

collection = typer.Typer(help="Collections of documents: put there by hand, or by a filter that is kept.")
Name = Annotated[str, typer.Argument(help="Name of a collection.")]
_MEMBERS = "Documents: ids, unique prefixes, titles or paths."


@collection.command("ls")
def list_collections(as_json: Json = False, home: Home = None) -> None:
    """List the collections."""
    from catena.client import Catena

    with Catena(home) as catena:
        found = catena.library.collections.all(catena.documents())
    if as_json:
        print_json([collection_json(one) for one in found])
        return
    for one in found:
        rule = f"  = {one.filter}" if one.filter else ""
        say(f"{one.name}  {count(one.num_documents, 'document')}{rule}")
    if not found:
        say("There is no collection. Begin one: catena collection add NAME DOC")


@collection.command("add")
def add_to_collection(
    name: Name,
    documents: Annotated[list[str] | None, typer.Argument(help=_MEMBERS)] = None,
    rule: Annotated[
        str | None,
        typer.Option(
            "--filter",
            help='Keep a filter instead: "title:10-K year:2020-2022 author:Smith tag:audit kind:pdf in:NAME".',
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Put documents into a collection, which begins with the first; or keep a filter as one."""
    from catena.client import Catena

    if bool(documents) == bool(rule):
        raise OptionError(
            "A collection holds documents, or is a filter.", "Name documents, or give --filter."
        )
    with Catena(home) as catena:
        if rule:
            catena.library.collections.save(name, Filter.parse(rule))
        else:
            catena.library.collections.put(name, _ids(catena, documents or []))
        _say_how_many(catena, name)


@collection.command("remove")
def remove_from_collection(
    name: Name, documents: Annotated[list[str], typer.Argument(help=_MEMBERS)], home: Home = None
) -> None:
    """Take documents out of a collection; they stay in the library."""
    from catena.client import Catena

    with Catena(home) as catena:
        catena.library.collections.take(name, _ids(catena, documents))
        _say_how_many(catena, name)


@collection.command("rename")
def rename_collection(
    name: Name, new: Annotated[str, typer.Argument(help="Its new name.")], home: Home = None
) -> None:
    """Give a collection another name."""
    from catena.client import Catena

    with Catena(home) as catena:
        catena.library.collections.rename(name, new)
        _say_how_many(catena, new)


@collection.command("rm")
def delete_collection(name: Name, home: Home = None) -> None:
    """Delete a collection; its documents stay in the library."""
    from catena.client import Catena

    with Catena(home) as catena:
        catena.library.collections.delete(name)
    say(f"Deleted {name}; its documents stay.")


def tag(
    document: DocumentName,
    changes: Annotated[list[str], typer.Argument(metavar="+TAG|-TAG...", help="Tags to give, and to take.")],
    home: Home = None,
) -> None:
    """Give a document tags, and take others from it: catena tag REPORT +audit -draft."""
    from catena.client import Catena

    for change in changes:
        if change[:1] not in ("+", "-") or not change[1:]:
            raise OptionError(f"{change!r} neither gives nor takes a tag.", "Write +TAG or -TAG.")
    with Catena(home) as catena:
        found = catena.document(document)
        added, removed = ([one[1:] for one in changes if one[0] == sign] for sign in "+-")
        said = catena.library.collections.tag(found.id, added, removed)
    say(f"{found.title}: {', '.join(said.tags) or 'no tags'}")


def collection_json(found: Collection) -> dict[str, object]:
    rule = str(found.filter) if found.filter else None
    return {"name": found.name, "filter": rule, "num_documents": found.num_documents}


def _ids(catena: Catena, names: list[str]) -> list[str]:
    return [catena.document(name).id for name in names]


def _say_how_many(catena: Catena, name: str) -> None:
    found = catena.documents(Filter(name))
    say(f"{name}: {count(len(found), 'document')}")
