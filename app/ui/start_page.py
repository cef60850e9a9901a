"""The first page: a document of one's own, or an example to try at once."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from catena.app.ui.chat import begin_anew
from catena.app.ui.upload import drop_files, receive_all
from catena.app.ui.visitor_session import go_to, open_client, readable

TITLE = "The Jargon File"


def show() -> None:
    st.title("Ask long documents. See every sentence proved.")
    st.markdown(
        "Drop a PDF or a book, ask it something, and click a page number: the quote is boxed on the page that it"
        " stands on. It works at once, offline, with no key."
    )
    left, right = st.columns(2, gap="large")
    with left, st.container(border=True, height="stretch"):
        st.subheader("A document of your own")
        if uploads := drop_files():
            receive_all(uploads)
            go_to("ask")
        if st.button("A folder, or many files", icon=":material/library_books:"):
            go_to("library")
    with right, st.container(border=True, height="stretch"):
        _show_example()


def _show_example() -> None:
    st.subheader("An example")
    st.markdown(f"*{TITLE}*, a book of 651 pages in the public domain. Click a question:")
    for question in files("catena.examples").joinpath("questions.txt").read_text("utf-8").splitlines():
        if st.button(question, icon=":material/chat:", width="stretch"):
            begin_anew([_example()])
            st.session_state["ask-this"] = question
            go_to("ask")


def _example() -> str:
    """The id of the example, typeset and added if it is not there; half a minute the first time."""
    catena = open_client()
    for document in readable(catena):
        if document.title.startswith(TITLE):
            return document.id
    with st.spinner("Typesetting and reading the book: half a minute, once"), TemporaryDirectory() as folder:
        path = Path(folder) / "jargon.pdf"
        subprocess.run([sys.executable, "-m", "catena.examples.build", str(path)], check=True)
        return catena.add(path).id
