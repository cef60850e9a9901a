"""A language model reads and writes in place of the embedded reader."""

from __future__ import annotations

from dataclasses import replace

from catena.agents.context import Deps
from catena.agents.event_stream import AnswerText
from catena.agents.generative.chain import LLMChain
from catena.agents.generative.model_reader import LLMReasoner
from catena.agents.kv_strategy import served_model
from catena.errors import OptionError
from catena.events import OnEvent, ignore
from catena.kv.client.kv_client import KVServer
from catena.kv.client.served_ids import IDS, ServedIds, server_at
from catena.library.library import Library
from catena.llm_factory import LLMFactory
from catena.local.local_llm import is_local, most_shown
from catena.local.server_start import ensure
from catena.local.stored_models import PREFIX, shelf_of
from catena.options import START_SERVER, AskOptions
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
        ids, tell = ServedIds(settings.home / IDS), on_event or ignore
        server = _kv_server(options.model, settings)
        ids.settle(lambda address: server_at(address, shelf_of(settings).folder))
        served = served_model(options.model, server, ids, library, options, models.meter, tell)
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


def _kv_server(model: str, settings: Settings) -> KVServer:
    """The KV-page server of a local model, which is started, or of the setting's address. Raises OptionError."""
    shelf = shelf_of(settings)
    if is_local(model):
        name = model.removeprefix(PREFIX)
        if ensure(shelf, name, idle_seconds=settings.local.idle_seconds).engine != "kv":
            raise OptionError(
                f"{model} is served by llama.cpp, which keeps no documents in KV pages.", START_SERVER
            )
        return server_at(model, shelf.folder)
    if not settings.api_base or not model.startswith("openai/"):
        raise OptionError("The strategy kv needs a model at a KV-page server.", START_SERVER)
    return server_at(settings.api_base, shelf.folder)
