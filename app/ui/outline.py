"""A document's outline: a click on an entry opens its page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from catena.app.ui.evidence import choose_page
from catena.app.ui.labels import plain, shortened
from catena.types import Document, OutlineEntry

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
