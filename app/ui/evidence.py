"""The page that proves a statement: its picture at the exact quote, which is boxed, and the pages around it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import streamlit as st

from catena.app.ui import scroll
from catena.app.ui.error_view import guarded, show_error
from catena.app.ui.framing import cut, frame
from catena.app.ui.labels import page_name, plain, quoted, shortened, shown
from catena.app.ui.visitor_session import open_client
from catena.client import Catena
from catena.errors import CatenaError
from catena.types import Box, Citation, Document, OutlineEntry

AT_QUOTE, WHOLE, LARGE = "At the quote", "Whole page", "200 %"
DPI = {AT_QUOTE: 150, WHOLE: 110, LARGE: 220}
"""Dots per inch of each view; at the quote a letter page fills the width, and its print has the size of our text."""
STYLES = {AT_QUOTE: "quote", WHOLE: "fitting", LARGE: "zoomed"}
"""Key by which the style in `page_frame` knows them."""
MAX_PICTURES = 128
_ahead = ThreadPoolExecutor(1, "catena-pictures")


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """Content of a viewer: a page, and the citation that led there, if one did."""

    document_id: str
    number: int
    citation: Citation | None = None

    @property
    def cited(self) -> tuple[int, ...]:
        """The pages that the quote stands on."""
        return tuple(part.ref.number for part in self.citation.parts) if self.citation else ()

    def boxes(self, number: int) -> tuple[Box, ...]:
        """Return the boxes that are marked on a page."""
        parts = self.citation.parts if self.citation else ()
        return tuple(box for part in parts if part.ref.number == number for box in part.boxes)


def picture(document_id: str, number: int, boxes: tuple[Box, ...], dpi: int) -> bytes:
    """A page as PNG; the last ones are kept for all visitors."""
    return _drawn(open_client(), document_id, number, boxes, dpi)


@lru_cache(MAX_PICTURES)
def _drawn(client: Catena, document_id: str, number: int, boxes: tuple[Box, ...], dpi: int) -> bytes:
    return client.page_image(document_id, number, boxes=boxes, dpi=dpi)


@lru_cache(MAX_PICTURES)
def _drawn_at(client: Catena, document_id: str, number: int, boxes: tuple[Box, ...], dpi: int) -> bytes:
    """The part of a page that a quote stands in."""
    page = client.page(document_id, number)
    return cut(_drawn(client, document_id, number, boxes, dpi), frame(page, boxes), page)


def choose_citation(key: str, citation: Citation) -> None:
    """Open a citation in the viewer of this name; in a narrow window it comes into sight."""
    _open(key, OpenedPage(citation.document_id, citation.parts[0].ref.number, citation))


def choose_page(key: str, document_id: str, number: int) -> None:
    """Open a page that nothing is quoted from."""
    _open(key, OpenedPage(document_id, number))


def _open(key: str, opened: OpenedPage) -> None:
    st.session_state[key] = opened
    scroll.wish(pane(key), is_always=False)


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
                    on_click=scroll.wish,
                    args=(back_to,),
                )
        _show_page(key)


@st.fragment
@guarded
def _show_page(key: str) -> None:
    """The viewer: quote, page picture, the way to the pages before and after. Turning a page draws it alone."""
    opened: OpenedPage | None = st.session_state.get(key)
    if opened is None:
        st.caption("Click a number behind a sentence: its page appears here, the quote boxed.")
        return
    catena = open_client()
    document = catena.document(opened.document_id)
    page = catena.page(document, opened.number)
    name = page_name(opened.number, page.label)
    st.markdown(f"**{plain(document.title)}** · {plain(name)} of {document.num_pages}")
    view = _toolbar(key, opened, document.num_pages)
    _show_quote(opened)
    if page.source == "ocr":
        st.caption(":material/document_scanner: The text of this page was recognised from a scan.")
    boxes = opened.boxes(opened.number)
    drawn = _drawn_at if view == AT_QUOTE else _drawn
    try:
        data = drawn(catena, document.id, opened.number, boxes, DPI[view])
    except CatenaError as error:
        show_error(error)
        return
    if opened.number < document.num_pages:  # readers turn on: the next page is drawn while they read this one
        turned = replace(opened, number=opened.number + 1)
        boxes_there = turned.boxes(turned.number)
        dpi = DPI[view if boxes_there or view == LARGE else WHOLE]
        _ahead.submit(_drawn, catena, document.id, turned.number, boxes_there, dpi)
    quote = opened.citation.quote if opened.citation else ""
    alt = shown(f"{document.title}, {name}" + (f", with a box around: {quote}" if boxes else ""))
    with st.container(key=f"{key}-{STYLES[view]}"):
        st.image(data, alt=alt, width="stretch" if view == AT_QUOTE else "content")


def _show_quote(opened: OpenedPage) -> None:
    if opened.citation is None:
        return
    with st.container(key=f"{opened.document_id[:8]}-words"):
        st.text(shown(quoted(opened.citation.quote)))
    if opened.number not in opened.cited:
        st.caption("It stands on another page.")
    elif len(opened.cited) > 1:
        st.caption(f"It runs over pages {' and '.join(map(str, opened.cited))}.")


def _toolbar(key: str, opened: OpenedPage, num_pages: int) -> str:
    """The way to other pages, and how much of this one is shown. Returns the view."""
    number = opened.number
    views = [AT_QUOTE, WHOLE, LARGE] if opened.boxes(number) else [WHOLE, LARGE]
    wanted = st.session_state.get(f"{key}-view")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        _turn_button("Previous", ":material/chevron_left:", key, number - 1, is_off=number <= 1)
        _turn_button("Next", ":material/chevron_right:", key, number + 1, is_off=number >= num_pages)
        if opened.citation and number not in opened.cited:
            _turn_button("Back to the quote", ":material/undo:", key, opened.cited[0])
        chosen = st.segmented_control(
            "View",
            views,
            key=f"{key}-view-of-{len(views)}",
            default=wanted if wanted in views else views[0],
            label_visibility="collapsed",
        )
    view: str = chosen or views[0]
    if opened.boxes(number):  # as it was chosen for this quote, the next one opens
        st.session_state[f"{key}-view"] = view
    return view


def _turn_button(label: str, icon: str, key: str, target: int, *, is_off: bool = False) -> None:
    st.button(label, key=f"{key}-{label}", icon=icon, disabled=is_off, on_click=_turn_to, args=(key, target))


def _turn_to(key: str, number: int) -> None:
    st.session_state[key] = replace(st.session_state[key], number=number)


MAX_ENTRIES, MAX_LETTERS, MAX_DEPTH = 300, 70, 4
PIXELS = 320
INDENT = "\u2003"


def show_outline(document: Document, viewer: str) -> None:
    """The outline, folded until somebody wants it: a long one takes time to draw."""
    if not document.outline:
        return
    fold: Any = st.expander(
        "Outline", icon=":material/toc:", type="compact", on_change="rerun", key=f"{viewer}-fold"
    )
    if fold.open:
        with fold, st.container(height=PIXELS, border=False):
            show_entries(document, viewer)


def show_entries(document: Document, viewer: str) -> None:
    with st.container(key=f"{viewer}-outline", gap=None):
        for number, entry in enumerate(document.outline[:MAX_ENTRIES]):
            st.button(
                _label(entry),
                key=f"{viewer}-entry-{number}",
                type="tertiary",
                on_click=choose_page,
                args=(viewer, document.id, entry.page),
            )
    if len(document.outline) > MAX_ENTRIES:
        st.caption(f"and {len(document.outline) - MAX_ENTRIES:,} more")


def _label(entry: OutlineEntry) -> str:
    indent = INDENT * min(entry.level - 1, MAX_DEPTH)
    return f"{indent}{plain(shortened(entry.title, MAX_LETTERS))} · {entry.page}"
