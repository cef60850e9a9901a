"""How it was read: which pages were searched, read and cited, and what each reader handed on."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import streamlit as st

from catena.agents.events import Event
from catena.app.ui.answers import title_of
from catena.app.ui.session import open_client
from catena.app.ui.words import plain, shortened
from catena.errors import OptionError
from catena.pageuse import PageUse, page_uses
from catena.types import Answer

NUM_ANSWERS = 60
ROWS = {"found": "found by search", "read": "read", "cited": "cited"}
COLORS = ["#c9a227", "#3d6b8c", "#9a3324"]
MAX_FACTS = 50


def show() -> None:
    st.title("How it was read")
    answers = {answer.run_id: answer for answer in open_client().history(NUM_ANSWERS)}
    if not answers:
        st.info(
            "Ask something first; then this page shows how the answer came about.", icon=":material/insights:"
        )
        return
    wanted = st.session_state.pop("reading", None)
    if wanted in answers:
        st.session_state["reading-choice"] = wanted
    run_id = st.selectbox(
        "Answer",
        list(answers),
        format_func=lambda one: shortened(answers[one].question, 90),
        key="reading-choice",
    )
    answer = answers[run_id]
    events = _events(run_id)
    _show_figures(answer)
    for document in answer.coverage.documents:
        st.subheader(plain(title_of(document.document_id)))
        _show_strip(page_uses(answer, events, document.document_id), document.pages_total)
    _show_chain(events)
    _show_roles(answer)


def _events(run_id: str) -> list[Event]:
    """What is kept of the run; an answer of the command line has nothing but itself."""
    try:
        return open_client().runs.events(run_id)
    except OptionError:
        return []


def _show_figures(answer: Answer) -> None:
    coverage, usage = answer.coverage, answer.usage
    st.markdown(f"**{answer.strategy}**: {plain(answer.strategy_reason)}")
    figures = {
        "Pages searched": f"{coverage.pages_searched} of {coverage.pages_total}",
        "Pages read": f"{coverage.pages_read}",
        "Seconds": f"{answer.seconds:.1f}",
    }
    if usage.calls or usage.cached:
        figures["Model calls"] = f"{usage.calls}" + (f" + {usage.cached} kept" if usage.cached else "")
        figures["Tokens"] = f"{usage.num_tokens:,}"
        figures["Cost"] = "not known" if usage.cost_usd is None else f"${usage.cost_usd:.4f}"
    for column, (name, value) in zip(st.columns(len(figures)), figures.items(), strict=True):
        column.metric(name, value)


def _show_strip(uses: Sequence[PageUse], num_pages: int) -> None:
    """The whole document as a strip: a row each for found, read and cited, so that no colour is needed to read it."""
    rows = [
        {"page": use.number, "use": ROWS[name], "strength": strength, "by": use.retriever}
        for use in uses
        for name, strength in (
            ("found", use.found),
            ("read", float(use.is_read)),
            ("cited", float(use.is_cited)),
        )
        if strength
    ]
    if not rows:
        st.caption("No page was read.")
        return
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_rect(width={"band": 1.0} if num_pages < 3 else max(2, 900 // max(1, num_pages)))
        .encode(
            x=alt.X(
                "page:Q",
                scale=alt.Scale(domain=[0.5, num_pages + 0.5], nice=False),
                axis=alt.Axis(format="d", tickMinStep=1, grid=False, title="page"),
            ),
            y=alt.Y("use:N", scale=alt.Scale(domain=list(ROWS.values())), title=None),
            color=alt.Color("use:N", scale=alt.Scale(domain=list(ROWS.values()), range=COLORS), legend=None),
            opacity=alt.Opacity("strength:Q", scale=alt.Scale(domain=[0, 1], range=[0.25, 1]), legend=None),
            tooltip=[alt.Tooltip("page:Q"), alt.Tooltip("use:N"), alt.Tooltip("by:N", title="found by")],
        )
        .properties(height=150)
    )
    st.altair_chart(chart, width="stretch")
    cited = ", ".join(str(use.number) for use in uses if use.is_cited)
    read = sum(use.is_read for use in uses)
    st.caption(f"{read} of {num_pages} pages read; cited: {cited or 'none'}.")


def _show_chain(events: Sequence[Event]) -> None:
    """Each reader of a chain with what it handed on, path by path."""
    notes = [event for event in events if event.kind == "note"]
    if not notes:
        return
    st.subheader("The chain")
    paths = sorted({event.data["path"] for event in notes})
    taken = next((event.data["path"] for event in events if event.kind == "path"), None)
    for column, path in zip(st.columns(len(paths)), paths, strict=True):
        with column:
            if len(paths) > 1:
                st.markdown(f"**Path {path}**" + (" · its answer was taken" if path == taken else ""))
            for event in notes:
                if event.data["path"] == path:
                    _show_worker(event)


def _show_worker(event: Event) -> None:
    data = event.data
    first, last = data["passages"]
    with st.expander(
        f"Reader {data['done']} of {data['total']} · passages {first} to {last} · {data['facts']} facts kept"
    ):
        st.markdown(plain(str(data["note"])) or "Nothing was handed on.")
        for fact in data.get("ledger", ())[:MAX_FACTS]:
            st.caption(f"[{fact['number']}] {plain(fact['claim'])}")


def _show_roles(answer: Answer) -> None:
    if not answer.roles:
        return
    st.subheader("Who was asked")
    st.dataframe(
        [
            {
                "role": role.role,
                "model": role.model,
                "calls": role.usage.calls,
                "from the library": role.usage.cached,
                "tokens read": role.usage.prompt_tokens,
                "tokens written": role.usage.completion_tokens,
                "USD": role.usage.cost_usd,
            }
            for role in answer.roles
        ],
        hide_index=True,
    )
