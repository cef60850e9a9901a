"""Documents on their way into the library: dropped, or named by their path; each watched until it has been read."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from catena.app.allowed_paths import require_allowed
from catena.app.ui import chat
from catena.app.ui.error_view import guarded
from catena.app.ui.labels import counted, plain
from catena.app.ui.login import needs_login
from catena.app.ui.password_form import ask_password, is_locked
from catena.app.ui.visitor_session import open_client
from catena.errors import CatenaError
from catena.ingest.formats.folders import walk_folder
from catena.jobs.job_store import Job
from catena.jobs.uploads import SUFFIXES, receive
from catena.settings import Settings
from catena.types import Document
from catena.web_addresses import is_address

KINDS = "PDF, EPUB, DOCX, HTML, Markdown, text, a spreadsheet, slides, a mail, a picture or a transcript"
SHOWN_SECONDS = 120
"""Seconds for which a file that is over stays on the page."""
MAX_LISTED, MAX_WATCHED = 8, 2_000
"""Files that are named while they wait or were read, and files that are watched at all."""
DROPPED = "dropped-jobs"
"""The jobs of what this visitor dropped last: Ask waits for them, and asks about what they read."""
PATH, WRONG_PATH, SKIPPED_LINKS = "path-to-add", "path-that-failed", "links-left-out"


def show_adding() -> None:
    """Add dropped files at once; the box is empty again for the next."""
    files, folder, path = st.tabs(["Files", "A folder", "A path or address"])
    with files:
        if uploads := drop_files():
            receive_all(uploads)
            st.switch_page(st.session_state["pages"]["ask"])
    with folder:
        uploads = st.file_uploader(
            f"Drop or choose a folder: each {KINDS} in it is added",
            type=SUFFIXES,
            accept_multiple_files="directory",
            max_upload_size=open_client().settings.parser.max_file_mib,
            key=f"folder-{_turn()}",
        )
        if uploads:
            _receive(uploads)
            st.rerun()
    with path:
        _ask_path()


def drop_files() -> list[UploadedFile]:
    return st.file_uploader(
        f"Drop documents here: {KINDS}",
        type=SUFFIXES,
        accept_multiple_files=True,
        max_upload_size=open_client().settings.parser.max_file_mib,
        key=f"files-{_turn()}",
    )


def receive_all(uploads: Sequence[UploadedFile]) -> None:
    """Have files added that came through the browser, and a new conversation about them begun once they are read."""
    st.session_state[DROPPED] = [job.id for job in _receive(uploads)]
    chat.begin_anew()


def _receive(uploads: Sequence[UploadedFile]) -> list[Job]:
    """Hand files that came through the browser to the worker, and empty the box that they were dropped in."""
    catena, jobs = open_client(), []
    for upload in uploads:
        kept = receive(catena.settings.home, upload.name, upload)
        jobs += catena.queue.add(kept, title=Path(upload.name).stem, is_upload=True)
    st.session_state["uploads"] = _turn() + 1
    return jobs


def _ask_path() -> None:
    """Add typed paths; one that leads nowhere stays, with the reason below it."""
    with st.form("add-path", border=False):
        st.text_input(
            "Path of a file or folder, or an address", placeholder="/home/me/papers or https://…", key=PATH
        )
        st.form_submit_button("Add", icon=":material/add:", on_click=_add_path)
    if wrong := st.session_state.get(WRONG_PATH):
        st.error(plain(wrong), icon=":material/error:")
    if num_skipped := st.session_state.get(SKIPPED_LINKS):
        st.info(
            f"Skipped {counted(num_skipped, 'link')} out of the folder.",
            icon=":material/link_off:",
        )


def _add_path() -> None:
    st.session_state.pop(WRONG_PATH, None)
    st.session_state.pop(SKIPPED_LINKS, None)
    given: str = st.session_state[PATH].strip()
    if not given:
        return
    try:
        if is_address(given) and not needs_login():
            open_client().queue.add(given)
            st.session_state[PATH] = ""
            return
        folders = allowed_folders(open_client().settings, is_shared=needs_login())
        st.session_state[SKIPPED_LINKS] = add_allowed(open_client().queue.add, given, folders)
    except (
        CatenaError,
        OSError,
        ValueError,
        RuntimeError,
    ) as error:  # the others: no user ~x, a NUL, a name too long
        reason = f"{error.message} {error.remedy}" if isinstance(error, CatenaError) else str(error)
        st.session_state[WRONG_PATH] = reason if given in reason else f"{given}: {reason}"
    else:
        st.session_state[PATH] = ""


def _turn() -> int:
    turn: int = st.session_state.setdefault("uploads", 0)
    return turn


@st.fragment(run_every=1.0)
@guarded
def show_jobs() -> None:
    """Files under way; the page is drawn anew when one has ended."""
    jobs = [
        job
        for job in reversed(open_client().queue.all(MAX_WATCHED))
        if not job.is_over or 0 <= time.time() - job.finished_at < SHOWN_SECONDS
    ]
    _show_under_way(jobs)
    _show_known([job for job in jobs if job.state == "done" and not job.result["files"][0]["is_new"]])
    ended = {job.id for job in jobs if job.is_over}
    known: set[int] = st.session_state.setdefault("ended-jobs", set())
    if ended - known:
        known.update(ended)
        st.rerun()


def show_dropped() -> None:
    """Show dropped files until they are read, and then those that could not be read. The rest is asked about."""
    if DROPPED not in st.session_state:
        return
    jobs = _dropped()
    if not all(job.is_over for job in jobs):
        _await_dropped()
        return
    _show_failed([job for job in jobs if job.state == "failed"])
    for document in _read(jobs):
        if document.status == "failed":
            st.error(_trouble(document), icon=":material/error:")
            if is_locked(document) and ask_password(document):
                chat.choose([one.id for one in _read(jobs) if one.is_readable])
                st.rerun()
    _show_known([job for job in jobs if job.state == "done" and not job.result["files"][0]["is_new"]])


@st.fragment(run_every=0.7)
@guarded
def _await_dropped() -> None:
    jobs = _dropped()
    _show_under_way(jobs)
    if all(job.is_over for job in jobs):
        read = [document.id for document in _read(jobs) if document.is_readable]
        if read:
            chat.choose(read)
        st.rerun()


def _dropped() -> list[Job]:
    wanted = set(st.session_state[DROPPED])
    return [job for job in reversed(open_client().queue.all(MAX_WATCHED)) if job.id in wanted]


def _read(jobs: Sequence[Job]) -> list[Document]:
    """The documents that jobs came to, those that cannot be read among them."""
    ids = [one["document_id"] for job in jobs if job.state == "done" for one in job.result["files"]]
    found = [open_client().library.get(one) for one in dict.fromkeys(ids)]
    return [document for document in found if document is not None]


def _trouble(document: Document) -> str:
    return f"**{plain(document.title)}**: {plain(document.message)} {plain(document.remedy)}"


def _show_under_way(jobs: Sequence[Job]) -> None:
    _show_failed([job for job in jobs if job.state == "failed"])
    for job in jobs:
        if job.state == "running":
            _show_reading(job)
    _show_waiting([job for job in jobs if job.state in ("queued", "interrupted")])


def _show_reading(job: Job) -> None:
    done, total = job.progress.get("done", 0), job.progress.get("total", 0)
    pages = f"{done:,} of {counted(total, 'page')}" if total else "opening it"
    share = min(1.0, done / max(1, total, done))
    st.progress(share, f"{plain(_name(job))}: {pages}{_speed(job, done, total)}")


def _speed(job: Job, done: int, total: int) -> str:
    """Pages a second since this page first saw the job, and how long it will take."""
    first_done, first_time = st.session_state.setdefault(f"job-{job.id}", (done, time.monotonic()))
    seconds = time.monotonic() - first_time
    if done <= first_done or seconds <= 0:
        return ""
    speed = (done - first_done) / seconds
    return f" · {speed:.0f} pages/s · {max(0, total - done) / speed:.0f} s left"


def _show_waiting(jobs: list[Job]) -> None:
    if jobs:
        what = "waits" if len(jobs) == 1 else "wait"
        st.caption(f":material/schedule: {counted(len(jobs), 'file')} {what}: {_names(jobs)}")


def _show_known(jobs: list[Job]) -> None:
    if jobs:
        st.caption(f":material/library_add_check: In the library already: {_names(jobs)}")


def _show_failed(jobs: list[Job]) -> None:
    for job in jobs:
        reason = f"{job.error['message']} {job.error.get('remedy', '')}"
        st.error(f"**{plain(_name(job))}**: {plain(reason)}", icon=":material/error:")


def _names(jobs: list[Job]) -> str:
    names = ", ".join(plain(_name(job)) for job in jobs[:MAX_LISTED])
    return names + (f" and {len(jobs) - MAX_LISTED} more" if len(jobs) > MAX_LISTED else "")


def _name(job: Job) -> str:
    given = job.payload["files"][0]
    return str(given["title"] or Path(given["path"]).name)


def allowed_folders(settings: Settings, *, is_shared: bool) -> tuple[Path, ...]:
    """The settings' folders, links resolved; else the home folder, and none where visitors come from elsewhere."""
    chosen = settings.ui_folders
    if chosen is None:
        chosen = () if is_shared else (Path.home(),)
    return tuple(folder.expanduser().resolve() for folder in chosen)


def add_allowed(add: Callable[[Path], object], given: str, folders: Sequence[Path]) -> int:
    """Have a file or folder added; returns how many links in it are skipped, since they lead out of it.

    Raises OptionError for a path in none of `folders`, whether or not there is something, and whatever `add` raises.
    """
    remedy = "Allow it with CATENA_UI_FOLDERS, or add it in a terminal with `catena add`."
    root = require_allowed(given, folders, "this page", remedy)
    add(root)
    return walk_folder(root).num_outside
