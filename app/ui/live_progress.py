"""Progress of a question: the same for the embedded reader and for a run in its own process."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from catena.app.ui.labels import MARKS, plain, read_how
from catena.events import Event

SHOWN = ("question", "queries", "hits")


def show_progress(events: Sequence[Event]) -> None:
    """Steps done, how far the readers are, and the answer as far as it is written."""
    for event in events:
        if event.kind == "route":
            st.caption(plain(read_how(event.data["strategy"], event.data["reason"])))
        elif event.kind in SHOWN:
            st.caption(plain(event.message))
    counted = [event for event in events if event.kind in ("read", "note")]
    if counted:
        last = counted[-1]
        st.progress(min(1.0, last.data["done"] / max(1, last.data["total"])), plain(last.message))
    notes = [event for event in events if event.kind == "note"]
    if notes and notes[-1].data.get("note"):
        with st.expander("What the last reader handed on", icon=":material/sticky_note_2:"):
            st.markdown(plain(str(notes[-1].data["note"])))
    text = written(events)
    if text:
        st.markdown(plain(text))
    for event in events:
        if event.kind == "statement" and not text:
            st.markdown(f"{MARKS[event.data['support']][1]} {plain(event.data['text'])}")


def written(events: Sequence[Event]) -> str:
    """The answer so far; a piece without text says that it began anew."""
    text = ""
    for event in events:
        if event.kind == "token":
            text = text + event.data["text"] if event.data["text"] is not None else ""
    return text
