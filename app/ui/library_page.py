"""The library: drop files, watch them being read; a table of what is there, to ask, open or remove."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

from catena.app.ui import scroll
from catena.app.ui.chat import begin_anew
from catena.app.ui.collection_box import choose_collection, describe
from catena.app.ui.evidence import choose_page, show_entries, show_evidence
from catena.app.ui.labels import counted, plain, shown
from catena.app.ui.password_form import ask_password, is_locked
from catena.app.ui.upload import show_adding, show_jobs
from catena.app.ui.visitor_session import go_to, open_client
from catena.jobs.uploads import own_name
from catena.render.wording import short_reference
from catena.types import Description, Document

VIEWER = "library-viewer"
STATES = {"ready": "ready", "partial": "partly read", "failed": "not read", "damaged": "damaged"}
LOCKED = "locked"
OUTLINE_PIXELS = 560
MAX_LOCKED = 5
"""Password boxes at once."""


def show() -> None:
    st.title("Library")
    show_adding()
    show_jobs()
    documents = list(reversed(open_client().documents()))
    if not documents:
        return
    left, right = st.columns([3, 2])
    with left:
        wanted = st.text_input("Search", placeholder="Search titles and files", key="wanted").casefold()
    with right:
        collected = choose_collection(documents, "library-collection")
    found = [
        one for one in collected if wanted in f"{one.title} {own_name(Path(one.path), one.title)}".casefold()
    ]
    num = counted(len(documents), "document")
    st.caption(num if len(found) == len(documents) else f"{len(found)} of {num}")
    if found:
        _show_table(found)
    for document in [one for one in found if is_locked(one)][:MAX_LOCKED]:
        st.markdown(f":material/lock: **{plain(document.title)}** needs its password.")
        if ask_password(document):
            st.rerun()


def _show_table(documents: Sequence[Document]) -> None:
    """Every column sorts by a click on its name; the boxes at the left select."""
    described = open_client().library.collections.described()
    actions = st.container(horizontal=True, gap="small", key="library-actions")
    state: Any = st.dataframe(
        [_row(document, described.get(document.id)) for document in documents],
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="",
        key=f"library-{hash(tuple(documents))}",  # other rows: what was selected means nothing any more
        column_config={
            "Title": st.column_config.TextColumn(width=230),
            "Pages": st.column_config.NumberColumn(width="small"),
            "State": st.column_config.TextColumn(width="small"),
            "Kind": st.column_config.TextColumn(width="small"),
            "Cited as": st.column_config.TextColumn(width="small"),
            "In": st.column_config.ListColumn("Collections, #tags", width=130),
            "File": st.column_config.TextColumn(width=140),
            "Added": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=130),
            "Remark": st.column_config.TextColumn(width=230),
        },
    )
    chosen = [documents[row] for row in state.selection.rows if row < len(documents)]
    with actions:
        _show_actions(chosen)


def _row(document: Document, described: Description | None) -> dict[str, object]:
    names = [*described.collections, *(f"#{tag}" for tag in described.tags)] if described else []
    return {
        "Title": shown(document.title),
        "Pages": document.num_pages if document.is_readable else None,
        "State": LOCKED if is_locked(document) else STATES[document.status],
        "File": shown(own_name(Path(document.path), document.title)),
        "Remark": shown(f"{document.message} {document.remedy}".strip()),
        "In": list(map(shown, names)),
        "Cited as": shown(short_reference(described.reference)) if described else "",
        "Kind": (document.kind or "").upper(),
        "Added": datetime.fromtimestamp(document.added_at),
    }


def _show_actions(chosen: Sequence[Document]) -> None:
    readable = [document for document in chosen if document.is_readable]
    ask = "Ask this" if len(readable) == 1 else "Ask these"
    if st.button(ask, icon=":material/forum:", type="primary", disabled=not readable, key="ask-selected"):
        begin_anew([document.id for document in readable])
        go_to("ask")
    if st.button("Open", icon=":material/menu_book:", disabled=len(readable) != 1):
        choose_page(VIEWER, readable[0].id, 1)
        _show_inside(readable[0])
    if st.button("Label", icon=":material/label:", disabled=not chosen):
        describe(chosen)
    if st.button("Remove", icon=":material/delete:", disabled=not chosen):
        _confirm_removing(chosen)
    if not chosen:
        st.caption("Tick documents to ask, open, label or remove them.")


@st.dialog("Remove from the library?")
def _confirm_removing(documents: Sequence[Document]) -> None:
    for document in documents:
        st.markdown(f"**{plain(document.title)}** · {plain(own_name(Path(document.path), document.title))}")
    st.markdown("Text, index, the library's copy and cached answers of models go; your own files stay.")
    with st.container(horizontal=True):
        if st.button("Remove", type="primary", icon=":material/delete:", key="remove-now"):
            for document in documents:
                open_client().remove(document)
            st.rerun()
        if st.button("Keep", key="keep-it"):
            st.rerun()


@st.dialog("In this document", width="large")
def _show_inside(document: Document) -> None:
    """The outline on the left; a click opens the page on the right."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        if document.outline:
            with st.container(height=OUTLINE_PIXELS, border=False):
                show_entries(document, VIEWER)
        else:
            st.caption("This document has no outline. Turn its pages, or go to one:")
            number = st.number_input("Page", 1, max(1, document.num_pages), key=f"page-of-{document.id}")
            if st.button("Go to it", icon=":material/menu_book:"):
                choose_page(VIEWER, document.id, int(number))
    with right:
        show_evidence(VIEWER)
    scroll.fulfil()  # a dialog is drawn without its page
