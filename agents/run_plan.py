"""Plan of a question, before a model is called: the strategy, calls, tokens and cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from catena.agents.context import Deps
from catena.agents.cost.prompt_sizes import Measured, Search
from catena.agents.cost.token_usage import CallEstimate, CallUsage, total
from catena.agents.document_view import DocumentView
from catena.agents.extractive.follow_up import leans
from catena.agents.generative.question_rewriting import MAX_REPLY, Turn
from catena.agents.nodes import MAX_ROUNDS, searching, strategy_of
from catena.agents.reasoner import Question
from catena.errors import OptionError
from catena.llm import usage
from catena.llm.protocol import Price
from catena.llm.wrappers import MAX_RETRIES
from catena.options import AskOptions
from catena.types import Answer, Passage, Plan, PlannedRole, Strategy, Usage

Prices = Callable[[str], Awaitable[Price | None]]
"""What a model costs, by its name."""
MAX_PASSAGES = 50_000
"""More are not measured: a plan over a whole library would take minutes."""
_READ_AS = (
    "{}",
    "List all {}",
    "Summarise {}",
    "Compare {}",
    "List all, compare {}",
    "Summarise, compare {}",
)
"""Whatever a follow-up turns out to ask: an answer, a list or a summary, of all documents together or of each."""


async def plan(
    deps: Deps,
    question: str,
    options: AskOptions,
    prices: Prices,
    *,
    turns: Sequence[Turn] = (),
    fallback: str | None = None,
) -> Plan:
    """Say what `run` with the same arguments will take. Reads and searches the documents of `deps`, calls no model.

    A follow-up is planned as it stands, and bounded by whatever it may mean.
    """
    _refuse(deps.view)
    asked, measured = Question(question, options), Measured(deps.view)
    strategy, reason = await strategy_of(asked, deps)
    if strategy == "kv":
        raise OptionError("What a model at a KV-page server takes is not foreseen.", "It bills nothing: ask.")
    passages = await asyncio.to_thread(_search, deps, question) if strategy == "retrieve" else ()
    found = await _foresee(deps, asked, strategy, measured, passages)
    if turns and leans(question):
        for form, may_be in product(_READ_AS, await _possible(asked, deps)):
            meant = Question(form.format("x " * MAX_REPLY), options)
            found = _enough(found, await _foresee(deps, meant, may_be, measured, ()))
    found = [*deps.reasoner.foresee_follow_up(question, turns), *found]
    roles = tuple([await _priced(one, prices) for one in found])
    most = usage.total(role.most for role in roles)
    return Plan(
        question,
        strategy,
        reason,
        deps.reasoner.name,
        roles,
        usage.total(role.usual for role in roles),
        most,
        usage.total([most] * MAX_RETRIES),
        await _instead(found, deps.reasoner.name, fallback, prices) if fallback and found else None,
    )


def _refuse(view: DocumentView) -> None:
    if sum(view.num_passages(document_id) for document_id in view.document_ids) > MAX_PASSAGES:
        raise OptionError(
            f"What a question to {len(view.document_ids)} documents takes is not planned: they are too many.",
            "Name some: --doc NAME.",
        )


async def _foresee(
    deps: Deps, question: Question, strategy: Strategy, measured: Measured, found: Sequence[Passage]
) -> list[CallEstimate]:
    """`found` is what retrieval brings for the question."""
    view, reasoner = deps.view, deps.reasoner
    if strategy == "full":
        return await reasoner.foresee(replace(question, is_whole=True), view, measured, None)
    if strategy == "chain" and deps.chain:
        reading = await deps.chain.foresee_reading(question, measured)
        return [*reading, *await reasoner.foresee(question, view, measured, None)]
    search = Search(found, searching(question.text, deps)[1], MAX_ROUNDS)
    return await reasoner.foresee(question, view, measured, search)


async def _possible(question: Question, deps: Deps) -> list[Strategy]:
    """The strategies that a question in other words may get."""
    if question.options.strategy != "auto":
        return [question.options.strategy]
    found: list[Strategy] = ["retrieve"]
    found += ["chain"] if deps.chain else []
    return found if await deps.reasoner.whole(question, deps.view) is None else [*found, "full"]


def _search(deps: Deps, question: str) -> Sequence[Passage]:
    """Retrieval results for the question as it stands, with what runs on over a page break."""
    search, num_pages = searching(question, deps)
    hits = search(deps.retriever, [question], deps.document_ids, num_pages)
    return deps.view.segment(one.key for hit in hits for one in hit.passages).passages


def _enough(first: Sequence[CallEstimate], second: Sequence[CallEstimate]) -> list[CallEstimate]:
    """Usual usage of the first, with a bound that holds for either."""
    ours = {(one.role, one.model): one for one in first}
    theirs = {(one.role, one.model): one for one in second}
    nothing = CallUsage()
    return [
        CallEstimate(
            *key,
            ours[key].usual if key in ours else nothing,
            (ours[key].most if key in ours else nothing) | (theirs[key].most if key in theirs else nothing),
        )
        for key in {**ours, **theirs}
    ]


async def _priced(one: CallEstimate, prices: Prices) -> PlannedRole:
    price = await prices(one.model)
    return PlannedRole(one.role, one.model, _usage(one.usual, price), _usage(one.most, price))


def _usage(amount: CallUsage, price: Price | None) -> Usage:
    cost = None if price is None else price.cost(amount.read, amount.written, amount.longest)
    return Usage(amount.calls, amount.read, amount.written, cost)


async def _instead(found: Sequence[CallEstimate], model: str, fallback: str, prices: Prices) -> PlannedRole:
    """Usage of the fallback if it has to make all calls of the answering model."""
    of_model = [one for one in found if one.model == model]
    usual, most = total(one.usual for one in of_model), total(one.most for one in of_model)
    return await _priced(CallEstimate("fallback", fallback, usual, most), prices)


def pace(answers: Sequence[Answer], found: Plan) -> float | None:
    """Seconds that are to be expected, by the median of earlier answers of the same kind; None where there is none."""
    kind = (found.model, found.strategy)
    paces = sorted(
        answer.seconds / num
        for answer in answers
        if (answer.model, answer.strategy) == kind and not answer.usage.cached
        if (num := calls_in_a_row({role.role: role.usage.calls for role in answer.roles}))
    )
    num = calls_in_a_row({role.role: role.usual.calls for role in found.roles})
    return num * paces[len(paces) // 2] if paces else None


def calls_in_a_row(calls: Mapping[str, int]) -> float:
    """Calls by role; those of one role are made at the same time, but for the workers of a path."""
    others = sum(num > 0 for role, num in calls.items() if role != "worker")
    return others + calls.get("worker", 0) / max(1, calls.get("manager", 1))
