"""Documents that a caller names: by id, title, path or value, one or several."""

from __future__ import annotations

from collections.abc import Sequence

from catena.arguments import list_of, require_text
from catena.document_filter import Filter
from catena.errors import DocumentError, OptionError
from catena.library.library import Library
from catena.types import Document

Documents = Sequence[Document | str] | Document | str | Filter | None
"""Some documents, or one; those that a filter fits; None: all of the library."""


def resolve(library: Library, document: Document | str) -> Document:
    """Return the document of a name. Raises DocumentNotFound and AmbiguousDocument."""
    if isinstance(document, Document):
        return document
    require_text("document", document)
    return library.find(document)


def within(library: Library, wanted: Filter | str | None, *, versions: bool = False) -> list[Document]:
    """Return the documents of the library that a filter, also as people write it, fits. Raises CollectionNotFound."""
    known = library.documents(versions=versions)
    if wanted is None:
        return known
    if not isinstance(wanted, Filter):
        require_text("within", wanted)
        wanted = Filter.parse(wanted)
    return library.collections.select(wanted, known)


def readable_ids(library: Library, documents: Documents) -> list[str]:
    """Return the ids of the documents to ask; of all, and of those that a filter fits, those that can be read.

    Raises OptionError where there is none, DocumentError for one that was named and cannot be read, and
    CollectionNotFound.
    """
    is_named = not (documents is None or isinstance(documents, Filter))
    if documents is None or isinstance(documents, Filter):
        found = within(library, documents)
    else:
        found = [resolve(library, one) for one in list_of("documents", documents, str, Document)]
        if not found:
            raise OptionError("documents names none.", "Name one, or leave documents out to ask all of them.")
    readable = [document for document in found if document.is_readable]
    if is_named and len(readable) < len(found):
        failed = next(document for document in found if not document.is_readable)
        raise DocumentError(failed.reason or "damaged", failed.message, failed.remedy)
    if not readable and isinstance(documents, Filter):
        raise OptionError(f"No document to ask fits {str(documents)!r}.", "See which there are: `catena ls`.")
    if not readable:
        raise OptionError("There is no document to ask.", "Add one: `catena add FILE`.")
    return [document.id for document in readable]
