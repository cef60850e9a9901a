"""Collections on the page: choose one to see or ask its documents, and put documents into one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from catena.app.ui.labels import plain, shown
from catena.app.ui.visitor_session import open_client
from catena.document_filter import Filter
from catena.errors import CatenaError
from catena.types import Document

COLLECTION = "collection"
"""The part of an address that names the collection."""


def choose_collection(documents: Sequence[Document], key: str) -> list[Document]:
    """Let a visitor choose a collection, if there is one; returns its documents, else all."""
    collections = open_client().library.collections
    known = {one.name: one for one in collections.all(documents)}
    if not known:
        return list(documents)
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get(COLLECTION)
    if st.session_state[key] not in known:
        st.session_state[key] = None
    chosen = st.selectbox(
        "Collection",
        list(known),
        key=key,
        index=None,
        format_func=lambda name: f"{shown(name)} ({known[name].num_documents})",
        placeholder="All documents",
    )
    if chosen is None:
        st.query_params.pop(COLLECTION, None)
        return list(documents)
    st.query_params[COLLECTION] = chosen
    return collections.select(Filter(chosen), documents)


@st.dialog("Collections and tags")
def describe(documents: Sequence[Document]) -> None:
    """Put documents into a collection, give them tags, or take either away."""
    st.markdown(", ".join(f"**{plain(one.title)}**" for one in documents[:5]))
    collections = open_client().library.collections
    names = [one.name for one in collections.all(documents) if one.filter is None]
    name = st.selectbox("Collection", names, index=None, accept_new_options=True, placeholder="None")
    tags = {tag for one in collections.described().values() for tag in one.tags}
    given = st.multiselect("Tags", sorted(tags), accept_new_options=True, placeholder="None")
    with st.container(horizontal=True):
        is_given = st.button("Give", type="primary", icon=":material/label:", disabled=not (name or given))
        is_taken = st.button("Take away", icon=":material/label_off:", disabled=not (name or given))
    if is_given or is_taken:
        try:
            _change([one.id for one in documents], name, given, is_given=is_given)
        except CatenaError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        st.rerun()


def _change(document_ids: Sequence[str], name: str | None, tags: Sequence[str], *, is_given: bool) -> None:
    collections = open_client().library.collections
    if name:
        (collections.put if is_given else collections.take)(name, document_ids)
    for document_id in document_ids if tags else ():
        collections.tag(document_id, *((tags, ()) if is_given else ((), tags)))
