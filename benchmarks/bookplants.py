"""Good and bad items, planted by code that shares nothing with the filters, and what the filters make of each."""

from __future__ import annotations

import random
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from catena.agents.citations.citation import cite
from catena.benchmarks.novels import write_novel
from catena.bookqa.book import Book, Sentence
from catena.bookqa.book_set_runs import LibraryBook
from catena.bookqa.item_filters import duplicates, examine
from catena.bookqa.item_slots import Slot
from catena.bookqa.item_writer import Draft, make_item
from catena.bookqa.items import ItemKind, Provenance
from catena.client import Catena
from catena.llm_factory import LLMFactory
from catena.options import Limits
from catena.retrieval.embedder import MiniLM
from catena.settings import load_settings
from catena.testing import StubModel

MODEL = "openai/stub"
RULES = "catena.benchmarks.bookwriter:reply"
NUM_PARAGRAPHS = 400
_TOLD = re.compile(r"(\w+) the (\w+) (\w+) (\w+) before number (\d+) of the old road\.$")
Outcomes = dict[str, tuple[str, Counter[str]]]
"""By what was planted, the reason it should be thrown away for, and what happened how often; "" is kept."""


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of the novel, taken apart."""

    sentence: Sentence
    verb: str
    thing: str
    adverb: str


@dataclass(frozen=True, slots=True)
class Plant:
    name: str
    reason: str
    draft: Draft
    slot: Slot


async def planted(num: int) -> Outcomes:
    """Plant `num` of each sort in a made-up novel and let the filters look at them."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "novel.md"
        path.write_text(write_novel(NUM_PARAGRAPHS, 1), "utf-8")
        with Catena(home=Path(name) / "home") as catena:
            book = LibraryBook(catena, str(path)).open()
            plants = _plants(book, num)
            known = {one.draft.question: one.draft.answer for one in plants if one.name == "closed book"}
            with StubModel(rules=RULES, options={"known": known}) as stub:
                settings = load_settings(home=Path(name) / "home", model=MODEL, api_base=stub.url)
                llm = LLMFactory(settings, catena.library.history).open(MODEL, [book.id], Limits()).answering
                outcomes: Outcomes = {}
                for one in plants:
                    reason = await examine(one.draft, one.slot, frozenset(), book, llm)
                    outcomes.setdefault(one.name, (one.reason, Counter()))[1][reason or ""] += 1
    return outcomes | _repeated(plants, book)


def _plants(book: Book, num: int) -> list[Plant]:
    drawn = random.Random(1)
    told = [_take_apart(one) for one in book.sentences if _TOLD.search(one.text)]
    half = len(told) // 2
    found = []
    for number in range(num):
        early, late = drawn.choice(told[: half - 50]), drawn.choice(told[half + 50 :])
        both = f"the {early.thing} and, much later, to the {late.thing}"
        answer = f"{early.sentence.text} {late.sentence.text}"
        citations = tuple(cite(one.sentence.evidence, book.view) for one in (early, late))
        good = Draft(f"What was done to {both}?", answer, citations)
        slot = _slot(book, number, "facts", early, late)
        easy = f"Who {early.verb} the {early.thing} {early.adverb}?"
        found += [
            Plant("good", "", good, slot),
            Plant("closed book", "closed_book", replace(good, question=f"What befell {both}?"), slot),
            Plant("leak", "gives_away", replace(good, question=f"Is it true: {answer}?"), slot),
            Plant("one passage", "one_passage", Draft(easy, early.sentence.text, citations), slot),
            Plant("no evidence", "no_evidence", replace(good, citations=()), slot),
            Plant(
                "answerable after all", "answerable", Draft(easy, "", ()), _slot(book, number, "unanswerable")
            ),
            Plant(
                "unanswerable",
                "",
                Draft(f"What did the telegram about the {early.thing[::-1]} cost?", "", ()),
                _slot(book, number, "unanswerable"),
            ),
        ]
    return found


def _repeated(plants: Sequence[Plant], book: Book) -> Outcomes:
    """Each good item once more in other words: of the two one must go. The good ones alone must all stay."""
    good = [one for one in plants if one.name == "good"]
    again = [replace(one, draft=replace(one.draft, question=_reworded(one.draft.question))) for one in good]
    made = [
        make_item(one.draft, one.slot.kind, book, Provenance(MODEL, "planted", 1)) for one in (*good, *again)
    ]
    thrown = set(duplicates(made, MiniLM()))
    first = Counter("duplicate" if place in thrown else "" for place in range(len(good)))
    second = Counter("duplicate" if {place, place + len(good)} & thrown else "" for place in range(len(good)))
    return {"good, beside each other": ("", first), "duplicate": ("duplicate", second)}


def _reworded(question: str) -> str:
    first, second = re.findall(r"the (\w+ \w+)", question)
    return f"Tell what happened to the {first}, and what happened to the {second} a good while after?"


def _take_apart(sentence: Sentence) -> Told:
    match = _TOLD.search(sentence.text)
    assert match is not None, "it was chosen by that"
    return Told(sentence, match[1], f"{match[2]} {match[3]}", match[4])


def _slot(book: Book, number: int, kind: ItemKind, *told: Told) -> Slot:
    tenths = tuple(sorted({min(9, int(10 * one.sentence.at)) for one in told}))
    return Slot(book.id, 0, number, kind, tenths, 1)
