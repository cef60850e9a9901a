"""An answer on the page: statements, their marks, and a button for each place that they rest on."""

from __future__ import annotations

import json

import streamlit as st

from catena.answers import to_json
from catena.app.ui.evidence import choose_citation, picture
from catena.app.ui.session import go_to
from catena.app.ui.words import MARKS, counted, dollars, places, plain, read_how, reader, shortened
from catena.html import to_html
from catena.markdown import to_markdown
from catena.types import Answer, Statement

QUOTED = 160
"""Characters of a quote on the button that shows it: several places may be on one page."""


def show_answer(answer: Answer, viewer: str, *, is_last: bool = True, is_blind: bool = False) -> None:
    """Show an answer whose citations open in the viewer of this name; blind, without a word of who gave it."""
    if answer.read_as:
        st.caption(f"Understood as: {plain(answer.read_as)}")
    if answer.statements:
        for number, statement in enumerate(answer.statements):
            _show_statement(answer, statement, number, viewer)
    else:
        _show_nothing(answer, viewer)
    if answer.stopped:
        st.warning(f"Stopped early: {plain(answer.stopped)}", icon=":material/timer_off:")
    if not is_blind:
        _show_foot(answer, viewer, is_last=is_last)


def _show_statement(answer: Answer, statement: Statement, number: int, viewer: str) -> None:
    word, icon, color = MARKS[statement.support]
    with st.container(border=True):
        st.markdown(plain(statement.text))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            for index in statement.citations:
                _citation_button(answer, index, f"{viewer}-{answer.run_id}-{number}-{index}", viewer)
            st.badge(word, icon=icon, color=color)  # type: ignore[arg-type]


def _show_nothing(answer: Answer, viewer: str) -> None:
    """`not in this document` is an answer, too: with the closest passages, marked as no proof."""
    with st.container(border=True):
        st.markdown(f":material/search_off: **{plain(answer.text)}**")
        if not answer.citations:
            return
        st.caption("The closest passages. They do not answer the question.")
        for index, citation in enumerate(answer.citations):
            st.markdown(f"“{plain(citation.quote)}”")
            _citation_button(answer, index, f"{viewer}-{answer.run_id}-closest-{index}", viewer)


def _citation_button(answer: Answer, index: int, key: str, viewer: str) -> None:
    citation = answer.citations[index]
    is_several = len({one.document_id for one in answer.citations}) > 1
    name = f"{places(citation)} · {citation.title}" if is_several else places(citation)
    is_found = citation.status == "verified"
    icon = ":material/find_in_page:" if is_found else ":material/link_off:"
    quote = plain(shortened(citation.quote, QUOTED))
    remark = f"Show on its page: “{quote}”" if is_found else f"Not found on the page: “{quote}”"
    st.button(plain(name), key=key, icon=icon, help=remark, on_click=choose_citation, args=(viewer, citation))


def _show_foot(answer: Answer, viewer: str, *, is_last: bool) -> None:
    coverage, usage = answer.coverage, answer.usage
    total = counted(coverage.pages_total, "page")
    facts = [
        read_how(answer.strategy, answer.strategy_reason),
        f"{coverage.pages_searched:,} of {total} searched, {coverage.pages_read:,} read",
        f"{answer.seconds:.1f} s",
        reader(answer.model),
    ]
    if usage.calls:
        facts += [f"{usage.num_tokens:,} tokens", dollars(usage.cost_usd)]
    st.caption(plain(" · ".join(facts)))
    with st.container(horizontal=True, gap="small"):
        if answer.warnings:
            with st.popover("Remarks", icon=":material/info:"):
                for warning in answer.warnings:
                    st.markdown(plain(warning))
        if is_last:
            _show_exports(answer, viewer)


def _show_exports(answer: Answer, viewer: str) -> None:
    key = f"{viewer}-{answer.run_id}"
    with st.popover("Save or copy", icon=":material/ios_share:"):
        markdown = to_markdown(answer)
        st.download_button(
            "Markdown", markdown, f"{key}.md", "text/markdown", key=f"{key}-md", on_click="ignore"
        )
        data = json.dumps(to_json(answer), indent=2, ensure_ascii=False)
        st.download_button(
            "JSON", data, f"{key}.json", "application/json", key=f"{key}-json", on_click="ignore"
        )
        st.download_button(
            "Web page with the pages' pictures",
            lambda: to_html(
                answer, lambda part: picture(part.ref.document_id, part.ref.number, part.boxes, 110)
            ),
            f"{key}.html",
            "text/html",
            key=f"{key}-html",
            on_click="ignore",
        )
        st.code(markdown, language=None, wrap_lines=True, height=200)
    if st.button("How it was read", key=f"{key}-reading", icon=":material/insights:"):
        st.session_state["reading"] = answer.run_id
        go_to("reading")
