"""A language model reads and writes in place of the embedded reader."""

from __future__ import annotations

from dataclasses import replace

from catena.agents.context import Deps
from catena.agents.event_stream import AnswerText
from catena.agents.generative.chain import LLMChain
from catena.agents.generative.model_reader import LLMReasoner
from catena.agents.kv_strategy import served_model
from catena.events import OnEvent, ignore
from catena.library.library import Library
from catena.llm_factory import LLMFactory
from catena.local.local_llm import most_shown
from catena.options import AskOptions
from catena.settings import Settings


def with_model(
    deps: Deps,
    factory: LLMFactory,
    settings: Settings,
    library: Library,
    options: AskOptions,
    on_event: OnEvent | None,
) -> Deps:
    """Complete the agents' context where `options.model` answers. Raises OptionError, for kv ModelError too."""
    assert options.model, "a model is named"
    models = factory.open(options.model, deps.document_ids, options.limits, small=options.small_model)
    on_text = AnswerText(on_event) if on_event else None
    of_chain = on_text if options.paths == 1 else None  # the pieces of several managers would mix
    served = None
    if options.strategy == "kv":
        home, base, tell = settings.home, settings.api_base, on_event or ignore
        served = served_model(options.model, base, home, library, options, models.meter, tell)
    llm, small = models.answering, models.small
    reasoner = LLMReasoner(
        llm,
        deps.embedder,
        small=small,
        store=library.history,
        on_text=on_text,
        least_reply=settings.calls.max_reply_tokens or 0,
        most_shown=most_shown(options.model, settings),
    )
    chain = LLMChain(llm, deps.embedder, worker=small, on_text=of_chain)
    return replace(deps, reasoner=reasoner, chain=chain, meter=models.meter, served=served)
