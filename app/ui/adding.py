"""Documents on their way into the library: dropped, or named by their path; each watched until it has been read."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from catena.app.ui.session import open_client
from catena.app.ui.trouble import guarded
from catena.app.ui.words import counted, plain
from catena.jobs import Job
from catena.uploads import SUFFIXES, receive

KINDS = "PDF, EPUB, DOCX, HTML, Markdown or text"
SHOWN_SECONDS = 120
"""How long a file that is over stays on the page."""
MAX_LISTED, MAX_WATCHED = 8, 2_000
"""Files that are named while they wait or were read, and files that are watched at all."""


def show_adding() -> None:
    """What is dropped is added at once; the box is empty again for the next."""
    files, folder, path = st.tabs(["Files", "A folder", "A path on this computer"])
    with files:
        _add(drop_files())
    with folder:
        _add(
            st.file_uploader(
                f"Drop or choose a folder: each {KINDS} in it is added",
                type=SUFFIXES,
                accept_multiple_files="directory",
                max_upload_size=open_client().settings.max_file_mib,
                key=f"folder-{_turn()}",
            )
        )
    with path, st.form("add-path", clear_on_submit=True, border=False):
        given = st.text_input("Path of a file or folder", placeholder="/home/me/papers")
        if st.form_submit_button("Add", icon=":material/add:") and given.strip():
            open_client().add_later(Path(given.strip()).expanduser())


def drop_files() -> list[UploadedFile]:
    return st.file_uploader(
        f"Drop documents here: {KINDS}",
        type=SUFFIXES,
        accept_multiple_files=True,
        max_upload_size=open_client().settings.max_file_mib,
        key=f"files-{_turn()}",
    )


def receive_all(uploads: list[UploadedFile]) -> None:
    """Hand files that came through the browser to the worker, and empty the box that they were dropped in."""
    catena = open_client()
    for upload in uploads:
        kept = receive(catena.settings.home, upload.name, upload)
        catena.add_later(kept, title=Path(upload.name).stem, is_upload=True)
    st.session_state["uploads"] = _turn() + 1


def _add(uploads: list[UploadedFile]) -> None:
    if uploads:
        receive_all(uploads)
        st.rerun()


def _turn() -> int:
    turn: int = st.session_state.setdefault("uploads", 0)
    return turn


@st.fragment(run_every=1.0)
@guarded
def show_jobs() -> None:
    """Files under way; the page is drawn anew when one has ended."""
    jobs = [
        job
        for job in reversed(open_client().adding(MAX_WATCHED))
        if not job.is_over or time.time() - job.finished_at < SHOWN_SECONDS
    ]
    _show_failed([job for job in jobs if job.state == "failed"])
    for job in jobs:
        if job.state == "running":
            _show_reading(job)
    _show_waiting([job for job in jobs if job.state == "queued"])
    _show_known([job for job in jobs if job.state == "done" and not job.result["files"][0]["is_new"]])
    ended = {job.id for job in jobs if job.is_over}
    known: set[int] = st.session_state.setdefault("ended-jobs", set())
    if ended - known:
        known.update(ended)
        st.rerun()


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
