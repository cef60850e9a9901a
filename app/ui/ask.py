"""Ask: a conversation on the left, the page that proves it on the right."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import streamlit as st

from catena.agents.events import Event
from catena.answers import from_json
from catena.app.ui import sight
from catena.app.ui.answers import show_answer
from catena.app.ui.evidence import choose_citation, show_evidence
from catena.app.ui.live import show_progress
from catena.app.ui.running import begin, show_order, show_running
from catena.app.ui.session import chosen_model, go_to, open_client, readable
from catena.app.ui.words import EMBEDDED, STRATEGIES, plain, shortened
from catena.types import Answer, AskOptions, Document, Limits

VIEWER, TURN, UNDER_WAY = "ask-viewer", "newest-turn", "turn-under-way"
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
        invitation = st.empty()
        if not (turns or "order" in st.session_state or "run" in st.query_params):
            with invitation.container():
                _show_invitation(chosen or documents)
        for turn in turns:
            with st.container(key=TURN) if turn is turns[-1] else nullcontext():
                _show_turn(turn, is_last=turn is turns[-1])
        show_running(thread, _open)
        show_order()
        place = st.container()
        question = st.chat_input("Ask the documents", key="question") or st.session_state.pop(
            "ask-this", None
        )
        if question:
            asked = chosen or (None if thread else documents)
            with place:  # above the line to type in
                invitation.empty()
                (begin if options.model else _answer_here)(question, asked, options)
    with right:
        show_evidence(VIEWER, back_to=TURN)


def _show_turn(turn: Answer, *, is_last: bool) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(plain(turn.question))
    with st.chat_message("assistant", avatar=":material/link:"):
        show_answer(turn, VIEWER, is_last=is_last)


def _choose_documents(documents: Sequence[Document]) -> list[Document]:
    """What is asked; nothing chosen means the whole library."""
    titles = {document.id: document for document in documents}
    kept = [one for one in st.session_state.get("documents", []) if one in titles]
    st.session_state["documents"] = kept
    chosen = st.multiselect(
        "Documents",
        list(titles),
        key="documents",
        format_func=lambda one: titles[one].title,
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
            f"Answered by {EMBEDDED}, which quotes sentences and writes none. For written answers choose a model"
            " under Models."
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
    for kept in open_client().threads(MAX_THREADS):
        thread, name = kept.thread_id, plain(shortened(kept.first_question, 48))
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
    these = "is this document" if len(documents) == 1 else "are these documents"
    for question in (f"What {these} about?", "What are the main findings?"):
        if st.button(question, key=f"invite-{question}", icon=":material/chat:"):
            st.session_state["ask-this"] = question
            st.rerun()


def _answer_here(question: str, documents: Sequence[Document] | None, options: AskOptions) -> None:
    """The embedded reader answers in the server, behind: a tab that is loaded again finds the run, as this one does
    when its visitor cancels."""
    events: list[Event] = []
    runs = open_client().runs
    run = open_client().start_here(question, documents=documents, options=options)
    st.query_params["run"] = run.run_id
    with st.container(key=UNDER_WAY):
        with st.chat_message("user", avatar=":material/person:"):
            st.markdown(plain(question))
        with st.chat_message("assistant", avatar=":material/link:"):
            place = st.empty()
            place.caption(":material/hourglass_top: Looking for it")
            st.button("Cancel", icon=":material/cancel:", on_click=runs.cancel, args=(run.run_id,))
    sight.wish(UNDER_WAY)
    sight.fulfil()
    for event in runs.follow(run.run_id):
        events.append(event)
        with place.container():
            show_progress(events)
    if events and events[-1].kind == "answer":
        _open(from_json(events[-1].data))
    st.rerun()


def _open(answer: Answer) -> None:
    """Show the conversation that an answer belongs to, its first proof beside it."""
    st.query_params["thread"] = answer.thread_id
    st.query_params.pop("run", None)
    if answer.citations:
        choose_citation(VIEWER, answer.citations[0])
    sight.wish(TURN)
    st.rerun()
