"""Options of a question or an added file; each value is checked where it is given."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import get_args

from catena.arguments import (
    check_names,
    list_of,
    refused,
    require_a,
    require_choice,
    require_flag,
    require_number,
    require_secret,
    require_text,
    require_whole,
)
from catena.errors import OptionError
from catena.types import Check, Kind, Strategy

START_SERVER = (
    "Start it: `catena serve-model FOLDER`, and give --api-base http://127.0.0.1:8000/v1 --model openai/NAME."
)
"""What to do where the strategy `kv` has no server of KV pages."""
NUMS_OF_PATHS, NUMS_OF_DEMOS = (1, 2, 5), (0, 3, 5)


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps for one question; `None` means no cap. Raises OptionError for what is no number of 0 or more."""

    max_seconds: float | None = None
    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost_usd: float | None = None

    def __post_init__(self) -> None:
        for one in fields(self):
            cap = getattr(self, one.name)
            if cap is not None:
                require = require_whole if one.name in ("max_calls", "max_tokens") else require_number
                require(one.name, cap, 0)


@dataclass(frozen=True, slots=True)
class AskOptions:
    """Options of a question. Raises OptionError for a value that an option does not take.

    `paths`: how often a chain reads the documents, at the same time: 1, in order; 2, from both ends; 5, in order,
    backwards and in three shuffled orders.
    `demos`: how many questions about other passages of the documents are shown answered before the question itself.
    `rewrite`: let the model say what to search for, too. `check`: whether a model has a say in each statement's mark.
    `kv_policy`, `kv_budget`: for the strategy `kv`, which KV pages the model sees, and what share of the document
    (docs/local-models.md); without a budget the policy's own.
    `thread_id`: the conversation; a question that leans on its earlier ones is made self-contained first.
    `turns`: questions and answers of a conversation that the caller keeps, oldest first, in place of `thread_id`.
    """

    strategy: Strategy = "auto"
    model: str | None = None
    small_model: str | None = None
    max_sentences: int = 3
    max_words: int = 60
    limits: Limits = field(default_factory=Limits)
    thread_id: str | None = None
    paths: int = 1
    demos: int = 0
    rewrite: bool = False
    check: Check = "code"
    kv_policy: str = "quest"
    kv_budget: float | None = None
    turns: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        require_choice("strategy", self.strategy, get_args(Strategy))
        for name in ("model", "small_model", "thread_id"):
            if (value := getattr(self, name)) is not None:
                require_text(name, value, is_filled=name == "thread_id")
        require_whole("max_sentences", self.max_sentences)
        require_whole("max_words", self.max_words)
        require_a(Limits, "limits", self.limits)
        require_choice("paths", self.paths, NUMS_OF_PATHS)
        require_choice("demos", self.demos, NUMS_OF_DEMOS)
        require_flag("rewrite", self.rewrite)
        require_choice("check", self.check, get_args(Check))
        require_text("kv_policy", self.kv_policy)
        if self.kv_budget is not None:
            require_number("kv_budget", self.kv_budget, 0, 1)
            if not self.kv_budget:
                raise refused("kv_budget", self.kv_budget, "above 0", "Give kv_budget=0.25, or leave it out.")
        for turn in list_of("turns", self.turns):
            said = list_of("turns", turn)
            if len(said) != 2:
                raise refused(
                    "turns", turn, "pairs of a question and its answer", "Give turns=((q, a), ...)."
                )
            for text in said:
                require_text("turns", text, is_filled=False)
        if self.turns and self.thread_id is not None:
            raise OptionError("turns and thread_id both say what was asked before.", "Give one of them.")

    @property
    def of_models(self) -> list[str]:
        """The options given that the embedded reader has no use for."""
        return self._given("small_model", "demos", "rewrite", "check")

    @property
    def of_kv(self) -> list[str]:
        """The options given that only the strategy `kv` has a use for."""
        return self._given("kv_policy", "kv_budget")

    def _given(self, *names: str) -> list[str]:
        """Those of these options that have another value than by default."""
        return [
            one.name for one in fields(self) if one.name in names and getattr(self, one.name) != one.default
        ]


@dataclass(frozen=True, slots=True)
class AddOptions:
    """Options of reading a file: as another kind than it seems, with a password, under a title; and the collections
    and tags that its document is given. Raises OptionError."""

    as_kind: Kind | None = None
    password: str | None = None
    title: str | None = None
    collections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("collections", "tags"):
            object.__setattr__(self, name, tuple(list_of(name, getattr(self, name), str)))
            check_names(getattr(self, name))
        if self.as_kind is not None:
            require_choice("as_kind", self.as_kind, get_args(Kind))
        if self.password is not None:
            require_secret("password", self.password)
        if self.title is not None:
            require_text("title", self.title, is_filled=False)
