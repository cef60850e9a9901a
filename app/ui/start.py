"""The first page: an example to try at once, or a document of one's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from catena.app.ui.session import go_to, open_client, readable

CHECKOUT = Path(__file__).resolve().parents[2]
QUESTIONS = CHECKOUT / "examples" / "questions.txt"
"""The example is in the repository and not in the wheel."""
TITLE = "The Jargon File"


def show() -> None:
    st.title("Ask long documents. See every sentence proved.")
    st.markdown(
        "Drop a PDF or a book, ask it something, and click a page number: the quote is boxed on the page that it"
        " stands on. It works at once, offline, with no key."
    )
    left, right = st.columns(2, gap="large")
    with left, st.container(border=True):
        st.subheader("A document of your own")
        st.markdown("PDF, EPUB, DOCX, HTML, Markdown or text, of any length.")
        if st.button("Add a document", type="primary", icon=":material/upload_file:"):
            go_to("library")
    if QUESTIONS.is_file():
        with right, st.container(border=True):
            _show_example()


def _show_example() -> None:
    st.subheader("An example")
    st.markdown(f"*{TITLE}*, a book of 651 pages in the public domain. Click a question:")
    for question in QUESTIONS.read_text("utf-8").splitlines():
        if st.button(question, icon=":material/chat:", width="stretch"):
            st.session_state["documents"] = [_example()]
            st.session_state["ask-this"] = question
            st.query_params.clear()
            go_to("ask")


def _example() -> str:
    """The id of the example, typeset and added if it is not there; half a minute the first time."""
    catena = open_client()
    for document in readable(catena):
        if document.title.startswith(TITLE):
            return document.id
    with st.spinner("Typesetting and reading the book"), TemporaryDirectory() as folder:
        path = Path(folder) / "jargon.pdf"
        subprocess.run([sys.executable, "-m", "examples.build", str(path)], cwd=CHECKOUT, check=True)
        return catena.add(path).id
