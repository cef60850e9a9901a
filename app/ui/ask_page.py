"""Ask: a conversation on the left, the page that proves it on the right."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import streamlit as st

from catena.app.ui import scroll
from catena.app.ui.answer_view import show_answer
from catena.app.ui.chat import COLLECTED, VIEWER, choose_documents, forget, keep, restore, resume
from catena.app.ui.collection_box import choose_collection
from catena.app.ui.evidence import choose_citation, show_evidence, show_outline
from catena.app.ui.labels import EMBEDDED, STRATEGIES, plain, shortened
from catena.app.ui.question_progress import begin, show_order, show_progress, show_running
from catena.app.ui.suggestions import show_suggestions
from catena.app.ui.upload import DROPPED, show_dropped
from catena.app.ui.visitor_session import chosen_model, go_to, open_client, readable
from catena.events import Event
from catena.options import AskOptions, Limits
from catena.render.answer_json import from_json
from catena.types import Answer, Document

TURN, UNDER_WAY = "newest-turn", "turn-under-way"
MAX_TURNS, MAX_THREADS = 30, 40
ASK_THIS = "ask-this"
"""A question that was clicked and not typed."""


def show() -> None:
    catena = open_client()
    if not (catena.documents() or DROPPED in st.session_state):
        go_to("start")
    restore()
    documents, thread = readable(catena), st.query_params.get("thread")
    with st.sidebar:
        collected = choose_collection(documents, COLLECTED)
        chosen = choose_documents(collected)
        options = _choose_options(thread)
        _show_threads(thread)
    keep()
    turns = list(reversed(catena.history(MAX_TURNS, thread_id=thread))) if thread else []
    left, right = st.columns([6, 8], gap="medium")
    with left:
        show_dropped()
        invitation = st.empty()
        if documents and not (turns or "order" in st.session_state or "run" in st.query_params):
            with invitation.container():
                _show_invitation(chosen or collected)
        for turn in turns:
            with st.container(key=TURN) if turn is turns[-1] else nullcontext():
                _show_turn(turn)
        show_running(thread, _open)
        show_order()
        place = st.container()
    with right:
        if len(chosen) == 1:
            show_outline(chosen[0], VIEWER)
        show_evidence(VIEWER, back_to=TURN)
    if documents:
        with st.container(key="question-bar"):
            typed = st.chat_input("Ask the documents", key="question")
        if question := typed or st.session_state.pop(ASK_THIS, None):
            covered = {one.document_id for one in turns[-1].coverage.documents} if turns else set()
            is_same = collected == documents or covered == {one.id for one in collected}
            asked = chosen or (None if thread and is_same else collected)
            st.session_state.pop(DROPPED, None)
            with place:  # above the line to type in
                invitation.empty()
                (begin if options.model else _answer_here)(question, asked, options)


def _show_turn(turn: Answer) -> None:
    with st.chat_message("user", avatar=":material/person:"):
        st.markdown(plain(turn.question))
    with st.chat_message("assistant", avatar=":material/link:"):
        show_answer(turn, VIEWER)


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
    st.button(
        "New conversation",
        icon=":material/add_comment:",
        width="stretch",
        disabled=current is None,
        on_click=_begin_anew,
    )
    for kept in open_client().threads.all(MAX_THREADS):
        thread, name = kept.thread_id, plain(shortened(kept.first_question, 48))
        icon = ":material/chevron_right:" if thread == current else None
        key = f"thread-{thread}"
        st.button(name, key=key, type="tertiary", icon=icon, on_click=resume, args=(thread,))


def _begin_anew() -> None:
    """A new conversation with the same documents."""
    forget()
    st.session_state.pop(VIEWER, None)


def _show_invitation(documents: Sequence[Document]) -> None:
    st.title("What do you want to know?")
    names = ", ".join(plain(document.title) for document in documents[:3])
    more = f" and {len(documents) - 3} more" if len(documents) > 3 else ""
    st.markdown(f"Asking **{names}**{more}. Every sentence of the answer comes with its page, quote and box.")
    if question := show_suggestions(documents):
        st.session_state[ASK_THIS] = question
        st.rerun()


def _answer_here(question: str, documents: Sequence[Document] | None, options: AskOptions) -> None:
    """The embedded reader answers in the server, behind: a tab that is loaded again finds the run, as this one does
    when its visitor cancels."""
    events: list[Event] = []
    runs = open_client().runs
    run = open_client().questions.start(question, documents=documents, options=options, is_here=True)
    st.query_params["run"] = run.run_id
    keep()
    with st.container(key=UNDER_WAY):
        with st.chat_message("user", avatar=":material/person:"):
            st.markdown(plain(question))
        with st.chat_message("assistant", avatar=":material/link:"):
            place = st.empty()
            place.caption(":material/hourglass_top: Looking for it")
            st.button("Cancel", icon=":material/cancel:", on_click=runs.cancel, args=(run.run_id,))
    scroll.wish(UNDER_WAY)
    scroll.fulfil()
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
    keep()
    if answer.citations:
        choose_citation(VIEWER, answer.citations[0])
    scroll.wish(TURN)
    st.rerun()
