"""The items of one book: slots are filled at the same time, what repeats is dropped, and its places are filled anew.

Whatever is drawn depends on seed, book, slot and attempt alone, so the same seed gives the same set in any order of
work, after any kill, on any machine, as long as the model says the same: kept calls make it do so.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from catena.arguments import LARGEST, list_of, require_choice, require_text, require_whole
from catena.bookqa import rule_questions
from catena.bookqa.book import Book
from catena.bookqa.executor import Ended, Ledger, run
from catena.bookqa.item_filters import Reason, duplicates, examine
from catena.bookqa.item_slots import Slot, lay_out
from catena.bookqa.item_writer import make_item, prompts_version, write
from catena.bookqa.items import KINDS, Item, ItemKind, Provenance, from_json, to_json
from catena.bookqa.rule_questions import Rules
from catena.bookqa.subjects import Subjects
from catena.errors import BatchError, OptionError
from catena.llm.protocol import LLM
from catena.retrieval.embedder import Embedder

TRIES = 3
"""Rewritings of a slot, about something else, when what came was thrown away."""
ROUNDS = 3
"""Retries of slots whose items are duplicates, or that stayed empty."""
NO_MODEL = "none"
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """Order of a set: `num` questions about each book, kinds in turn. `model` is a LiteLLM name, or "none"."""

    num: int = 200
    kinds: tuple[ItemKind, ...] = KINDS
    seed: int = 1
    model: str = NO_MODEL

    def __post_init__(self) -> None:
        require_whole("num", self.num)
        require_whole("seed", self.seed, -LARGEST)
        require_text("model", self.model)
        kinds = tuple(list_of("kinds", self.kinds, str))
        for kind in kinds or ("",):
            require_choice("kinds", kind, KINDS)
        object.__setattr__(self, "kinds", kinds)  # one kind is a tuple of itself
        unmade = [kind for kind in self.kinds if kind not in rule_questions.KINDS]
        if self.model == NO_MODEL and unmade:
            raise OptionError(
                f"Questions of the kinds {', '.join(unmade)} are written by a model, and none is set.",
                "Give --model, set CATENA_MODEL, or ask for what rules make: "
                f"--kinds {','.join(rule_questions.KINDS)}.",
            )

    @property
    def provenance(self) -> Provenance:
        return Provenance(self.model, prompts_version(), self.seed)


@dataclass(frozen=True, slots=True)
class ItemGenerator:
    """Makes the items of one book. Without `llm` by rules."""

    book: Book
    order: Order
    embedder: Embedder
    llm: LLM | None

    async def make(
        self,
        ledger: Ledger,
        *,
        concurrency: int,
        place: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
        notes: Callable[[], Json] = dict,
        on_end: Ended = lambda key, result: None,
    ) -> Json:
        """Fill every slot, each while it has a `place`; return what the report needs of this book.

        Raises BatchError when slots failed for good, and what `run` raises. What was made is in the ledger.
        """
        subjects = Subjects(self.book)
        by_rule = Rules(self.book, subjects)
        await asyncio.to_thread(lambda: (subjects.entities, subjects.themes, subjects.good_passages))
        open_slots = list(lay_out(self.book.id, self.order.num, self.order.kinds, self.order.seed))

        async def fill(slot: Slot) -> Json:
            async with place():
                return await self.fill(slot, subjects, by_rule)

        all_slots: list[Slot] = []
        made: dict[str, Item] = {}
        dropped: set[str] = set()
        for number in range(ROUNDS):
            slots = [replace(slot, round=number) for slot in open_slots]
            all_slots += slots
            await run(slots, fill, ledger, concurrency=concurrency, notes=notes, on_end=on_end)
            made = await asyncio.to_thread(_items, all_slots, ledger)
            keys, items = list(made), list(made.values())
            dropped = {keys[at] for at in await asyncio.to_thread(duplicates, items, self.embedder)}
            open_slots = [slot for slot in slots if slot.key not in made or slot.key in dropped]
            if not open_slots:
                break
        return _summary(self.book, subjects, all_slots, made, dropped, ledger)

    async def fill(self, slot: Slot, subjects: Subjects, by_rule: Rules) -> Json:
        """Write until something passes every filter; the result has the item, or none, and why others did not pass."""
        rejected: list[Reason] = []
        for attempt in range(TRIES):
            made = await self._try(slot, attempt, subjects, by_rule)
            if isinstance(made, Item):
                return {"item": to_json(made), "rejected": rejected}
            rejected.append(made)
        return {"item": None, "rejected": rejected}

    async def _try(self, slot: Slot, attempt: int, subjects: Subjects, by_rule: Rules) -> Item | Reason:
        """An item, or why what was written is none."""
        named: frozenset[str] = frozenset()
        if self.llm is None:
            draft = await asyncio.to_thread(by_rule.write, slot, attempt)
            if draft is None:
                return "no_passage"
        else:
            chosen = await asyncio.to_thread(subjects.choose, slot, attempt)
            if chosen is None:
                return "no_passage"
            subject, passages = chosen
            named = subject.words
            draft = await write(slot.kind, subject, passages, self.book, self.llm, self.embedder)
            if draft is None:
                return "unreadable"
        reason = await examine(draft, slot, named, self.book, self.llm)
        return reason or make_item(draft, slot.kind, self.book, self.order.provenance)


def _items(slots: Sequence[Slot], ledger: Ledger) -> dict[str, Item]:
    """The items made, by key in the order of the slots. Raises BatchError when slots are not done."""
    results = {slot.key: ledger.get(slot.key) for slot in slots}
    left = [key for key, result in results.items() if result is None]
    if left:
        raise BatchError(
            f"{len(left)} of {len(slots)} questions could not be made.", "The same command tries them again."
        )
    return {key: from_json(result["item"]) for key, result in results.items() if result and result["item"]}


def _summary(
    book: Book,
    subjects: Subjects,
    slots: Sequence[Slot],
    made: Mapping[str, Item],
    dropped: set[str],
    ledger: Ledger,
) -> Json:
    results = [ledger.get(slot.key) or {} for slot in slots]
    rejected = Counter(reason for result in results for reason in result["rejected"])
    if dropped:
        rejected["duplicate"] = len(dropped)
    return {
        "book": book.id,
        "title": book.title,
        "keys": [key for key in made if key not in dropped],
        "rejected": dict(sorted(rejected.items())),
        "entities": [one.name for one in subjects.entities[:10]],
    }
