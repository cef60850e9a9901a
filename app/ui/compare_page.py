"""Compare: one question through two strategies or models. Who gave which answer is told after the vote."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from catena.app.ui.answer_view import show_answer
from catena.app.ui.error_view import guarded, show_trouble
from catena.app.ui.evidence import show_evidence
from catena.app.ui.labels import EMBEDDED, STRATEGIES, WAYS, counted, dollars, marked, plain, reader, shown
from catena.app.ui.visitor_session import ModelChoice, open_client, readable, tested_models
from catena.library.votes import Vote
from catena.options import AskOptions, Limits
from catena.question_runs import Run
from catena.types import Answer, Document, Strategy

SIDES = ("left", "right")
SHOWN = "shown"
"""In the page's address once it was told who gave which answer: there is no vote after that."""


@dataclass(frozen=True, slots=True)
class System:
    """One side of a comparison: a way to read, and who writes the answer."""

    strategy: Strategy
    model: ModelChoice | None

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
            format_func=lambda one: shown(documents[one].title),
            placeholder="The whole library",
        )
        left, right = st.columns(2, gap="large")
        systems = [_choose_system("First", "retrieve", left), _choose_system("Second", "chain", right)]
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


def _choose_system(name: str, way: Strategy, place: st.delta_generator.DeltaGenerator) -> System:
    models: dict[str, ModelChoice | None] = {EMBEDDED: None, **tested_models()}
    ways = list(STRATEGIES)
    with place:
        strategy = st.selectbox(
            f"{name}: how to read",
            ways,
            index=ways.index(way),
            format_func=STRATEGIES.__getitem__,
        )
        model = st.selectbox(f"{name}: who answers", list(models), index=min(1, len(models) - 1))
    return System(strategy, models[model])


def _plan(question: str, documents: Sequence[Document], both: Sequence[AskOptions]) -> None:
    """Show the cost of each side; no model is called for this."""
    with st.spinner("Reading the documents, asking nobody"):
        plans = [open_client().plan(question, documents=documents, options=options) for options in both]
    st.dataframe(
        [
            {
                "how to read": STRATEGIES[plan.strategy],
                "who answers": reader(plan.model),
                "calls": plan.expected.calls,
                "tokens": plan.expected.num_tokens,
                "cost": dollars(plan.expected.cost_usd),
                "at most": dollars(plan.most.cost_usd),
                "seconds": "not known yet" if plan.seconds is None else f"{plan.seconds:.0f}",
            }
            for plan in plans
        ],
        hide_index=True,
    )


def _start(question: str, documents: Sequence[Document], systems: Sequence[System], limits: Limits) -> None:
    if systems[0] == systems[1]:
        st.warning("Both are the same. Choose another way to read, or another model.")
        return
    for side, system in zip(SIDES, random.sample(systems, len(SIDES)), strict=True):
        run = open_client().questions.start(
            question,
            documents=documents,
            options=system.options(limits),
            keys=system.model.keys if system.model else None,
            api_base=system.model.api_base if system.model else None,
        )
        st.query_params[side] = run.run_id
    st.query_params.pop(SHOWN, None)


def _show_both(run_ids: Sequence[str]) -> None:
    runs = [open_client().runs.run(run_id) for run_id in run_ids]
    st.subheader(plain(runs[0].question))
    if any(run.state == "running" for run in runs):
        _watch(run_ids)
        return
    answers = [answer for run in runs if (answer := open_client().questions.trace(run.run_id).answer)]
    is_blind = len(answers) == len(SIDES) and SHOWN not in st.query_params
    for side, run, column in zip(SIDES, runs, st.columns(2, gap="large"), strict=True):
        with column:
            _show_side(side, run, is_blind=is_blind)
    if is_blind:
        _ask_vote(runs)
    elif len(answers) == len(SIDES):
        _show_figures(runs, answers)


@st.fragment(run_every=0.7)
@guarded
def _watch(run_ids: Sequence[str]) -> None:
    """Show the progress of both, without a word of who they are."""
    runs = open_client().runs
    now = [runs.run(run_id) for run_id in run_ids]
    if all(run.is_over for run in now):
        st.rerun()
    for side, run, column in zip(SIDES, now, st.columns(2, gap="large"), strict=True):
        with column:
            icon = ":material/check_circle: ready" if run.is_over else ":material/pending: being answered"
            st.markdown(f"**{side.title()}** · {icon}")
            if not run.is_over and st.button("Cancel", icon=":material/cancel:", key=f"cancel-{run.run_id}"):
                runs.cancel(run.run_id)


def _show_side(side: str, run: Run, *, is_blind: bool) -> None:
    st.markdown(f"**{side.title()}**" if is_blind else f"**{side.title()}**: {plain(_in_words(run))}")
    answer = open_client().questions.trace(run.run_id).answer
    if answer is None:
        show_trouble(f"No answer: {run.state}", run.message, run.remedy)
        return
    show_answer(answer, f"compare-{side}", is_blind=is_blind)
    show_evidence(f"compare-{side}")


def _show_figures(runs: Sequence[Run], answers: Sequence[Answer]) -> None:
    st.subheader("In figures")
    st.dataframe(
        [
            {
                "": side,
                "who": _in_words(run),
                "statements": len(answer.statements),
                "marks": marked(answer),
                "pages read": answer.coverage.pages_read,
                "seconds": round(answer.seconds, 1),
                "tokens": answer.usage.num_tokens,
                "cost": dollars(answer.usage.cost_usd),
            }
            for side, run, answer in zip(SIDES, runs, answers, strict=True)
        ],
        hide_index=True,
    )
    if num := len(open_client().library.votes.all()):
        st.caption(f":material/how_to_vote: The arena has {counted(num, 'vote')}.")


def _ask_vote(runs: Sequence[Run]) -> None:
    """One vote for each comparison, by somebody who does not know who is who; the arena counts it."""
    st.subheader("Which answer is better?")
    st.caption("Left and right were drawn by lot. Who gave which answer is told when you have voted.")
    first, second = (_system(run) for run in runs)
    with st.container(horizontal=True):
        for name, winner in (("Left", first), ("Equally good", None), ("Right", second)):
            if st.button(name, key=f"vote-{name}", icon=":material/how_to_vote:"):
                open_client().library.votes.save(
                    Vote(runs[0].question, first, second, winner, runs[0].document_ids)
                )
                _tell()
        if st.button("No vote, tell me", type="tertiary"):
            _tell()


def _tell() -> None:
    st.query_params[SHOWN] = "yes"
    st.rerun()


def _system(run: Run) -> str:
    """The name under which the arena counts votes: the strategy, and who answered."""
    return f"{run.options.strategy}, {run.options.model or EMBEDDED}"


def _in_words(run: Run) -> str:
    return f"{WAYS[run.options.strategy]}, {reader(run.options.model or '')}"
