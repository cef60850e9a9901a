"""Ask: a conversation on the left, the page that proves it on the right."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence

import streamlit as st

from catena.agents.events import Event
from catena.answers import from_json
from catena.app.ui.answers import show_answer
from catena.app.ui.evidence import choose_citation, show_evidence
from catena.app.ui.live import show_progress
from catena.app.ui.session import chosen_model, go_to, open_client, readable
from catena.app.ui.trouble import guarded, show_trouble
from catena.app.ui.words import STRATEGIES, plain, shortened
from catena.runs import Run
from catena.types import Answer, AskOptions, Document, Limits

VIEWER = "ask-viewer"
MAX_TURNS, MAX_THREADS = 30, 40


def show() -> None:
    catena = open_client()
    documents = readable(catena)
    thread = st.query_params.get("thread")
    with st.sidebar:
        chosen = _choose_documents(documents)
        options = _choose_options(thread)
        _show_threads(thread)
    if not catena.documents():
        go_to("start")
    if not documents:
        st.info("No document can be asked yet. See the library.", icon=":material/library_books:")
        return
    turns = list(reversed(catena.history(MAX_TURNS, thread_id=thread))) if thread else []
    left, right = st.columns([5, 6], gap="large")
    with left:
        if not turns:
            _show_invitation(chosen or documents)
        for turn in turns:
            with st.chat_message("user", avatar=":material/person:"):
                st.markdown(plain(turn.question))
            with st.chat_message("assistant", avatar=":material/link:"):
                show_answer(turn, VIEWER, is_last=turn is turns[-1])
        _show_running(thread)
        question = st.chat_input("Ask the documents", key="question") or st.session_state.pop(
            "ask-this", None
        )
        if question:
            _answer(question, chosen, options)
    with right:
        show_evidence(VIEWER)


def _choose_documents(documents: Sequence[Document]) -> list[Document]:
    """What is asked; nothing chosen means the whole library."""
    titles = {document.id: document for document in documents}
    kept = [one for one in st.session_state.get("documents", []) if one in titles]
    st.session_state["documents"] = kept
    chosen = st.multiselect(
        "Documents",
        list(titles),
        key="documents",
        format_func=lambda one: f"{titles[one].title} ({titles[one].num_pages} p.)",
        placeholder="The whole library",
    )
    return [titles[one] for one in chosen]


def _choose_options(thread: str | None) -> AskOptions:
    strategy = st.selectbox(
        "How to read", list(STRATEGIES), format_func=STRATEGIES.__getitem__, key="strategy"
    )
    model = chosen_model()
    limits = Limits()
    if model is None:
        st.caption(
            "Answered by the embedded reader, which quotes and does not reason. A model writes: see Models."
        )
    else:
        st.caption(f"Answered by {plain(model.name)}.")
        cap = st.number_input(
            "Spend at most, in USD (0: no cap)", min_value=0.0, value=0.0, step=0.05, key="cap"
        )
        limits = Limits(max_cost_usd=cap or None)
    return AskOptions(strategy, model=model.name if model else "", thread_id=thread, limits=limits)


def _show_threads(current: str | None) -> None:
    """Past conversations, the newest first, by their first question."""
    if st.button(
        "New conversation", icon=":material/add_comment:", width="stretch", disabled=current is None
    ):
        st.query_params.pop("thread", None)
        st.session_state.pop(VIEWER, None)
        st.rerun()
    threads: dict[str, Answer] = {}
    for answer in open_client().history(4 * MAX_THREADS):
        threads[answer.thread_id] = answer  # newest first, so the first question stays
    for thread, first in list(threads.items())[:MAX_THREADS]:
        name = plain(shortened(first.question, 48))
        icon = ":material/chevron_right:" if thread == current else None
        if st.button(name, key=f"thread-{thread}", type="tertiary", icon=icon):
            st.query_params["thread"] = thread
            st.session_state.pop(VIEWER, None)
            st.rerun()


def _show_invitation(documents: Sequence[Document]) -> None:
    st.title("What do you want to know?")
    names = ", ".join(plain(document.title) for document in documents[:3])
    more = f" and {len(documents) - 3} more" if len(documents) > 3 else ""
    st.markdown(f"Asking **{names}**{more}. Every sentence of the answer comes with its page, quote and box.")
    for question in ("What is this document about?", "What are the main findings?"):
        if st.button(question, key=f"invite-{question}", icon=":material/chat:"):
            st.session_state["ask-this"] = question
            st.rerun()


def _answer(question: str, documents: list[Document], options: AskOptions) -> None:
    """The embedded reader answers here, within seconds; a model in a process that outlives this page."""
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(plain(question))
    asked = documents or (None if options.thread_id else readable(open_client()))
    if options.model:
        choice = chosen_model()
        run = open_client().start(
            question,
            documents=asked,
            options=options,
            keys=choice.keys if choice else None,
            api_base=choice.api_base if choice else None,
        )
        st.query_params["run"] = run.run_id
        st.rerun()
    events: list[Event] = []
    with st.chat_message("assistant", avatar=":material/link:"):
        place = st.empty()
        for event in open_client().events(question, documents=asked, options=options):
            events.append(event)
            with place.container():
                show_progress(events)
    answer = from_json(events[-1].data)
    ids = tuple(part.document_id for part in answer.coverage.documents)
    run = Run(answer.run_id, question, ids, options, time.time() - answer.seconds)
    open_client().runs.keep(run, events)
    _open(answer)


def _open(answer: Answer) -> None:
    """Show the conversation that an answer belongs to, its first proof beside it."""
    st.query_params["thread"] = answer.thread_id
    st.query_params.pop("run", None)
    if answer.citations:
        choose_citation(VIEWER, answer.citations[0])
    st.rerun()


def _show_running(thread: str | None) -> None:
    """The run that this page watches, also after it was loaded again; and others that still run."""
    catena = open_client()
    watched = st.query_params.get("run")
    if watched:
        _watch(watched)
        return
    for run in catena.runs.all():
        if run.is_over or (thread and run.options.thread_id not in (None, thread)):
            continue
        with st.container(border=True):
            st.markdown(f":material/pending: Still being answered: {plain(run.question)}")
            if st.button("Watch", key=f"watch-{run.run_id}"):
                st.query_params["run"] = run.run_id
                st.rerun()


@st.fragment(run_every=0.7)
@guarded
def _watch(run_id: str) -> None:
    runs = open_client().runs
    run, events = runs.run(run_id), runs.events(run_id)
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(plain(run.question))
    with st.chat_message("assistant", avatar=":material/link:"):
        show_progress(events)
        if run.state == "running":
            if st.button("Cancel", icon=":material/cancel:", key=f"cancel-{run_id}"):
                runs.cancel(run_id)
                st.caption("It stops after the step it is at.")
            return
        if run.state == "answered":
            _open(from_json(events[-1].data))
        _show_end(run)


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
            open_client().runs.restart(run.run_id, keys=choice.keys if choice else None)
            st.rerun(scope="fragment")
        if st.button("Leave it", icon=":material/close:", key=f"leave-{run.run_id}-{uuid.uuid4().hex[:4]}"):
            st.query_params.pop("run", None)
            st.rerun()
