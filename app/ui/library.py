"""The library: drop files, watch them being read, see what is there and what is wrong with it."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st

from catena.app.ui.evidence import picture
from catena.app.ui.session import go_to, open_client
from catena.app.ui.trouble import guarded, show_error
from catena.app.ui.words import num_pages, plain, shortened
from catena.errors import CatenaError
from catena.jobs import Job
from catena.types import Document
from catena.uploads import SUFFIXES, receive

THUMBNAILS, THUMBNAIL_DPI = 12, 40
MAX_OUTLINE = 200
SHOWN_SECONDS = 120
"""How long a job that is over stays on the page."""
STATES = {
    "ready": ("ready", ":material/check_circle:", "green"),
    "partial": ("partly read", ":material/warning:", "orange"),
    "failed": ("not read", ":material/error:", "red"),
}
LOCKED = ("locked", ":material/lock:", "orange")


def show() -> None:
    catena = open_client()
    st.title("Library")
    _show_adding()
    _show_jobs()
    documents = list(reversed(catena.documents()))
    if not documents:
        st.info(
            "Nothing here yet.",
            icon=":material/upload_file:",
        )
        return
    wanted = st.text_input(
        "Search titles", placeholder="Search titles", label_visibility="collapsed", key="wanted"
    )
    found = [one for one in documents if wanted.casefold() in f"{one.title} {one.path}".casefold()]
    st.caption(f"{len(found)} of {len(documents)} documents")
    for document in found:
        _show_document(document)


def _show_adding() -> None:
    """What is dropped is added at once; the box is empty again for the next."""
    catena = open_client()
    turn = st.session_state.setdefault("uploads", 0)
    uploads = st.file_uploader(
        "Drop documents here: PDF, EPUB, DOCX, HTML, Markdown or text",
        type=SUFFIXES,
        accept_multiple_files=True,
        key=f"uploads-{turn}",
    )
    for upload in uploads:
        kept = receive(catena.settings.home, upload.name, upload)
        catena.add_later(kept, title=Path(upload.name).stem, is_upload=True)
    if uploads:
        st.session_state["uploads"] = turn + 1
        st.rerun()
    with (
        st.expander("Add a file or folder of this computer", icon=":material/folder_open:"),
        st.form("add-path", clear_on_submit=True, border=False),
    ):
        path = st.text_input("Path", placeholder="/home/me/papers")
        if st.form_submit_button("Add", icon=":material/add:") and path.strip():
            catena.add_later(Path(path.strip()).expanduser())


@st.fragment(run_every=1.0)
@guarded
def _show_jobs() -> None:
    """Jobs under way; the page is drawn anew when one has ended."""
    jobs = [
        job
        for job in open_client().adding()
        if not job.is_over or time.time() - job.finished_at < SHOWN_SECONDS
    ]
    ended = {job.id for job in jobs if job.is_over}
    known: set[int] = st.session_state.setdefault("ended-jobs", set())
    for job in reversed(jobs):
        _show_job(job)
    if ended - known:
        known.update(ended)
        st.rerun()


def _show_job(job: Job) -> None:
    files = job.payload["files"]
    name = plain(files[0]["title"] or Path(files[0]["path"]).name)
    name += f" and {len(files) - 1} more" if len(files) > 1 else ""
    if job.state == "queued":
        st.caption(f":material/schedule: {name}: waits")
    elif job.state == "running":
        done, total = job.progress.get("done", 0), job.progress.get("total", 0)
        st.progress(
            min(1.0, done / max(1, total, done)),
            f"{name}: {done} of {total or '?'} pages{_speed(job, done, total)}",
        )
    elif job.state == "failed":
        st.error(
            f"{name}: {plain(job.error['message'])} {plain(job.error.get('remedy', ''))}",
            icon=":material/error:",
        )


def _speed(job: Job, done: int, total: int) -> str:
    """Pages a second since this page first saw the job, and how long it will take."""
    first_done, first_time = st.session_state.setdefault(f"job-{job.id}", (done, time.monotonic()))
    seconds = time.monotonic() - first_time
    if done <= first_done or seconds <= 0:
        return ""
    speed = (done - first_done) / seconds
    return f" · {speed:.0f} pages/s · {max(0, total - done) / speed:.0f} s left"


def _show_document(document: Document) -> None:
    is_locked = document.reason == "needs_password"
    word, icon, color = LOCKED if is_locked else STATES[document.status]
    with st.container(border=True):
        left, right = st.columns([3, 2], vertical_alignment="center")
        with left:
            st.markdown(f"**{plain(document.title)}**")
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.badge(word, icon=icon, color=color)  # type: ignore[arg-type]
                added = time.strftime("%Y-%m-%d %H:%M", time.localtime(document.added_at))
                facts = [] if document.status == "failed" else [num_pages(document.num_pages)]
                st.caption(
                    " · ".join([*facts, *([document.kind] if document.kind else []), f"added {added}"])
                )
        with right, st.container(horizontal=True, horizontal_alignment="right"):
            if document.status != "failed" and st.button(
                "Ask", key=f"ask-{document.id}", icon=":material/forum:"
            ):
                st.session_state["documents"] = [document.id]
                st.query_params.clear()
                go_to("ask")
            if document.status != "failed" and st.button(
                "Open", key=f"open-{document.id}", icon=":material/menu_book:"
            ):
                _show_inside(document)
            if st.button("Delete", key=f"delete-{document.id}", icon=":material/delete:"):
                _confirm_deleting(document)
        if is_locked:
            _ask_password(document)
        elif document.message:
            st.caption(f"{plain(document.message)} {plain(document.remedy)}")


def _ask_password(document: Document) -> None:
    """The password goes to the parser and is kept nowhere."""
    with (
        st.form(f"password-{document.id}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        password = st.text_input("Password of this document", type="password")
        is_sent = st.form_submit_button("Unlock", icon=":material/lock_open:")
    if is_sent and password:
        try:
            with st.spinner("Reading"):
                opened = open_client().reindex(document, password=password)
        except CatenaError as error:
            show_error(error)
            return
        if opened.reason != "needs_password":
            st.rerun()
        st.error(plain(opened.message), icon=":material/lock:")


@st.dialog("Delete this document?")
def _confirm_deleting(document: Document) -> None:
    st.markdown(
        f"**{plain(document.title)}**: its text, index, original copy and cached answers of models go."
    )
    with st.container(horizontal=True):
        if st.button("Delete it", type="primary", icon=":material/delete:"):
            open_client().remove(document)
            st.rerun()
        if st.button("Keep it"):
            st.rerun()


@st.dialog("In this document", width="large")
def _show_inside(document: Document) -> None:
    st.markdown(f"**{plain(document.title)}**")
    if document.outline:
        with st.expander("Outline", icon=":material/toc:"):
            for entry in document.outline[:MAX_OUTLINE]:
                st.markdown(
                    f"{'&emsp;' * (entry.level - 1)}{plain(shortened(entry.title, 90))} · {entry.page}"
                )
            if len(document.outline) > MAX_OUTLINE:
                st.caption(f"and {len(document.outline) - MAX_OUTLINE} more")
    last = max(1, document.num_pages)
    first = st.number_input("Pages from", 1, last, 1, step=THUMBNAILS, key=f"from-{document.id}")
    columns = st.columns(4)
    for place, number in enumerate(range(int(first), min(int(first) + THUMBNAILS, document.num_pages + 1))):
        with columns[place % 4]:
            st.image(
                picture(document.id, number, (), THUMBNAIL_DPI), caption=f"page {number}", width="stretch"
            )
