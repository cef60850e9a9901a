"""Batch: sets of questions from whole books, watched and browsed; and the arena where systems meet on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from catena.app.ui import scroll
from catena.app.ui.error_view import guarded
from catena.app.ui.evidence import choose_citation, show_evidence
from catena.app.ui.labels import counted, places, plain, shortened, shown
from catena.app.ui.visitor_session import chosen_model, open_client, readable
from catena.arena_jobs import ArenaJobs, rankings_of
from catena.bookqa import rule_questions
from catena.bookqa.arena import Ranking
from catena.bookqa.arena_page import agreement_lines
from catena.bookqa.batch_processes import STATE_OF, Batch, Batches
from catena.bookqa.book_set_runs import GenerateOptions
from catena.bookqa.generator import NO_MODEL, Order
from catena.bookqa.items import KINDS, Item, ItemKind, Scope
from catena.jobs.job_store import Job
from catena.types import Citation

VIEWER, ITEM = "batch-viewer", "batch-item"
BROWSED = "batch-browsed"
"""The name of the set that is open."""
OPENED = "batch-opened"
"""The item whose page is shown; it has the key that a narrow window goes back to."""
ITEMS_A_PAGE = 10
POLL_SECONDS = 2.0
ITEMS_PIXELS = 640
"""The items scroll within this height, so that the page beside them stays in sight."""
KIND_WORDS: dict[ItemKind, str] = {
    "arc": "how somebody changes",
    "consequence": "an act and what comes of it",
    "order": "what came first",
    "comparison": "two compared",
    "number": "a number over chapters",
    "facts": "facts of several places",
    "local": "one fact of one place",
    "unanswerable": "what the book does not say",
}
SCOPE_WORDS: dict[Scope, str] = {
    "none": "nothing to read",
    "passage": "one passage to read",
    "section": "a section to read",
    "book": "the whole book to read",
}
STATES = {
    "running": (":material/pending:", "being made"),
    "done": (":material/check_circle:", "done"),
    "failed": (":material/error:", "failed"),
    "stopped": (":material/pause_circle:", "stopped"),
    "interrupted": (":material/pause_circle:", "interrupted"),
}


def show() -> None:
    st.title("Batch")
    made, arena = st.tabs(["Sets of questions", "Arena"])
    with made:
        _show_order()
        is_running = any(batch.state == "running" for batch in _batches().all())
        st.fragment(_show_batches, run_every=POLL_SECONDS if is_running else None)(is_running)
    with arena:
        _show_arena()
    browsed = [batch for batch in _batches().all() if batch.name == st.session_state.get(BROWSED)]
    if browsed:  # here and not where it was clicked: what is drawn again by itself would take it away
        _browse(browsed[0])


def _batches() -> Batches:
    """The sets of the library; a model's address is this visitor's."""
    settings, choice = open_client().settings, chosen_model()
    if choice and choice.api_base:
        settings = settings.model_copy(update={"api_base": choice.api_base})
    return Batches(settings)


def _show_order() -> None:
    documents = {document.id: document for document in readable(open_client())}
    if not documents:
        st.info("Add a book in the library first.", icon=":material/library_books:")
        return
    choice = chosen_model()
    possible = list(KINDS) if choice else list(rule_questions.KINDS)
    with st.form("order", border=True):
        books = st.multiselect(
            "Books",
            list(documents),
            format_func=lambda one: shown(documents[one].title),
            placeholder="Choose one or several",
        )
        kinds = st.multiselect(
            "Kinds of questions", possible, default=possible, format_func=KIND_WORDS.__getitem__
        )
        left, middle, right = st.columns(3)
        num = left.number_input("Questions about each book", 1, 10_000, 20)
        seed = middle.number_input("Seed", 0, 1 << 30, 1, help="The same seed makes the same set again.")
        cap = right.number_input("Spend at most, in USD (0: no cap)", 0.0, step=0.5)
        if choice is None:
            st.caption("Without a model, rules make two kinds. For all kinds choose a model under Models.")
        is_sent = st.form_submit_button("Make the set", type="primary", icon=":material/play_arrow:")
    if is_sent and not (books and kinds):
        st.warning("Choose at least one book and one kind of question.", icon=":material/menu_book:")
    elif is_sent:
        order = Order(int(num), tuple(kinds), int(seed), choice.name if choice else NO_MODEL)
        options = GenerateOptions(max_cost_usd=cap or None)
        _batches().start(books, order, options, keys=choice.keys if choice else None)
        st.rerun()


@guarded
def _show_batches(is_watched: bool) -> None:
    """All sets; drawn again and again while one is being made."""
    batches = _batches().all()
    if is_watched != any(batch.state == "running" for batch in batches):
        st.rerun()
    for batch in batches:
        _show_batch(batch)


def _show_batch(batch: Batch) -> None:
    batches, choice = _batches(), chosen_model()
    icon, word = STATES[batch.state]
    progress = batches.progress(batch.name)
    with st.container(border=True):
        who = "rules" if batch.order.model == NO_MODEL else batch.order.model
        st.markdown(
            f"{icon} **{word}** · {counted(len(batch.books), 'book')}, {counted(batch.order.num, 'question')} about"
            f" each, made by {plain(who)}"
        )
        share = progress.num_made / max(1, progress.num_asked)
        st.progress(
            min(1.0, share),
            f"{progress.num_made} of {counted(progress.num_asked, 'question')} · "
            f"{counted(progress.num_books_done, 'book')} done",
        )
        if batch.message:
            st.caption(f"{plain(batch.message)} {plain(batch.remedy)}")
        with st.container(horizontal=True):
            if batch.state == "running":
                if st.button("Cancel", key=f"cancel-{batch.name}", icon=":material/cancel:"):
                    batches.cancel(batch.name)
            elif batch.state != "done" and st.button(
                "Go on", key=f"on-{batch.name}", icon=":material/play_arrow:"
            ):
                batches.restart(batch.name, keys=choice.keys if choice else None)
                st.rerun()
            if st.button(
                "Browse",
                key=f"browse-{batch.name}",
                icon=":material/menu_book:",
                on_click=_enter,  # runs also where the list is drawn anew at this moment
                args=(batch,),
            ):
                st.rerun()


def _enter(batch: Batch) -> None:
    st.session_state[BROWSED] = batch.name
    st.session_state.pop(VIEWER, None)


def _leave() -> None:
    st.session_state.pop(BROWSED, None)


@st.dialog("The set", width="large", on_dismiss=_leave)
def _browse(batch: Batch) -> None:
    """Items on the left, the page that a click on one opens on the right; and the report."""
    left, right = st.columns([5, 6], gap="large")
    with left, st.container(height=ITEMS_PIXELS, border=False):
        _show_items(batch)
    with right:
        show_evidence(VIEWER, back_to=ITEM)
    scroll.fulfil()  # a dialog is drawn without its page


def _show_items(batch: Batch) -> None:
    batches = _batches()
    with st.expander("Report", icon=":material/summarize:"):
        st.code("\n".join(batches.report(batch.name).lines()), language=None, wrap_lines=True)
    if batch.out.exists():
        st.download_button(
            "set.jsonl", batch.out.read_bytes(), "set.jsonl", "application/jsonl", on_click="ignore"
        )
    first = st.number_input("Items from", 1, value=1, step=ITEMS_A_PAGE)
    for number, item in enumerate(batches.items(batch.name, int(first) - 1, ITEMS_A_PAGE), int(first)):
        _show_item(item, number)


def _show_item(item: Item, number: int) -> None:
    is_opened = st.session_state.get(OPENED) == item.id
    with st.container(border=True, key=ITEM if is_opened else None):
        st.markdown(f"{number}. **{plain(item.question)}**")
        st.markdown(plain(item.answer) if item.is_answerable else "Not in the book.")
        st.caption(
            f"{KIND_WORDS[item.kind]} · {item.difficulty} · {SCOPE_WORDS[item.scope]} · "
            f"{plain(shortened(item.title, 60))}"
        )
        with st.container(horizontal=True):
            for place, citation in enumerate(item.citations):
                key = f"{item.id}-{place}"
                st.button(
                    plain(places(citation)),
                    key=key,
                    icon=":material/find_in_page:",
                    help=plain(citation.quote),
                    on_click=_open,
                    args=(item, citation),
                )


def _open(item: Item, citation: Citation) -> None:
    st.session_state[OPENED] = item.id
    choose_citation(VIEWER, citation)


def _arenas() -> ArenaJobs:
    return ArenaJobs(open_client().settings)


def _show_arena() -> None:
    st.markdown(
        "Systems that answered the same set (`catena answer set.jsonl --systems … -o runs`) are judged side by side, in"
        " both orders, and ranked. The judge here goes by rules: gold evidence and the words of the answer."
    )
    with st.form("arena", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        folder = st.text_input("Folder of runs", placeholder="/home/me/runs")
        is_sent = st.form_submit_button("Rank", icon=":material/leaderboard:")
    if is_sent and folder.strip():
        _arenas().start(Path(folder.strip()).expanduser())
    is_running = _is_at_work(_arenas().last())
    st.fragment(_show_rankings, run_every=POLL_SECONDS if is_running else None)(is_running)


def _is_at_work(job: Job | None) -> bool:
    return job is not None and job.state in ("queued", "running")


@guarded
def _show_rankings(is_watched: bool) -> None:
    """The ranking that was begun last; drawn again and again while it is made."""
    arenas = _arenas()
    if (job := arenas.last()) is None:
        return
    if is_watched != _is_at_work(job):
        st.rerun()
    for ranking in rankings_of(job):
        _show_ranking(ranking)
    if _is_at_work(job):
        done, total = job.progress.get("done", 0), job.progress.get("total", 0)
        st.progress(done / max(1, total), f"Judging {plain(job.payload['folder'])}: {counted(done, 'game')}")
        if st.button("Cancel", key="cancel-arena", icon=":material/cancel:"):
            arenas.cancel(job)
    elif job.state != "done":
        icon, word = STATES[STATE_OF[job.state]]
        said = " ".join(job.error.get(part, "") for part in ("message", "remedy"))
        st.markdown(f"{icon} **{word}** · {plain(job.payload['folder'])} · {plain(said)}")
        if st.button("Go on", key="on-arena", icon=":material/play_arrow:"):
            arenas.restart(job.name)
            st.rerun()


def _show_ranking(ranking: Ranking) -> None:
    rows = [
        {
            "system": one.system,
            "strength": round(one.strength.value, 3),
            "low": round(one.strength.low, 3),
            "high": round(one.strength.high, 3),
            "won": one.wins,
            "tied": one.ties,
            "lost": one.losses,
        }
        for one in ranking.standings
    ]
    st.vega_lite_chart(_chart(rows), width="stretch")
    st.dataframe(rows, hide_index=True)
    st.caption(
        f"Judge: {plain(ranking.judge)}. {ranking.num_games} of {ranking.num_possible} games on {ranking.num_items} "
        f"questions; {ranking.num_flips} turned with the order and count as ties. Lines are 95 % intervals."
    )
    for line in agreement_lines([ranking]):
        st.caption(plain(line))


def _chart(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Strengths with their intervals, the strongest first, in Vega-Lite."""
    system = {"field": "system", "type": "nominal", "sort": [row["system"] for row in rows], "title": None}
    low = {"field": "low", "type": "quantitative", "title": "log-strength, mean 0"}
    line = {
        "data": {"values": list(rows)},
        "mark": {"type": "rule", "strokeWidth": 3},
        "encoding": {"y": system, "x": low, "x2": {"field": "high"}},
    }
    dot = {
        "data": {"values": list(rows)},
        "mark": {"type": "point", "filled": True, "size": 120},
        "encoding": {"y": system, "x": {"field": "strength", "type": "quantitative"}},
    }
    return {"layer": [line, dot], "height": 60 + 40 * len(rows)}
