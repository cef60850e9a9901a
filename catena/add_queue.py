"""Files that the worker process adds, while nobody waits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from catena.add_document import as_text, files_under, offline
from catena.arguments import list_of, path_of, require_flag, require_whole
from catena.errors import DocumentError, RunNotFound
from catena.jobs.job_queue import Jobs
from catena.jobs.job_store import Job
from catena.jobs.worker_start import ensure_worker
from catena.library.library import Library
from catena.options import AddOptions
from catena.web_addresses import WebPath, url_of


class AddQueue:
    """The files that wait to be added to one library, and those that were."""

    def __init__(self, library: Library, jobs: Jobs, *, is_offline: bool = False) -> None:
        self._library = library
        self._jobs = jobs
        self._is_offline = is_offline

    def add(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        is_upload: bool = False,
        collections: Sequence[str] = (),
    ) -> list[Job]:
        """Have the worker add a file, each of a folder, or what is at an address, to collections; returns a job each.

        `is_upload`: the file is a copy in a folder of its own (`catena.jobs.uploads`), which goes once it is added.
        """
        require_flag("is_upload", is_upload)
        options = AddOptions(title=title, collections=tuple(list_of("collections", collections, str)))
        found = path_of("path", path)
        if isinstance(found, WebPath) and self._is_offline:
            raise offline(found)
        if isinstance(found, WebPath):
            url_of(found.address)
        files = [found] if isinstance(found, WebPath) else files_under(found.absolute())
        if not files or not (isinstance(found, WebPath) or os.path.exists(path)):
            raise DocumentError("not_a_document", f"There is no file at {path}.", "Check the path.")
        told = {"title": title, "is_upload": is_upload, "collections": list(options.collections)}
        given = [{"path": as_text(file), **told} for file in files]
        queued = [self._jobs.enqueue("add", {"files": [file]}) for file in given]
        ensure_worker(self._library.home)
        return queued

    def all(self, limit: int = 50) -> list[Job]:
        """List the last jobs that add files, newest first; `progress` has done, total and file."""
        require_whole("limit", limit)
        return self._jobs.list(kind="add", limit=limit)

    def job(self, job_id: int) -> Job:
        """Return one of the jobs that add files, as it stands. Raises RunNotFound."""
        require_whole("job_id", job_id)
        with suppress(KeyError):
            found = self._jobs.job(job_id)
            if found.kind == "add":
                return found
        raise RunNotFound(f"There is no upload {job_id}.", "It was never begun, or is over for long.")
