"""The frame: navigation, and what every page shares."""

from __future__ import annotations

import streamlit as st

from catena.app.ui import ask, library, models, reading, start
from catena.app.ui.session import open_client
from catena.app.ui.trouble import guarded

STYLE = """
<style>
[data-testid="stMainBlockContainer"] { padding-top: 2.5rem; max-width: 96rem; }
[data-testid="stImage"] img { border: 1px solid rgba(128, 128, 128, .35); border-radius: .25rem; }
[data-testid="stChatMessage"] { background: transparent; padding-left: 0; }
</style>
"""


def main() -> None:
    """Show the page that is chosen."""
    st.set_page_config(page_title="Catena", page_icon=":material/link:", layout="wide")
    st.html(STYLE)  # ours alone: nothing of a document or a model is ever HTML
    if needs_login() and not st.user.is_logged_in:
        _show_login()
        return
    is_new = not open_client().documents()
    pages = [
        st.Page(guarded(start.show), title="Start", icon=":material/flag:", url_path="start", default=is_new),
        st.Page(guarded(ask.show), title="Ask", icon=":material/forum:", url_path="ask", default=not is_new),
        st.Page(guarded(library.show), title="Library", icon=":material/library_books:", url_path="library"),
        st.Page(
            guarded(reading.show), title="How it was read", icon=":material/insights:", url_path="reading"
        ),
        st.Page(guarded(models.show), title="Models", icon=":material/memory:", url_path="models"),
    ]
    st.session_state["pages"] = {page.url_path or page.title.lower(): page for page in pages}
    st.navigation(pages).run()


def needs_login() -> bool:
    """Whether Streamlit's `st.login` is configured."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:  # no secrets at all
        return False


def _show_login() -> None:
    st.title("Catena")
    st.markdown("Log in to ask the documents of this library.")
    if st.button("Log in", type="primary", icon=":material/login:"):
        st.login()
