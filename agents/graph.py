"""One question's way through the agents, wired as one LangGraph graph. LangGraph takes 1.2 s to import."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

# Read at import: checkpoints may hold plain values only.
os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from catena.agents import chain_nodes, nodes
from catena.agents import state as codec
from catena.agents.checkpointer import checkpointer_of
from catena.agents.context import Deps
from catena.agents.generative.question_rewriting import Turn
from catena.agents.nodes import counted
from catena.agents.run_store import Checkpoints, Journal, describe
from catena.agents.state import State
from catena.errors import CatenaError
from catena.events import OnEvent
from catena.llm.usage import Meter
from catena.options import AskOptions
from catena.render.answer_json import from_json
from catena.types import Answer

Graph = CompiledStateGraph[State, Deps, State, State]
MAX_STEPS = 1_000_000
"""LangGraph's guard against loops; ours end by themselves, a chain after as many steps as there are stretches."""


async def run(
    deps: Deps,
    question: str,
    document_ids: Sequence[str],
    options: AskOptions | None = None,
    on_event: OnEvent | None = None,
    *,
    run_id: str | None = None,
    turns: Sequence[Turn] = (),
) -> Answer:
    """Answer a question from the given documents.

    With `deps.checkpoints` a run that was killed goes on where it stood, when it is run again with the same
    `run_id`. A cap that is reached, or `deps.cancel`, gives an answer with status `stopped` and what was found
    until then. `turns` are the earlier questions of the conversation. Raises ModelError and OptionError, whose
    `usage` says what the run took until then.
    """
    run_id = run_id or uuid.uuid4().hex
    start = _start(question, document_ids, options or AskOptions(), run_id, turns)
    config: Any = {
        "configurable": {"thread_id": run_id},
        "metadata": describe(start),
        "recursion_limit": MAX_STEPS,
    }
    journal = Journal(deps.checkpoints or Checkpoints(), run_id)
    emit, about = on_event or deps.emit, tuple(document_ids)
    deps = replace(deps, emit=emit, document_ids=about, journal=journal, began=deps.clock())
    checkpointer = checkpointer_of(deps.checkpoints) if deps.checkpoints else None
    if deps.checkpoints:
        deps.checkpoints.drop_unsound(run_id)
    kept = await checkpointer.aget_tuple(config) if checkpointer else None
    if kept:
        _restore(deps.meter, [kept.checkpoint["channel_values"], *journal.last()])
    graph = wire().copy({"checkpointer": checkpointer})
    try:
        # "sync": a step is on the disk before the next one begins
        end = await graph.ainvoke(
            None if kept else start, config, context=deps, durability="sync" if checkpointer else None
        )
    except CatenaError as error:
        error.usage = deps.meter.usage
        raise
    return from_json(end["answer"])


def _start(
    question: str, document_ids: Sequence[str], options: AskOptions, run_id: str, turns: Sequence[Turn]
) -> State:
    return {
        "question": question,
        "query": question,
        "document_ids": list(document_ids),
        "options": codec.options_to_json(options),
        "run_id": run_id,
        "thread_id": options.thread_id or run_id,
        "turns": [[turn.question, turn.answer, turn.short] for turn in turns],
    }


def _restore(meter: Meter, kept: Sequence[Mapping[str, Any]]) -> None:
    """Set the meter to where a run stood that was killed."""
    readings = [one["meter"] for one in kept if "meter" in one]
    if readings:
        meter.restore(max(readings, key=codec.num_calls))


def after_route(state: State) -> str:
    return {"retrieve": "retrieve", "kv": "attend", "full": "write", "chain": "plan"}[state["strategy"]]


def after_write(state: State) -> str:
    return "retrieve" if state["missing"] else "cite"


@cache
def wire() -> Graph:
    """Put the steps together; the only way back is from write to one more retrieve.

    understand → route ─┬─ retrieve → read → write ─┬─ cite → check
           ├─ (kv) attend → read → write
           ├─ (full) ────────── write ─┤
           └─ plan ⇉ path → decide ────┘     path: worker after worker, then the manager
    """
    graph = StateGraph(State, context_schema=Deps)
    for node in (
        nodes.understand,
        nodes.route,
        nodes.retrieve,
        nodes.attend,
        nodes.read,
        nodes.write,
        nodes.cite,
        nodes.check,
    ):
        graph.add_node(node.__name__, counted(node))
    graph.add_node("plan", chain_nodes.plan)
    graph.add_node("path", counted(chain_nodes.path))
    graph.add_node("decide", counted(chain_nodes.decide))
    graph.add_edge(START, "understand")
    graph.add_edge("understand", "route")
    graph.add_conditional_edges("route", after_route, ["retrieve", "attend", "write", "plan"])
    graph.add_edge("retrieve", "read")
    graph.add_edge("attend", "read")
    graph.add_edge("read", "write")
    graph.add_conditional_edges("write", after_write, ["retrieve", "cite"])
    graph.add_conditional_edges("plan", chain_nodes.set_out, ["path"])
    graph.add_edge("path", "decide")
    graph.add_edge("decide", "cite")
    graph.add_edge("cite", "check")
    graph.add_edge("check", END)
    return graph.compile()
