"""Handlers of jobs, one for each kind. Every handler may be begun again after a kill.

The worker adds files and fills vectors, one after the other; a question, a set and an arena each have a process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

from catena.add_document import Adder, kept_path
from catena.client import Catena
from catena.errors import CatenaError, DocumentError, DocumentNotFound
from catena.healing import Healing
from catena.ingest.sandbox.parser_pool import ParserPool
from catena.jobs.uploads import discard
from catena.jobs.worker import POLL_SECONDS, Handler, JobRun
from catena.jobs.worker_start import lower_priority
from catena.library.library import Library
from catena.options import AddOptions
from catena.retrieval.embedder import MiniLM
from catena.retrieval.outer_store import passage_index
from catena.retrieval.vector_jobs import fill
from catena.run_work import answer_run
from catena.settings import kept_settings, load_settings

Json = Mapping[str, Any]


def handlers(home: Path) -> Mapping[str, Handler]:
    """Return the handlers by kind of job, bound to the library in a folder."""
    return {
        "fill": partial(fill_vectors, home),
        "add": partial(add_files, home),
        "question": answer_question,
        "set": partial(make_set, home),
        "arena": judge_games,
    }


def fill_vectors(home: Path, run: JobRun) -> Json:
    """Embed every passage that has no vector yet, document after document."""
    embedder, settings = MiniLM(), load_settings(home=home)
    # The pool starts only when something is to be read again.
    with Library(home) as library, ParserPool(settings) as pool:
        library.vectors.embedder = embedder.name
        library.database.mend = Healing(library, Adder(library, pool)).mend
        for document_id in [document.id for document in library.documents() if document.is_readable]:
            if run.should_stop():
                break
            with suppress(DocumentNotFound, DocumentError):  # removed meanwhile, or damaged for good
                title = library.document(document_id).title
                fill(library, embedder, document_id, partial(run.progress, document=title), run.should_stop)
        with closing(passage_index(library, settings.vector_store)) as index, suppress(CatenaError):
            index.refresh()  # else the next question does it, or says why not
        filled, total = library.vectors.counts()
    return {"vectors": filled, "passages": total}


def answer_question(run: JobRun) -> None:
    """Answer, with the settings that it was asked with: what happens are the job's events (`catena.question_runs`)."""
    with Catena(settings=kept_settings(run.payload["settings"])) as catena:
        if not asyncio.run(answer_run(catena.runs, run.job.name, catena.questions.work_on(run.job.name))):
            os._exit(0)  # at once: an event loop and a process wait for their threads before they end


def make_set(home: Path, run: JobRun) -> None:
    """Make a set of questions (`catena.bookqa.batch_processes`)."""
    from catena.bookqa.batch_processes import SET, order_of  # the way to LiteLLM and Ray, for sets alone
    from catena.bookqa.book_set_runs import GenerateOptions, generate

    def work(catena: Catena) -> None:
        asked, out = run.payload, home / "batches" / run.job.name / SET
        generate(catena, asked["books"], order_of(asked), out, GenerateOptions(**asked["options"]))

    _behind(run, work)


def judge_games(run: JobRun) -> None:
    """Rank systems that answered a set (`catena.arena_jobs`)."""
    from catena.arena_jobs import rank_runs  # the way to LiteLLM, for sets alone

    _behind(run, lambda catena: rank_runs(catena, run))


def _behind(run: JobRun, work: Callable[[Catena], Json | None]) -> None:
    """Do work that nobody waits for; a cancellation comes as Ctrl-C does."""
    lower_priority()
    # It is ignored where a script began the server with "&".
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        threading.Thread(target=_interrupt_on_cancel, args=(run,), daemon=True).start()
        try:
            with Catena(settings=kept_settings(run.payload["settings"])) as catena:
                result = work(catena)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # what came to an end is not cancelled any more
        run.flush()
        run.jobs.finish(run.job.id, result)


def _interrupt_on_cancel(run: JobRun) -> None:
    while not run.should_stop():
        time.sleep(POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGINT)


def add_files(home: Path, run: JobRun) -> Json:
    """Add the files of `payload["files"]`: each `{"path", "title"}`. Passwords never stand in a job.

    `is_upload`: the file is a copy of ours, in a folder of its own, and goes once it is added.
    """
    outcomes = []
    with Library(home) as library, ParserPool(load_settings(home=home)) as pool:
        adder = Adder(library, pool)
        for given in run.payload["files"]:
            if run.should_stop():
                break
            path = kept_path(given["path"])
            try:
                added = adder.add(
                    path,
                    AddOptions(title=given.get("title"), collections=tuple(given.get("collections", ()))),
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
