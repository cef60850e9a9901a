"""Documents that a caller names: by id, title, path or value, one or several."""

from __future__ import annotations

from collections.abc import Sequence

from catena.arguments import list_of, require_text
from catena.errors import DocumentError, OptionError
from catena.library.library import Library
from catena.types import Document

Documents = Sequence[Document | str] | Document | str | None
"""Some documents, or one; None: all of the library."""


def resolve(library: Library, document: Document | str) -> Document:
    """Return the document of a name. Raises DocumentNotFound and AmbiguousDocument."""
    if isinstance(document, Document):
        return document
    require_text("document", document)
    return library.find(document)


def readable_ids(library: Library, documents: Documents) -> list[str]:
    """Return the ids of the documents to ask; of all, those that can be read.

    Raises OptionError where there is none, DocumentError for one that was named and cannot be read.
    """
    if documents is None:
        found = library.documents()
    else:
        found = [resolve(library, one) for one in list_of("documents", documents, str, Document)]
        if not found:
            raise OptionError("documents names none.", "Name one, or leave documents out to ask all of them.")
    readable = [document for document in found if document.is_readable]
    if documents is not None and len(readable) < len(found):
        failed = next(document for document in found if not document.is_readable)
        raise DocumentError(failed.reason or "damaged", failed.message, failed.remedy)
    if not readable:
        raise OptionError("There is no document to ask.", "Add one: `catena add FILE`.")
    return [document.id for document in readable]
