"""The library: drop files, watch them being read, see what is there and what is wrong with it."""

from __future__ import annotations

import time

import streamlit as st

from catena.app.ui.adding import show_adding, show_jobs
from catena.app.ui.evidence import picture
from catena.app.ui.session import go_to, open_client
from catena.app.ui.trouble import show_error
from catena.app.ui.words import counted, plain, shortened
from catena.errors import CatenaError
from catena.types import Document

THUMBNAILS, THUMBNAIL_DPI = 12, 40
MAX_OUTLINE = 200
STATES = {
    "ready": ("ready", ":material/check_circle:", "green"),
    "partial": ("partly read", ":material/warning:", "orange"),
    "failed": ("not read", ":material/error:", "red"),
}
LOCKED = ("locked", ":material/lock:", "orange")


def show() -> None:
    catena = open_client()
    st.title("Library")
    show_adding()
    show_jobs()
    documents = list(reversed(catena.documents()))
    if not documents:
        return
    num = counted(len(documents), "document")
    if len(documents) > 1:
        wanted = st.text_input(
            "Search titles", placeholder="Search titles", label_visibility="collapsed", key="wanted"
        )
        found = [one for one in documents if wanted.casefold() in f"{one.title} {one.path}".casefold()]
        num = num if len(found) == len(documents) else f"{len(found)} of {num}"
        documents = found
    st.caption(num)
    for document in documents:
        _show_document(document)


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
                facts = [] if document.status == "failed" else [counted(document.num_pages, "page")]
                st.caption(
                    " · ".join(
                        [*facts, *([document.kind.upper()] if document.kind else []), f"added {added}"]
                    )
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
