"""The page: drop a document, ask, see the proof boxed on the page. Knows the client and its types alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from catena.adding import UPLOAD, AddOptions
from catena.client import Catena
from catena.errors import CatenaError, DocumentError
from catena.types import Answer, Citation, Document

SUFFIXES = ("pdf", "epub", "docx", "html", "htm", "md", "txt")
MARKS = {
    "supported": ":material/verified: supported",
    "partial": ":material/rule: partly supported",
    "unsupported": ":material/help: not supported",
    "contradicted": ":material/block: contradicted",
}


@st.cache_resource(on_release=Catena.close)
def open_client() -> Catena:
    return Catena()


def main() -> None:
    st.set_page_config(page_title="Catena", page_icon=":material/link:", layout="wide")
    catena = open_client()
    with st.sidebar:
        show_upload(catena)
        chosen = show_library(catena)
    st.title("Ask a document")
    if not chosen:
        st.info("Drop a PDF, a book or a text on the left, then ask it something.")
        return
    with st.form("question", border=False):
        question = st.text_input("What do you want to know?")
        is_asked = st.form_submit_button("Ask", type="primary")
    if is_asked and question:
        ask(catena, question, chosen)
    answer: Answer | None = st.session_state.get("answer")
    if answer is not None:
        show_answer(catena, answer)


def show_upload(catena: Catena) -> None:
    """Add what was dropped; the upload's name is a title and never a path."""
    st.header("Library")
    uploads = st.file_uploader("Add documents", type=SUFFIXES, accept_multiple_files=True)
    password = st.text_input("Password, if a document needs one", type="password") or None
    for upload in uploads:
        key = (upload.file_id, password)
        if key in st.session_state.setdefault("added", {}):
            continue
        with st.status(f"Reading {upload.name}") as status:
            outcome = add_upload(catena, upload.name, upload.getbuffer(), password)
            st.session_state["added"][key] = outcome
            status.update(label=outcome, state="error" if outcome.startswith("Failed") else "complete")
    for outcome in st.session_state.get("added", {}).values():
        st.caption(plain(outcome))


def add_upload(catena: Catena, name: str, data: memoryview, password: str | None) -> str:
    suffix = Path(name).suffix.lower()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{UPLOAD}{suffix if suffix.lstrip('.') in SUFFIXES else ''}"
        file.write_bytes(data)
        bar = st.progress(0.0)
        options = AddOptions(password=password, title=Path(name).stem)
        try:
            document = catena.add(
                file, options=options, on_page=lambda _, done, total: show_progress(bar, done, total)
            )
        except DocumentError as error:
            return f"Failed: {name}: {error}"
    note = f" ({document.message})" if document.message else ""
    return f"{name}: {document.num_pages} pages{note}"


def show_progress(bar: DeltaGenerator, done: int, total: int) -> None:
    bar.progress(done / max(total, done, 1), f"{done} of {total} pages")


def show_library(catena: Catena) -> list[Document]:
    """Let the user choose what to ask. Returns the chosen documents."""
    readable = [document for document in catena.documents() if document.status != "failed"]
    if not readable:
        return []
    newest = readable[-1:]
    return st.multiselect(
        "Ask these documents",
        readable,
        default=newest,
        format_func=lambda document: f"{document.title} ({document.num_pages} pages)",
        key=f"chosen-{len(readable)}",
    )


def ask(catena: Catena, question: str, documents: list[Document]) -> None:
    with st.spinner("Reading…"):
        try:
            st.session_state["answer"] = catena.ask(question, documents=documents)
            st.session_state["citation"] = 0
        except CatenaError as error:
            st.error(f"{error.message} {error.remedy}")


def show_answer(catena: Catena, answer: Answer) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader(plain(answer.question))
        for statement in answer.statements:
            show_cited(answer, statement.text, statement.citations, MARKS[statement.support])
        if not answer.statements:
            st.markdown(f"**{plain(answer.text)}**")
            for index, citation in enumerate(answer.citations):
                show_cited(answer, citation.quote, (index,), "closest passage")
        show_footnotes(answer)
    with right:
        if answer.citations:
            show_page(catena, answer.citations[st.session_state.get("citation", 0)])


def show_cited(answer: Answer, text: str, citations: tuple[int, ...], mark: str) -> None:
    """Show a statement, and a button for each page that it stands on."""
    with st.container(border=True):
        st.markdown(plain(text))
        for index in citations:
            citation = answer.citations[index]
            if citation.quote not in text:
                st.caption(f"“{plain(citation.quote)}”")
            where = ", ".join(page_name(part.ref.number, part.label) for part in citation.parts)
            key = f"{answer.run_id}-{index}"
            if st.button(where, key=key, icon=":material/find_in_page:", help="Show it on the page"):
                st.session_state["citation"] = index
            st.caption(f"{mark} · {plain(citation.title)}")


def show_page(catena: Catena, citation: Citation) -> None:
    try:
        images = catena.citation_images(citation)
    except CatenaError as error:
        st.warning(f"{error.message} {error.remedy}")
        return
    for part, image in zip(citation.parts, images, strict=True):
        st.image(image, caption=page_name(part.ref.number, part.label))


def show_footnotes(answer: Answer) -> None:
    coverage = answer.coverage
    st.caption(
        f"{answer.strategy} · {coverage.pages_searched} of {coverage.pages_total} pages searched, "
        f"{coverage.pages_read} read · {answer.seconds:.1f} s · {plain(answer.model)}"
    )
    for warning in answer.warnings:
        st.caption(plain(warning))


def page_name(number: int, label: str) -> str:
    return f"page {number}" if label in ("", str(number)) else f"page {number}, printed {plain(label)}"


def plain(text: str) -> str:
    """Escape what Markdown would interpret: document text is shown, never rendered."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]<>()#+-.!|$~:" else sign for sign in text)


main()
