"""The models of one question, put together from settings and caps: the one place that knows the order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from catena.errors import ModelTimeout, Stopped
from catena.llm import LLM, Price
from catena.models.budget import Budget, Budgeted
from catena.models.cached import Cached, CallStore
from catena.models.deadline import Deadline
from catena.models.errors import without_secrets
from catena.models.fallback import Fallback
from catena.models.limited import Gate, Limited
from catena.models.metered import Meter, Metered
from catena.models.remote import LiteLLM
from catena.models.retried import Retried
from catena.settings import Settings
from catena.types import Limits


@dataclass(frozen=True, slots=True)
class Models:
    """`small` is for workers and demonstrations; without a setting it is `answering` itself."""

    answering: LLM
    small: LLM
    meter: Meter


@dataclass
class ModelRoom:
    """What all questions of a client share: the settings, the kept calls, and a gate per model."""

    settings: Settings
    store: CallStore
    _gates: dict[str, Gate] = field(default_factory=dict)

    def open(
        self, model: str, document_ids: Sequence[str], limits: Limits, *, small: str | None = None
    ) -> Models:
        """Compose the models of one question."""
        meter = Meter()
        question = _Question(self, model, tuple(document_ids), limits, Budget(limits, meter))
        answering: LLM = question.compose(model)
        if self.settings.fallback_model:
            answering = Fallback(answering, question.compose(self.settings.fallback_model))
        answering = Metered(question.timed(answering), meter)
        small = small or self.settings.small_model
        if not small or small == model:
            return Models(answering, answering, meter)
        return Models(answering, Metered(question.timed(question.compose(small)), meter), meter)

    def gate(self, model: str) -> Gate:
        return self._gates.setdefault(model, Gate(self.settings.model_concurrency))


class _Question:
    def __init__(
        self, room: ModelRoom, model: str, document_ids: tuple[str, ...], limits: Limits, budget: Budget
    ) -> None:
        self._room = room
        self._model = model
        self._document_ids = document_ids
        self._limits = limits
        self._budget = budget
        self._begun = time.monotonic()

    def compose(self, model: str) -> LLM:
        settings = self._room.settings
        # The address is that of the answering model's provider; another provider has its own.
        is_same = model.partition("/")[0] == self._model.partition("/")[0]
        api_base = settings.api_base if is_same else None
        price = settings.prices.get(model)
        remote = LiteLLM(
            model,
            api_base,
            context_window=settings.context_window if is_same else None,
            price=price and Price(price[0] / 1e6, price[1] / 1e6),
            max_silence=settings.model_silence,
        )
        seconds = settings.model_seconds

        def late() -> ModelTimeout:
            return ModelTimeout(
                f"{model} did not answer within {seconds:g} s.",
                "Ask again, take a faster model, or raise CATENA_MODEL_SECONDS.",
            )

        timed = Deadline(Retried(Budgeted(remote, self._budget)), lambda: seconds, late)
        parameters = {
            "model": model,
            "api_base": without_secrets(api_base or ""),
            "context_window": settings.context_window,
            "temperature": 0,
        }
        return Cached(
            Limited(timed, self._room.gate(model)), self._room.store, parameters, self._document_ids
        )

    def timed(self, llm: LLM) -> LLM:
        """Within the time of the whole question."""
        cap = self._limits.max_seconds
        if cap is None:
            return llm
        return Deadline(
            llm,
            lambda: cap - (time.monotonic() - self._begun),
            lambda: Stopped(f"The cap of {cap:g} s is reached.", "Raise --max-seconds."),
        )
