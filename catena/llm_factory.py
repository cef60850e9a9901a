"""The models of one question, put together from settings and caps: the one place that knows the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catena.llm.budget import Budget, BudgetedLLM
from catena.llm.litellm_client import LiteLLM
from catena.llm.protocol import LLM, Price
from catena.llm.reply_cache import CachedLLM, CallCache, CallStore, RecordingLLM
from catena.llm.usage import Meter, MeteredLLM
from catena.llm.wire_format import ServerQuirks
from catena.llm.wrappers import (
    ConcurrencyGate,
    DeadlineLLM,
    FallbackLLM,
    HeadroomLLM,
    LimitedLLM,
    RetryingLLM,
)
from catena.local.local_llm import LocalLLM, is_local, seconds_of
from catena.options import Limits
from catena.settings import Settings


@dataclass(frozen=True, slots=True)
class Models:
    """`small` is for workers and demonstrations; without a setting it is `answering` itself."""

    answering: LLM
    small: LLM
    meter: Meter


class LLMFactory:
    """Makes the models of a client's questions, which share settings, cached replies, and a gate for each model."""

    def __init__(self, settings: Settings, store: CallStore) -> None:
        self._settings = settings
        self._store = store
        self._gates: dict[str, ConcurrencyGate] = {}
        self._habits: dict[tuple[str, str | None], ServerQuirks] = {}

    def open(
        self,
        model: str,
        document_ids: Sequence[str],
        limits: Limits,
        *,
        small: str | None = None,
        budget: Budget | None = None,
    ) -> Models:
        """Compose the models of one question; its time begins now.

        With `budget`, caps on calls, tokens and money are those of all questions that share it, and so is the meter.
        """
        budget = budget or Budget(limits, Meter())
        meter = budget.meter
        provider = _provider(model)

        def compose(model: str) -> LLM:
            # The address is that of the answering model's provider; another provider has its own.
            remote = self._remote(model, is_addressed=_provider(model) == provider)
            seconds = seconds_of(self._settings) if is_local(model) else self._settings.calls.seconds
            retried = RetryingLLM(BudgetedLLM(remote, budget), seconds)
            calls = CallCache(self._store, remote.parameters, document_ids)
            kept = CachedLLM(LimitedLLM(RecordingLLM(retried, calls), self._gate(model)), calls)
            least = self._settings.calls.max_reply_tokens
            return HeadroomLLM(kept, least) if least else kept

        def finish(llm: LLM) -> LLM:
            return MeteredLLM(
                llm if limits.max_seconds is None else DeadlineLLM(llm, limits.max_seconds), meter
            )

        answering, fallback = compose(model), self._settings.fallback_model
        answering = finish(FallbackLLM(answering, compose(fallback)) if fallback else answering)
        small = small or self._settings.small_model
        return Models(answering, finish(compose(small)) if small else answering, meter)

    async def price(self, model: str, *, asked: str) -> Price | None:
        """Return the price of `model` in a question that `asked` answers; None where that is not known."""
        return await self._remote(model, is_addressed=_provider(model) == _provider(asked)).price()

    def _remote(self, model: str, *, is_addressed: bool) -> LiteLLM | LocalLLM:
        if is_local(model):
            return LocalLLM(model, self._settings, self._habits.setdefault((model, None), ServerQuirks()))
        price = self._settings.prices.get(model)
        api_base = self._settings.api_base if is_addressed else None
        return LiteLLM(
            model,
            api_base,
            habits=self._habits.setdefault((model, api_base), ServerQuirks()),
            context_window=self._settings.calls.context_window if is_addressed else None,
            price=price and Price(price[0] / 1e6, price[1] / 1e6),
            max_silence=self._settings.calls.silence,
        )

    def _gate(self, model: str) -> ConcurrencyGate:
        # A model of this machine answers one call after the other: those that wait are not silent.
        most = 1 if is_local(model) else self._settings.calls.concurrency
        return self._gates.setdefault(model, ConcurrencyGate(most))


def _provider(model: str) -> str:
    return model.partition("/")[0]
