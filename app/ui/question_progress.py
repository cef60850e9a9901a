"""Questions under way: what a model will take for one, how far it is, and how it ended, whichever tab asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import streamlit as st

from catena.app.ui.chat import keep
from catena.app.ui.error_view import guarded, show_trouble
from catena.app.ui.labels import CHOSEN, MARKS, WAYS, counted, dollars, plain, read_how
from catena.app.ui.visitor_session import chosen_model, open_client
from catena.errors import OptionError
from catena.events import Event
from catena.options import AskOptions, Limits
from catena.question_runs import Run
from catena.render.answer_json import from_json
from catena.types import Answer, Document, Plan

WHOLE = ("chain", "full")
"""Ways that read whole documents."""
MANY_TOKENS = 20_000
"""Cost from which it is shown before it starts: less is cents, even of the dearest models."""

SHORT_SECONDS = 5.0
"""Seconds within which an answer to what is asked elsewhere is not told of."""


@dataclass(frozen=True, slots=True)
class Order:
    """A question to a model that waits for a yes; no documents: those of the conversation."""

    question: str
    documents: Sequence[Document] | None
    options: AskOptions
    plan: Plan


def begin(question: str, documents: Sequence[Document] | None, options: AskOptions) -> None:
    """Ask a model: at once where little is read, else when its cost has been seen and accepted."""
    if options.strategy in ("auto", *WHOLE):
        with st.spinner("Working out what it will take"):
            plan = open_client().plan(question, documents=documents, options=options)
        if plan.strategy in WHOLE and plan.expected.num_tokens > MANY_TOKENS:
            st.session_state["order"] = Order(question, documents, options, plan)
            st.rerun()
    _start(question, documents, options)
    st.rerun()


def show_order() -> None:
    """Show the cost of a question over whole documents; it is asked when somebody says so."""
    order: Order | None = st.session_state.get("order")
    if order is None:
        return
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(plain(order.question))
    with st.chat_message("assistant", avatar=":material/price_check:"), st.container(border=True):
        st.markdown(f"**Before it starts**: {plain(_in_words(order.plan))}")
        cap = st.number_input(
            "Spend at most, in USD (0: no cap)",
            min_value=0.0,
            value=order.options.limits.max_cost_usd or 0.0,
            step=0.05,
            key="order-cap",
            help="It stops there, and answers from what was read so far.",
        )
        options = replace(order.options, limits=Limits(max_cost_usd=cap or None))
        searching = replace(options, strategy="retrieve")
        with st.container(horizontal=True, gap="small"):
            _decide("Read it all", ":material/play_arrow:", order, options, is_first=True)
            _decide("Search instead", ":material/search:", order, searching)
            if st.button("Cancel", icon=":material/close:", key="order-cancel"):
                del st.session_state["order"]
                st.rerun()


def _decide(label: str, icon: str, order: Order, options: AskOptions, *, is_first: bool = False) -> None:
    if st.button(label, icon=icon, type="primary" if is_first else "secondary", key=f"order-{label}"):
        del st.session_state["order"]
        _start(order.question, order.documents, options)
        st.rerun()


def _in_words(plan: Plan) -> str:
    reason = "" if plan.strategy_reason == CHOSEN else f", since {plan.strategy_reason}"
    expected = plan.expected
    seconds = "" if plan.seconds is None else f", {plan.seconds:.0f} s"
    most = "" if plan.most.cost_usd is None else f" and never more than {dollars(plan.most.cost_usd)}"
    return (
        f"{plan.model} will {WAYS[plan.strategy]}{reason}. About {counted(expected.calls, 'call')}, "
        f"{expected.num_tokens:,} tokens{seconds}; cost: {dollars(expected.cost_usd)}{most}."
    )


def _start(question: str, documents: Sequence[Document] | None, options: AskOptions) -> None:
    choice = chosen_model()
    run = open_client().questions.start(
        question,
        documents=documents,
        options=options,
        keys=choice.keys if choice else None,
        api_base=choice.api_base if choice else None,
    )
    st.query_params["run"] = run.run_id


def show_running(thread: str | None, on_answer: Callable[[Answer], None]) -> None:
    """The run that this page watches, also after it was loaded again; and others that still run."""
    catena = open_client()
    watched = st.query_params.get("run")
    if watched:
        _watch(watched, on_answer)
        return
    for run in catena.runs.under_way():
        is_other = thread and run.options.thread_id not in (None, thread)
        if is_other or 0 <= time.time() - run.asked_at < SHORT_SECONDS:
            continue
        with st.container(border=True):
            st.markdown(f":material/pending: Still being answered: {plain(run.question)}")
            if st.button("Watch", key=f"watch-{run.run_id}"):
                st.query_params["run"] = run.run_id
                st.rerun()


@st.fragment(run_every=0.7)
@guarded
def _watch(run_id: str, on_answer: Callable[[Answer], None]) -> None:
    runs = open_client().runs
    run, events = runs.run(run_id), runs.events(run_id)
    if run.state == "interrupted" and not run.has_process and not _was_resumed(events):
        with suppress(OptionError):  # another tab is faster
            open_client().questions.resume_here(run_id)
        run = runs.run(run_id)
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(plain(run.question))
    with st.chat_message("assistant", avatar=":material/link:"):
        if not events and run.state == "running":
            st.caption(":material/hourglass_top: Starting")
        show_progress(events)
        if run.state == "running":
            if st.button("Cancel", icon=":material/cancel:", key=f"cancel-{run_id}"):
                runs.cancel(run_id)
                st.caption("It stops after the step it is at.")
            return
        if run.state == "answered":
            on_answer(from_json(events[-1].data))
        _show_end(run)


def _was_resumed(events: Sequence[Event]) -> bool:
    """A second time its visitor decides: what ended a server twice may end it a third time."""
    return any(event.kind == "resumed" for event in events)


def _show_end(run: Run) -> None:
    """A run that ended without an answer, and the way on."""
    if run.state == "failed":
        show_trouble("Not answered", run.message, run.remedy)
    else:
        what = "Cancelled." if run.state == "cancelled" else "The process that worked on this was ended."
        st.warning(f"{what} What was read is kept.", icon=":material/pause_circle:")
    choice = chosen_model()
    with st.container(horizontal=True):
        if st.button("Go on", icon=":material/play_arrow:", key=f"on-{run.run_id}"):
            if run.has_process:
                open_client().runs.restart(run.run_id, keys=choice.keys if choice else None)
            else:
                open_client().questions.resume_here(run.run_id)
            st.rerun(scope="fragment")
        if st.button("Leave it", icon=":material/close:", key=f"leave-{run.run_id}"):
            st.query_params.pop("run", None)
            keep()  # else whoever comes back to this page is led to it again
            st.rerun()


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
