"""The page that proves a statement: its picture with the exact quote boxed, and the pages around it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import streamlit as st

from catena.app.ui import sight
from catena.app.ui.session import open_client
from catena.app.ui.trouble import guarded, show_error
from catena.app.ui.words import page_name, plain
from catena.client import Catena
from catena.errors import CatenaError
from catena.types import Box, Citation

FITTING = "Fit"
"""The whole page in sight, so that the box is, wherever it stands (the style is in `shell`)."""
ZOOMS = {FITTING: 110, "100 %": 110, "200 %": 220}
"""Dots per inch of each zoom."""
MAX_PICTURES = 128
_ahead = ThreadPoolExecutor(1, "catena-pictures")


def picture(document_id: str, number: int, boxes: tuple[Box, ...], dpi: int) -> bytes:
    """A page as PNG; the last ones are kept for all visitors."""
    return _drawn(open_client(), document_id, number, boxes, dpi)


@lru_cache(MAX_PICTURES)
def _drawn(client: Catena, document_id: str, number: int, boxes: tuple[Box, ...], dpi: int) -> bytes:
    return client.page_image(document_id, number, boxes=boxes, dpi=dpi)


def choose_citation(key: str, citation: Citation) -> None:
    """Open a citation in the viewer of this name; in a narrow window it comes into sight."""
    st.session_state[key] = {"citation": citation, "page": citation.parts[0].ref.number}
    sight.wish(pane(key), is_always=False)


def pane(key: str) -> str:
    """The key of the container that a viewer stands in."""
    return f"{key}-pane"


def show_evidence(key: str, *, back_to: str = "") -> None:
    """Show the viewer of this name. `back_to`: what narrow windows offer to go back to, the key of a container."""
    with st.container(key=pane(key)):
        if back_to and key in st.session_state:
            with st.container(key=f"{key}-narrow"):
                st.button(
                    "Back to the answer",
                    key=f"{key}-back",
                    icon=":material/arrow_upward:",
                    on_click=sight.wish,
                    args=(back_to,),
                )
        _show_page(key)


@st.fragment
@guarded
def _show_page(key: str) -> None:
    """The viewer: quote, page picture, the way to the pages before and after. Turning a page draws it alone."""
    opened = st.session_state.get(key)
    if opened is None:
        st.caption("Click a page number beside a statement: the page appears here, the quote boxed.")
        return
    citation: Citation = opened["citation"]
    number: int = opened["page"]
    catena = open_client()
    document = catena.document(citation.document_id)
    here = [part for part in citation.parts if part.ref.number == number]
    boxes = _boxes(citation, number)
    label = here[0].label if here else catena.page(document, number).label
    name = page_name(number, label)
    st.markdown(f"**{plain(document.title)}** · {plain(name)} of {document.num_pages}")
    _toolbar(key, number, document.num_pages, [part.ref.number for part in citation.parts])
    st.caption(f"“{plain(citation.quote)}”" + ("" if here else " · stands on another page"))
    if citation.source == "ocr":
        st.caption(":material/document_scanner: The text of this page was recognised from a scan.")
    zoom = st.session_state.get(f"{key}-zoom") or FITTING
    try:
        data = picture(document.id, number, boxes, ZOOMS[zoom])
    except CatenaError as error:
        show_error(error)
        return
    if number < document.num_pages:  # readers turn on: the next page is drawn while they read this one
        _ahead.submit(_drawn, catena, document.id, number + 1, _boxes(citation, number + 1), ZOOMS[zoom])
    alt = f"{document.title}, {name}" + (f", with a box around: {citation.quote}" if boxes else "")
    with st.container(key=f"{key}-{'fitting' if zoom == FITTING else 'zoomed'}"):
        st.image(data, alt=alt)


def _boxes(citation: Citation, number: int) -> tuple[Box, ...]:
    """What is marked on a page."""
    return tuple(box for part in citation.parts if part.ref.number == number for box in part.boxes)


def _toolbar(key: str, number: int, num_pages: int, cited: list[int]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _turn_button("Previous", ":material/chevron_left:", key, number - 1, is_off=number <= 1)
        _turn_button("Next", ":material/chevron_right:", key, number + 1, is_off=number >= num_pages)
        if number not in cited:
            _turn_button("Back to the quote", ":material/undo:", key, cited[0])
        st.segmented_control(
            "Zoom", list(ZOOMS), key=f"{key}-zoom", default=FITTING, label_visibility="collapsed"
        )


def _turn_button(label: str, icon: str, key: str, target: int, *, is_off: bool = False) -> None:
    st.button(label, key=f"{key}-{label}", icon=icon, disabled=is_off, on_click=_turn_to, args=(key, target))


def _turn_to(key: str, number: int) -> None:
    st.session_state[key]["page"] = number
