"""An answer on the page: one text with numbered marks, a button for each place that it rests on, how it was read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import streamlit as st

from catena.app.ui.evidence import choose_citation, picture
from catena.app.ui.labels import (
    MARKS,
    dollars,
    how_sure,
    places,
    plain,
    quoted,
    read_how,
    reader,
    searched,
    shortened,
    shown,
)
from catena.app.ui.visitor_session import go_to
from catena.render.answer_html import to_html
from catena.render.answer_json import to_json
from catena.render.answer_markdown import to_markdown
from catena.types import Answer, Statement

QUOTED, TITLED = 160, 44
"""Characters of a quote and of a title on the button that shows the place."""
_SENTENCE_END = re.compile(r"[.!?…。！？؟।][\"'”’»)\]]*$")
PICTURE_DPI = 110
"""Of pages in an exported web page."""


def show_answer(answer: Answer, viewer: str, *, is_blind: bool = False) -> None:
    """Show an answer whose citations open in the viewer of this name; blind, without a word of who gave it."""
    if answer.read_as:
        st.caption(f"Understood as: {plain(answer.read_as)}")
    if answer.short and not _is_whole(answer):
        st.subheader(plain(answer.short), anchor=False)
    words, icon = how_sure(answer)
    if words:
        st.markdown(f"{icon} **{plain(words)}**")
    if answer.statements:
        _show_text(answer, viewer)
    else:
        _show_closest(answer, viewer)
    _show_sources(answer, viewer)
    if answer.stopped:
        st.warning(f"Stopped early: {plain(answer.stopped)}", icon=":material/timer_off:")
    if not is_blind:
        _show_foot(answer, viewer)


def _is_whole(answer: Answer) -> bool:
    """Tell whether the short answer is all that the sentences say."""
    return [one.text for one in answer.statements] == [answer.short]


def _show_text(answer: Answer, viewer: str) -> None:
    """The sentences as one text (the style is in `page_frame`), each with its numbers and its mark behind it."""
    for first, last in paragraphs(answer.statements):
        with st.container(key=f"{viewer}-{answer.run_id}-{first}-flow"):
            for number in range(first, last):
                _show_statement(answer, number, viewer)


def _show_statement(answer: Answer, number: int, viewer: str) -> None:
    statement = answer.statements[number]
    st.text(shown(statement.text))
    for index in statement.citations:
        _number_button(answer, index, f"{viewer}-{answer.run_id}-{number}-{index}", viewer)
    word, icon, color = MARKS[statement.support]
    st.markdown(f":small[:{color}[{icon} {word}]]")


def paragraphs(statements: Sequence[Statement]) -> Iterator[tuple[int, int]]:
    """Runs of statements that stand in the same lines, from the first to before the last."""
    first = 0
    for number in range(1, len(statements) + 1):
        if number == len(statements) or not _flows(statements[number - 1].text, statements[number].text):
            yield first, number
            first = number


def _flows(before: str, text: str) -> bool:
    """Tell whether two statements may stand in one line: sentences do, rows of tables and items of lists do not."""
    return all(_SENTENCE_END.search(one) and "\n" not in one for one in (before, text))


def _show_closest(answer: Answer, viewer: str) -> None:
    """Passages that come near: each on its own, as together they say nothing."""
    if answer.status == "refused":
        st.text(shown(answer.text))
    for index, citation in enumerate(answer.citations):
        with st.container(key=f"{viewer}-{answer.run_id}-{index}-flow"):
            st.text(shown(quoted(citation.quote)))
            _number_button(answer, index, f"{viewer}-{answer.run_id}-closest-{index}", viewer)


def _number_button(answer: Answer, index: int, key: str, viewer: str) -> None:
    st.button(
        f"\\[{index + 1}\\]",
        key=key,
        type="tertiary",
        on_click=choose_citation,
        args=(viewer, answer.citations[index]),
    )


def _show_sources(answer: Answer, viewer: str) -> None:
    """Each number with its page, and with its document where more than one was asked."""
    is_several = len(answer.coverage.documents) > 1 or len({one.document_id for one in answer.citations}) > 1
    with st.container(horizontal=True, gap="small", key=f"{viewer}-{answer.run_id}-sources"):
        for index, citation in enumerate(answer.citations):
            name = f"[{index + 1}] {places(citation)}"
            if is_several:
                name += f" · {shortened(citation.title, TITLED)}"
            is_found = citation.status == "verified"
            quote = plain(quoted(shortened(citation.quote, QUOTED)))
            st.button(
                plain(name),
                key=f"{viewer}-{answer.run_id}-source-{index}",
                icon=None if is_found else ":material/link_off:",
                help=f"Show on its page: {quote}" if is_found else f"Not found on the page: {quote}",
                on_click=choose_citation,
                args=(viewer, citation),
            )


def _show_foot(answer: Answer, viewer: str) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _show_exports(answer, f"{viewer}-{answer.run_id}")
        st.caption(searched(answer))
    with st.expander("How it was read", icon=":material/insights:", type="compact"):
        st.markdown(plain(read_how(answer.strategy, answer.strategy_reason)))
        facts = [f"{answer.seconds:.1f} s", reader(answer.model)]
        if answer.usage.calls:
            facts += [f"{answer.usage.num_tokens:,} tokens", dollars(answer.usage.cost_usd)]
        st.caption(plain(" · ".join(facts)))
        for warning in answer.warnings:
            st.caption(f":material/info: {plain(warning)}")
        if st.button("Page by page", key=f"{viewer}-{answer.run_id}-reading", icon=":material/bar_chart:"):
            st.session_state["reading"] = answer.run_id
            go_to("reading")


def _show_exports(answer: Answer, key: str) -> None:
    with st.popover("Save or copy", icon=":material/ios_share:"):
        markdown = to_markdown(answer)
        st.download_button(
            "Markdown", markdown, f"{key}.md", "text/markdown", key=f"{key}-md", on_click="ignore"
        )
        st.download_button(
            "Web page with the pages' pictures",
            lambda: to_html(
                answer, lambda part: picture(part.ref.document_id, part.ref.number, part.boxes, PICTURE_DPI)
            ),
            f"{key}.html",
            "text/html",
            key=f"{key}-html",
            on_click="ignore",
        )
        st.download_button(
            "JSON",
            lambda: json.dumps(to_json(answer), indent=2, ensure_ascii=False),
            f"{key}.json",
            "application/json",
            key=f"{key}-json",
            on_click="ignore",
        )
        st.code(markdown, language=None, wrap_lines=True, height=200)
