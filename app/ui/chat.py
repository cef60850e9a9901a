"""The conversation shown, and its documents: the address says it, so that a reload or a bookmark finds it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from catena.app.ui.labels import shown
from catena.app.ui.visitor_session import open_client
from catena.errors import CatenaError
from catena.types import Document

SHOWN_ID = 12
"""Letters of a document's id in an address."""
PARTS = ("thread", "run", "documents", "collection")
CHOSEN = "documents"
"""The key of the box in which documents are chosen, and their part of the address."""
WISHED = "documents-wished"
COLLECTED = "ask-collection"
"""The key of the box in which a collection is chosen."""
VIEWER = "ask-viewer"
"""Place on the page where this conversation's quotes are opened."""
CONVERSATION, ID_SEPARATOR = "conversation", "-"
"""Parameters of the address of Ask, kept while other pages are shown."""


def restore() -> None:
    """Restore the conversation of somebody who comes back from another page."""
    kept: dict[str, str] = st.session_state.get(CONVERSATION, {})
    if not any(part in st.query_params for part in PARTS):
        st.query_params.from_dict({**st.query_params.to_dict(), **kept})


def keep() -> None:
    """Note where this page is, for when it is left."""
    st.session_state[CONVERSATION] = {
        part: st.query_params[part] for part in PARTS if part in st.query_params
    }


def forget() -> None:
    """Begin a new conversation with the documents that are chosen."""
    for part in ("thread", "run"):
        st.query_params.pop(part, None)
    keep()


def begin_anew(document_ids: Sequence[str] = ()) -> None:
    """Begin a new conversation with these documents; none: with the whole library. From any page."""
    begun = {CHOSEN: ID_SEPARATOR.join(one[:SHOWN_ID] for one in document_ids)} if document_ids else {}
    st.session_state[CONVERSATION] = begun
    for kept in (CHOSEN, COLLECTED, VIEWER):
        st.session_state.pop(kept, None)
    st.query_params.clear()


def resume(thread: str) -> None:
    """Go to a past conversation and its documents."""
    begin_anew()
    st.query_params["thread"] = thread
    keep()


def choose(document_ids: Sequence[str]) -> None:
    """Have these documents chosen when the page is drawn next."""
    st.session_state[WISHED] = list(document_ids)


def choose_documents(documents: Sequence[Document]) -> list[Document]:
    """Return the documents to ask; nothing chosen means all of them."""
    known = {document.id: document for document in documents}
    wished: list[str] | None = st.session_state.pop(WISHED, None)
    if wished is None:
        wished = st.session_state[CHOSEN] if CHOSEN in st.session_state else _of_address(known)
    st.session_state[CHOSEN] = [one for one in wished if one in known]
    chosen = st.multiselect(
        "Documents",
        list(known),
        key=CHOSEN,
        format_func=lambda one: shown(known[one].title),
        placeholder="All of this collection" if st.session_state.get(COLLECTED) else "The whole library",
    )
    address = ID_SEPARATOR.join(one[:SHOWN_ID] for one in chosen)
    if address != st.query_params.get(CHOSEN, ""):
        st.query_params.pop(CHOSEN, None)
        if address:
            st.query_params[CHOSEN] = address
    return [known[one] for one in chosen]


def _of_address(known: dict[str, Document]) -> list[str]:
    """The documents that the address names, else those that its conversation or its question is about."""
    if prefixes := st.query_params.get(CHOSEN):
        begins = tuple(one for one in prefixes.split(ID_SEPARATOR) if one)
        return [one for one in known if begins and one.startswith(begins)]
    about = _asked_before()
    return [] if about >= known.keys() else [one for one in known if one in about]


def _asked_before() -> set[str]:
    catena, address = open_client(), st.query_params
    if thread := address.get("thread"):
        return {
            one.document_id for turn in catena.history(1, thread_id=thread) for one in turn.coverage.documents
        }
    if run := address.get("run"):
        try:
            return set(catena.runs.run(run).document_ids)
        except CatenaError:  # forgotten since
            return set()
    return set()
