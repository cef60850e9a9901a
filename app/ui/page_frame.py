"""The frame: navigation, and what every page shares."""

from __future__ import annotations

import streamlit as st

from catena.app.ui import (
    ask_page,
    batch_page,
    compare_page,
    library_page,
    models_page,
    reading_view,
    scroll,
    start_page,
)
from catena.app.ui.error_view import guarded
from catena.app.ui.login import needs_login
from catena.app.ui.visitor_session import warm_behind

LOGO = """
<svg xmlns="http://www.w3.org/2000/svg" width="132" height="32" viewBox="0 0 132 32" role="img" aria-label="Catena">
<g fill="none" stroke="#b8493a" stroke-width="3"><rect x="2" y="10" width="18" height="12" rx="6"/>
<rect x="14" y="10" width="18" height="12" rx="6"/></g>
<text x="42" y="23" font-family="Georgia, 'Source Serif 4', serif" font-size="21" font-weight="600"
 fill="#b8493a">Catena</text></svg>
"""
STYLE = """
<style>
:root { --paper: #fdfcf9; --rubric: #9a3324; }
@media (prefers-color-scheme: dark) { :root { --paper: #1b1916; --rubric: #e08d7d; } }
[data-testid="stMainBlockContainer"] {
  padding: 3.25rem clamp(1rem, 3vw, 3rem) 0; max-width: 100rem; min-height: 100vh;
  display: flex; flex-direction: column;
}
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] { flex: 1; padding-bottom: 2rem; }
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"]:has(> * > .st-key-question-bar) {
  padding-bottom: 0;
}
[data-testid="stImage"] img { border: 1px solid rgba(128, 128, 128, .35); border-radius: .25rem; }
[data-testid="stChatMessage"] { background: transparent; padding-left: 0; padding-bottom: .25rem; }
[class*="-fitting"] img { max-height: max(24rem, calc(100vh - 18rem)); width: auto !important; }
[data-testid="stDialog"] [class*="-fitting"] img { max-height: max(20rem, calc(100vh - 23rem)); }
[class*="-zoomed"] { overflow-x: auto; } [class*="-zoomed"] img { max-width: none; }
[data-testid="stSidebar"] button[kind="tertiary"], [class*="-outline"] button[kind="tertiary"] {
  justify-content: flex-start; text-align: left;
}
[class*="-outline"] button { white-space: normal; min-height: 1.75rem; padding: 0 .25rem; }
[class*="st-key-"] { scroll-margin-top: 4rem; scroll-margin-bottom: 7rem; }

/* An answer flows as one text: sentences, their numbers and their marks stand in the same lines. */
[class*="-flow"] { display: block !important; line-height: 1.6; margin-bottom: -.4rem; }
[class*="-flow"] > *, [class*="-flow"] > * :not(button, button *, [data-testid="stIconMaterial"]) {
  display: inline !important; width: auto !important;
}
[class*="-flow"] button {
  display: inline-block !important; width: auto !important; min-height: 0 !important; line-height: inherit;
  padding: 0 .1rem !important; margin: 0; vertical-align: baseline; color: var(--rubric) !important;
}
[class*="-flow"] [data-testid="stMarkdown"] { margin-inline: .25rem .6rem; white-space: nowrap; }
[class*="-words"] [data-testid="stText"] { font-size: .875rem; opacity: .8; }
[class*="-sources"] button { min-height: 2rem; padding: .1rem .6rem; max-width: 100%; }
[class*="-sources"] button p { font-size: .875rem; overflow-wrap: anywhere; }

/* The next question is always at hand, below all text: what is scrolled ends above it. */
[data-testid="stLayoutWrapper"]:has(> .st-key-question-bar) {
  position: sticky; bottom: 0; z-index: 5; margin-top: auto; padding: .5rem 0 1rem; background: var(--paper);
}
@media (prefers-color-scheme: dark) { /* white on the lighter red of the dark theme is too faint */
  [data-testid^="stBaseButton-primary"]:enabled, [data-testid^="stBaseButton-primary"]:enabled *,
  [data-tag], [data-tag] * { color: #1b1916 !important; }
}
@media (min-width: 64rem) { /* the proof stays in sight while a long conversation is scrolled */
  [data-testid="stColumn"]:has([data-testid="stImage"]) { position: sticky; top: 3.5rem; align-self: flex-start; }
  [class*="-narrow"] { display: none; }
}
@media (max-width: 40rem) {
  /* On a telephone print keeps its size: what is wider than the window is moved under it, not made small. */
  [class*="-quote"] { overflow-x: auto; } [class*="-quote"] img { min-width: 34rem; max-width: none; }
  [data-testid="stMainBlockContainer"] h1 { font-size: 1.6rem; }
}
</style>
"""


def main() -> None:
    """Show the page that is chosen."""
    st.set_page_config(page_title="Catena", page_icon=":material/link:", layout="wide")
    st.logo(LOGO, size="large")
    st.html(STYLE)  # ours alone: nothing of a document or a model is ever HTML
    if needs_login() and not st.user.is_logged_in:
        _show_login()
        return
    pages = {
        "ask": st.Page(guarded(ask_page.show), title="Ask", icon=":material/forum:", default=True),
        "library": st.Page(
            guarded(library_page.show), title="Library", icon=":material/library_books:", url_path="library"
        ),
        "reading": st.Page(
            guarded(reading_view.show),
            title="How it was read",
            icon=":material/insights:",
            url_path="reading",
        ),
        "compare": st.Page(
            guarded(compare_page.show), title="Compare", icon=":material/compare:", url_path="compare"
        ),
        "batch": st.Page(guarded(batch_page.show), title="Batch", icon=":material/stacks:", url_path="batch"),
        "models": st.Page(
            guarded(models_page.show), title="Models", icon=":material/memory:", url_path="models"
        ),
        "start": st.Page(guarded(start_page.show), title="Start", icon=":material/flag:", url_path="start"),
    }
    st.session_state["pages"] = pages
    st.navigation(list(pages.values())).run()
    scroll.fulfil()
    warm_behind()


def _show_login() -> None:
    st.title("Catena")
    st.markdown("Log in to ask the documents of this library.")
    if st.button("Log in", type="primary", icon=":material/login:"):
        st.login()
