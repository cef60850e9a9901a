"""The page that proves a statement: its picture with the exact quote boxed, and the pages around it."""

from __future__ import annotations

import streamlit as st

from catena.app.ui.session import open_client
from catena.app.ui.trouble import show_error
from catena.app.ui.words import page_name, plain
from catena.errors import CatenaError
from catena.types import Box, Citation

ZOOMS = {"75 %": 72, "100 %": 110, "150 %": 165, "200 %": 220}
"""Dots per inch of each zoom."""
MAX_PICTURES = 128


@st.cache_data(max_entries=MAX_PICTURES, show_spinner=False)
def picture(document_id: str, number: int, boxes: tuple[Box, ...], dpi: int) -> bytes:
    return open_client().page_image(document_id, number, boxes=boxes, dpi=dpi)


def choose_citation(key: str, citation: Citation) -> None:
    """Open a citation in the viewer of this name."""
    st.session_state[key] = {"citation": citation, "page": citation.parts[0].ref.number}


def show_evidence(key: str) -> None:
    """The viewer: quote, page picture, the way to the pages before and after."""
    opened = st.session_state.get(key)
    if opened is None:
        st.caption("Click a page number beside a statement: the page appears here, the quote boxed.")
        return
    citation: Citation = opened["citation"]
    number: int = opened["page"]
    catena = open_client()
    document = catena.document(citation.document_id)
    here = [part for part in citation.parts if part.ref.number == number]
    boxes = tuple(box for part in here for box in part.boxes)
    label = here[0].label if here else catena.page(document, number).label
    st.markdown(f"**{plain(document.title)}** · {plain(page_name(number, label))} of {document.num_pages}")
    _toolbar(key, number, document.num_pages, [part.ref.number for part in citation.parts])
    st.caption(f"“{plain(citation.quote)}”" + ("" if here else " · stands on another page"))
    if citation.source == "ocr":
        st.caption(":material/document_scanner: The text of this page was recognised from a scan.")
    zoom = st.session_state.get(f"{key}-zoom") or "100 %"
    try:
        st.image(
            picture(document.id, number, boxes, ZOOMS[zoom]),
            width="stretch" if zoom == "100 %" else "content",
        )
    except CatenaError as error:
        show_error(error)


def _toolbar(key: str, number: int, num_pages: int, cited: list[int]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        before = st.button(
            "Previous", key=f"{key}-before", icon=":material/chevron_left:", disabled=number <= 1
        )
        after = st.button(
            "Next", key=f"{key}-after", icon=":material/chevron_right:", disabled=number >= num_pages
        )
        back = number not in cited and st.button(
            "Back to the quote", key=f"{key}-back", icon=":material/undo:"
        )
        st.segmented_control(
            "Zoom", list(ZOOMS), key=f"{key}-zoom", default="100 %", label_visibility="collapsed"
        )
    target = number - 1 if before else number + 1 if after else cited[0] if back else number
    if target != number:
        st.session_state[key]["page"] = target
        st.rerun()
