"""Handlers of the worker process, one for each kind of job. Every handler may be begun again after a kill."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from catena.add_document import Adder
from catena.errors import DocumentError, DocumentNotFound
from catena.healing import Healing
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.jobs.uploads import discard
from catena.jobs.worker import Handler, JobRun
from catena.library.library import Library
from catena.options import AddOptions
from catena.retrieval.embedder import MiniLM
from catena.retrieval.vector_jobs import fill
from catena.settings import Settings

Json = Mapping[str, Any]


def handlers(library: Library, settings: Settings) -> Mapping[str, Handler]:
    """Return the handlers by kind of job, bound to one library."""
    return {"fill": partial(fill_vectors, library, settings), "add": partial(add_files, library, settings)}


def fill_vectors(library: Library, settings: Settings, run: JobRun) -> Json:
    """Embed every passage that has no vector yet, document after document."""
    embedder = MiniLM()
    library.embedder = embedder.name
    document_ids = [document.id for document in library.documents() if document.is_readable]
    with ParserPool(settings) as pool:  # starts only when something is to be read again
        library.mend = Healing(library, Adder(library, pool)).mend
        for document_id in document_ids:
            if run.should_stop():
                break
            with suppress(DocumentNotFound, DocumentError):  # removed meanwhile, or damaged for good
                title = library.document(document_id).title
                fill(library, embedder, document_id, partial(run.progress, document=title), run.should_stop)
    filled, total = library.vector_counts()
    return {"vectors": filled, "passages": total}


def add_files(library: Library, settings: Settings, run: JobRun) -> Json:
    """Add the files of `payload["files"]`: each `{"path", "title"}`. Passwords never stand in a job.

    `is_upload`: the file is a copy of ours, in a folder of its own, and goes once it is added.
    """
    outcomes = []
    with ParserPool(settings) as pool:
        adder = Adder(library, pool)
        for given in run.payload["files"]:
            if run.should_stop():
                break
            path = Path(given["path"])
            try:
                added = adder.add(
                    path,
                    AddOptions(title=given.get("title")),
                    on_page=lambda path, done, total: run.progress(done, total, file=path.name),
                )
            except DocumentError:  # refused, and no other time would take it
                if given.get("is_upload"):
                    discard(path)
                raise
            outcomes.append({"path": given["path"], "document_id": added.document.id, "is_new": added.is_new})
            if given.get("is_upload"):
                discard(path)
    return {"files": outcomes}
