"""Compare: one question through two strategies or models, side by side, and a vote for the better answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from catena.app.ui.answers import show_answer
from catena.app.ui.evidence import show_evidence
from catena.app.ui.live import show_progress
from catena.app.ui.session import ModelChoice, open_client, readable, tested_models
from catena.app.ui.trouble import show_trouble
from catena.app.ui.words import STRATEGIES, plain
from catena.runs import Run
from catena.types import Answer, AskOptions, Document, Limits, Strategy
from catena.votes import Vote

SIDES = ("left", "right")
EMBEDDED = "the embedded reader"


@dataclass(frozen=True, slots=True)
class System:
    """What is compared: a way to read, and who writes the answer."""

    strategy: Strategy
    model: ModelChoice | None

    @property
    def name(self) -> str:
        return _name(self.strategy, self.model.name if self.model else "")

    def options(self, limits: Limits) -> AskOptions:
        return AskOptions(self.strategy, model=self.model.name if self.model else "", limits=limits)


def show() -> None:
    st.title("Compare")
    documents = {document.id: document for document in readable(open_client())}
    if not documents:
        st.info("There is no document yet. Add one in the library.", icon=":material/library_books:")
        return
    with st.form("compare"):
        question = st.text_input("Question", placeholder="One question, asked of both")
        chosen = st.multiselect(
            "Documents",
            list(documents),
            format_func=lambda one: documents[one].title,
            placeholder="The whole library",
        )
        columns = st.columns(2, gap="large")
        systems = [_choose_system(side, place) for side, place in zip(SIDES, columns, strict=True)]
        cap = st.number_input("Spend at most for each, in USD (0: no cap)", min_value=0.0, step=0.05)
        with st.container(horizontal=True):
            is_sent = st.form_submit_button("Ask both", type="primary", icon=":material/compare:")
            is_planned = st.form_submit_button("What will it take?", icon=":material/price_check:")
    asked = [documents[one] for one in chosen] or list(documents.values())
    limits = Limits(max_cost_usd=cap or None)
    if is_planned:
        _plan(question, asked, [system.options(limits) for system in systems])
    if is_sent:
        _start(question, asked, systems, limits)
    runs = [st.query_params.get(side) for side in SIDES]
    if all(runs):
        _show_both([run for run in runs if run])


def _choose_system(side: str, place: st.delta_generator.DeltaGenerator) -> System:
    models: dict[str, ModelChoice | None] = {EMBEDDED: None, **tested_models()}
    ways = list(STRATEGIES)
    with place:
        strategy = st.selectbox(
            f"How to read, {side}",
            ways,
            index=ways.index("retrieve" if side == "left" else "chain"),
            format_func=STRATEGIES.__getitem__,
        )
        name = st.selectbox(f"Who answers, {side}", list(models), index=min(1, len(models) - 1))
    return System(strategy, models[name])


def _plan(question: str, documents: Sequence[Document], both: Sequence[AskOptions]) -> None:
    """What each side will take: no model is called for this."""
    with st.spinner("Reading the documents, asking nobody"):
        plans = [open_client().plan(question, documents=documents, options=options) for options in both]
    st.dataframe(
        [
            {
                "": side,
                "way": plan.strategy,
                "calls": plan.expected.calls,
                "tokens": plan.expected.num_tokens,
                "USD": plan.expected.cost_usd,
                "at most USD": plan.most.cost_usd,
                "seconds": plan.seconds,
            }
            for side, plan in zip(SIDES, plans, strict=True)
        ],
        hide_index=True,
    )


def _start(question: str, documents: Sequence[Document], systems: Sequence[System], limits: Limits) -> None:
    if systems[0].name == systems[1].name:
        st.warning("Both sides are the same. Choose another way to read, or another model.")
        return
    for side, system in zip(SIDES, systems, strict=True):
        run = open_client().start(
            question,
            documents=documents,
            options=system.options(limits),
            keys=system.model.keys if system.model else None,
            api_base=system.model.api_base if system.model else None,
        )
        st.query_params[side] = run.run_id
    st.session_state.pop("voted", None)


def _show_both(run_ids: Sequence[str]) -> None:
    runs = [open_client().runs.run(run_id) for run_id in run_ids]
    st.subheader(plain(runs[0].question))
    if any(run.state == "running" for run in runs):
        _watch(run_ids)
        return
    for side, run, column in zip(SIDES, runs, st.columns(2, gap="large"), strict=True):
        with column:
            _show_side(side, run)
    answers = [answer for run in runs if (answer := open_client().trace(run.run_id).answer)]
    if len(answers) == len(SIDES):
        _show_figures(runs, answers)
        _show_vote(runs)


@st.fragment(run_every=0.7)
def _watch(run_ids: Sequence[str]) -> None:
    runs = open_client().runs
    now = [runs.run(run_id) for run_id in run_ids]
    if all(run.is_over for run in now):
        st.rerun()
    for run, column in zip(now, st.columns(2, gap="large"), strict=True):
        with column:
            st.caption(plain(_system(run)))
            show_progress(runs.events(run.run_id))
            if not run.is_over and st.button("Cancel", icon=":material/cancel:", key=f"cancel-{run.run_id}"):
                runs.cancel(run.run_id)


def _show_side(side: str, run: Run) -> None:
    st.markdown(f"**{side.title()}**: {plain(_system(run))}")
    answer = open_client().trace(run.run_id).answer
    if answer is None:
        show_trouble(f"No answer: {run.state}", run.message, run.remedy)
        return
    show_answer(answer, f"compare-{side}")
    show_evidence(f"compare-{side}")


def _show_figures(runs: Sequence[Run], answers: Sequence[Answer]) -> None:
    st.subheader("In figures")
    st.dataframe(
        [
            {
                "": side,
                "statements": len(answer.statements),
                "supported": sum(one.support == "supported" for one in answer.statements),
                "pages read": answer.coverage.pages_read,
                "seconds": round(answer.seconds, 1),
                "tokens": answer.usage.num_tokens,
                "USD": answer.usage.cost_usd,
                "system": _system(run),
            }
            for side, run, answer in zip(SIDES, runs, answers, strict=True)
        ],
        hide_index=True,
    )


def _show_vote(runs: Sequence[Run]) -> None:
    """One vote for each comparison of this visitor; the arena counts it."""
    st.subheader("Which answer is better?")
    first, second = (_system(run) for run in runs)
    pair = tuple(run.run_id for run in runs)
    if st.session_state.get("voted") == pair:
        num = len(open_client().votes())
        st.success(f"Kept. The arena has {num} vote{'s' if num > 1 else ''}.", icon=":material/how_to_vote:")
        return
    with st.container(horizontal=True):
        for name, winner in (("Left", first), ("Equally good", None), ("Right", second)):
            if st.button(name, key=f"vote-{name}", icon=":material/how_to_vote:"):
                open_client().vote(Vote(runs[0].question, first, second, winner, runs[0].document_ids))
                st.session_state["voted"] = pair
                st.rerun()


def _system(run: Run) -> str:
    return _name(run.options.strategy, run.options.model or "")


def _name(strategy: Strategy, model: str) -> str:
    return f"{strategy}, {model or EMBEDDED}"
