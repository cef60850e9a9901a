"""Reading of a question, live or afterwards: pages searched, read and cited, and the notes of each reader."""

from __future__ import annotations

import streamlit as st

from catena.app.ui.labels import dollars, plain, read_how, shortened, shown
from catena.app.ui.page_strip import show_strip
from catena.app.ui.visitor_session import open_client
from catena.trace import PathTrace, Trace, WorkerTrace
from catena.types import Answer

NUM_SHOWN = 60
STATES = {
    "running": ":material/pending: being answered",
    "answered": ":material/check_circle: answered",
    "failed": ":material/error: failed",
    "cancelled": ":material/cancel: cancelled",
    "interrupted": ":material/pause_circle: interrupted",
}


def show() -> None:
    st.title("How it was read")
    questions = _questions()
    if not questions:
        st.info(
            "Ask something first; then this page shows how the answer came about.", icon=":material/insights:"
        )
        return
    wanted = st.session_state.pop("reading", None)
    if wanted in questions:
        st.session_state["reading-choice"] = wanted
    run_id = st.selectbox(
        "Question",
        list(questions),
        format_func=lambda one: shown(shortened(questions[one], 90)),
        key="reading-choice",
    )
    found = open_client().questions.trace(run_id)
    if found.state == "running":
        _watch(run_id)
    else:
        _show(found)


def _questions() -> dict[str, str]:
    """Every question of which something is kept, by its run: those being answered first, then the newest."""
    catena = open_client()
    running = {run.run_id: run.question for run in catena.runs.under_way()}
    ended = {run.run_id: run.question for run in catena.runs.all(NUM_SHOWN) if run.state != "answered"}
    return {**running, **dict(catena.library.history.questions(NUM_SHOWN)), **ended}


@st.fragment(run_every=1.0)
def _watch(run_id: str) -> None:
    found = open_client().questions.trace(run_id)
    if found.state != "running":
        st.rerun()
    if st.button("Cancel", icon=":material/cancel:"):
        open_client().runs.cancel(run_id)
        st.caption("It makes no further call.")
    _show(found)


def _show(found: Trace) -> None:
    reason = f" · {plain(read_how(found.strategy, found.reason))}" if found.strategy else ""
    st.markdown(STATES[found.state] + reason)
    if found.queries:
        st.caption(f"Searched for: {plain('; '.join(found.queries))}")
    _show_figures(found)
    for document in found.documents:
        st.subheader(plain(document.title))
        show_strip(document, found.paths)
    if found.paths:
        _show_chain(found)
        _show_ledger(found)
    if found.answer:
        _show_roles(found.answer)


def _show_figures(found: Trace) -> None:
    pages = [page for document in found.documents for page in document.pages]
    figures = {"Pages read": f"{sum(page.is_read for page in pages)} of {len(pages)}"}
    if found.answer:
        coverage = found.answer.coverage
        figures["Pages searched"] = f"{coverage.pages_searched} of {coverage.pages_total}"
    if found.seconds is not None:
        figures["Seconds"] = f"{found.seconds:.1f}"
    usage = found.usage
    if usage.calls or usage.cached:
        figures["Model calls"] = f"{usage.calls}" + (f" + {usage.cached} kept" if usage.cached else "")
        figures["Tokens"] = f"{usage.num_tokens:,}"
        figures["Cost"] = dollars(usage.cost_usd)
    with st.container(horizontal=True, gap="medium"):
        for name, value in figures.items():
            st.metric(name, value, width="content")


def _show_chain(found: Trace) -> None:
    """Show the notes that each reader handed on to the next, path by path."""
    st.subheader("The chain")
    for column, path in zip(st.columns(len(found.paths)), found.paths, strict=True):
        with column:
            name = f"**Path {path.number}** · " if len(found.paths) > 1 else ""
            taken = " · its answer was taken" if path.is_taken else ""
            st.markdown(f"{name}{len(path.workers)} of {path.total} readers{taken}")
            for order, worker in enumerate(path.workers, 1):
                _show_worker(found, path, order, worker)


def _show_worker(found: Trace, path: PathTrace, order: int, worker: WorkerTrace) -> None:
    first, last = worker.pages
    facts = "failed" if worker.failed else f"new facts: {len(worker.facts)}, kept: {worker.num_kept}"
    with st.expander(f"Reader {order} of {path.total} · pages {first} to {last} · {facts}"):
        if len(found.documents) > 1:
            titles = {document.document_id: document.title for document in found.documents}
            st.caption(plain(titles.get(worker.document_id, "")))
        st.markdown(plain(worker.failed or worker.note) or "Nothing was handed on.")


def _show_ledger(found: Trace) -> None:
    """The facts that code kept beside the notes, in the order in which they were found."""
    rows = [
        {
            "path": path.number,
            "reader": order,
            "page": fact.page,
            "fact": shown(fact.claim),
            "quote": shown(fact.quote),
        }
        for path in found.paths
        for order, worker in enumerate(path.workers, 1)
        for fact in worker.facts
    ]
    st.subheader("The ledger")
    if rows:
        st.dataframe(
            rows, hide_index=True, column_config={"fact": st.column_config.TextColumn(width="large")}
        )
    else:
        st.caption("No reader found anything.")


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
