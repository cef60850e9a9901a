"""A document that needs its password: it goes to the parser and is kept nowhere."""

from __future__ import annotations

import streamlit as st

from catena.app.ui.error_view import show_error
from catena.app.ui.labels import plain
from catena.app.ui.visitor_session import open_client
from catena.errors import CatenaError
from catena.types import Document


def is_locked(document: Document) -> bool:
    return document.reason == "needs_password"


def ask_password(document: Document) -> bool:
    """Ask for the password; True once it opened the document."""
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
            return False
        if not is_locked(opened):
            return True
        st.error(plain(opened.message), icon=":material/lock:")
    return False
