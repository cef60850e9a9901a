"""A set in the forms that others read: one JSON record a line, loadable with `datasets.load_dataset("json", …)`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Literal, Protocol, get_args

from catena.bookqa.arena import Responses
from catena.bookqa.games import Game
from catena.bookqa.items import Item
from catena.bookqa.rule_judge import marks, options
from catena.errors import OptionError
from catena.types import Page, PageRef, Passage

Format = Literal["messages", "dpo", "squad", "ragas", "lciteeval", "longbench"]
FORMATS: tuple[Format, ...] = get_args(Format)
FILES: dict[Format, str] = {"lciteeval": "narrativeqa.jsonl"}
"""L-CiteEval's loaders tell the task by the file's name: NarrativeQA is its questions about books."""
GOLD = "item"
"""Whose answer is chosen where both systems were wrong."""
Record = dict[str, Any]


class Books(Protocol):
    """Source of the books' texts: a `Library` is one."""

    def page(self, ref: PageRef, /) -> Page: ...
    def pages(self, document_id: str, /) -> Iterable[Page]: ...
    def passages(self, document_id: str, /) -> Iterable[Passage]: ...


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Results of an arena for a set: who answered what, and who won; `dpo` is made of it, and `ragas` names a reply."""

    responses: Responses
    games: Sequence[Game]
    best: str = ""
    """The system whose replies `ragas` takes."""


def records(
    items: Iterable[Item], format: Format, books: Books, outcomes: Outcomes | None = None
) -> Iterator[Record]:
    """Yield the records of a set, in the order of its items; some formats leave items out, see the data card.

    Raises OptionError where `dpo` has no outcomes, DocumentNotFound where a book that is needed is not there.
    """
    if format == "dpo":
        if outcomes is None:
            raise OptionError(
                "Preferences come from an arena, and none was given.", "Give its folder: --runs FOLDER."
            )
        yield from _preferences(items, outcomes)
        return
    make: dict[str, Callable[[Item], Record | None]] = {
        "messages": _messages,
        "squad": lambda item: _squad(item, books),
        "ragas": lambda item: _ragas(item, outcomes),
        "lciteeval": lambda item: _lciteeval(item, books),
        "longbench": lambda item: _longbench(item, books),
    }
    yield from (record for item in items if (record := make[format](item)) is not None)


def _messages(item: Item) -> Record:
    """A chat as TRL and OpenAI's fine-tuning take it: the answer is learnt with its quotes, none of which is shown."""
    quotes = "\n".join(f"> {one.quote} (p. {one.parts[0].ref.number})" for one in item.citations)
    reply = f"{item.reply}\n\n{quotes}" if quotes else item.reply
    return {"id": item.id, "messages": [_asked(item), {"role": "assistant", "content": reply}]}


def _asked(item: Item) -> dict[str, str]:
    return {"role": "user", "content": f"About “{item.title}”: {item.question}"}


def _preferences(items: Iterable[Item], outcomes: Outcomes) -> Iterator[Record]:
    """A record for each game that somebody won, in TRL's conversational form; what is chosen is right.

    Where the winner was wrong too, only better, the item's own answer is chosen.
    """
    by_item: dict[str, list[Game]] = {}
    for game in outcomes.games:
        if game.verdict != "tie":
            by_item.setdefault(game.item, []).append(game)
    for item in items:
        for game in by_item.get(item.id, ()):
            names = (game.first, game.second)
            winner, loser = names if game.verdict == "first" else names[::-1]
            won, lost = (outcomes.responses[name][item.id] for name in (winner, loser))
            is_right = marks(item, won).is_right
            if marks(item, lost).is_right and not is_right:
                continue  # the judge saw what the rules do not, or was wrong: nothing is learnt from either
            chosen = won.text if is_right else item.reply
            if chosen != lost.text:
                yield {
                    "id": f"{item.id}-{winner}-{loser}",
                    "prompt": [_asked(item)],
                    "chosen": [{"role": "assistant", "content": chosen}],
                    "rejected": [{"role": "assistant", "content": lost.text}],
                    "chosen_system": winner if is_right else GOLD,
                    "rejected_system": loser,
                }


def _squad(item: Item, books: Books) -> Record:
    """SQuAD 2.0: pages of the evidence as context; the answer where a quote holds it word for word, else the quotes.

    Without evidence there is no context to be wrong about, so a question that cannot be answered has an empty one.
    """
    refs = sorted({part.ref for citation in item.citations for part in citation.parts})
    texts = {ref: books.page(ref).text for ref in refs}
    begins = dict(zip(refs, accumulate([len(texts[ref]) + 1 for ref in refs], initial=0), strict=False))
    context = "\n".join(texts.values())
    spans = [
        (begins[part.ref] + part.start, begins[part.ref] + part.end)
        for citation in item.citations
        for part in citation.parts
    ]
    placed = _answers(item, context, spans)
    return {
        "id": item.id,
        "title": item.title,
        "context": context,
        "question": item.question,
        "answers": {
            "text": [context[start:end] for start, end in placed],
            "answer_start": [start for start, _ in placed],
        },
        "is_impossible": not item.is_answerable,
    }


def _answers(item: Item, context: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Find the answer's place in the evidence: the sentence chosen, the answer's own words, or all quotes."""
    offered = options(item)
    wanted = offered[item.answer.strip("()")] if offered else item.answer
    whole = re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)")
    found = [
        inside.span() for start, end in spans if wanted and (inside := whole.search(context, start, end))
    ]
    return found[:1] or list(spans)


def _ragas(item: Item, outcomes: Outcomes | None) -> Record:
    """Ragas' single-turn sample; with an arena, its best system's reply and quotes."""
    record: Record = {
        "user_input": item.question,
        "reference": item.reply,
        "reference_contexts": [citation.quote for citation in item.citations],
    }
    response = outcomes.responses[outcomes.best].get(item.id) if outcomes and outcomes.best else None
    if response is not None:
        record |= {"response": response.text, "retrieved_contexts": list(response.quotes)}
    return record


def _lciteeval(item: Item, books: Books) -> Record:
    """L-CiteEval: the book as numbered passages; `evidence` numbers those that hold the quotes, from 1."""
    passages = sorted(books.passages(item.book), key=lambda passage: passage.ordinal)
    parts = [part for citation in item.citations for part in citation.parts]
    evidence = [
        number
        for number, passage in enumerate(passages, 1)
        if any(part.ref == passage.ref and passage.start <= part.start < passage.end for part in parts)
    ]
    docs = [passage.text for passage in passages]
    return {
        "id": item.id,
        "question": item.question,
        "answer": [item.reply],
        "docs": docs,
        "length": sum(len(text.split()) for text in docs),
        "evidence": evidence,
    }


def _longbench(item: Item, books: Books) -> Record:
    """LongBench: the whole book in one field."""
    context = "\n\n".join(page.text for page in books.pages(item.book))
    return {
        "input": item.question,
        "context": context,
        "answers": [item.reply],
        "length": len(context.split()),
        "dataset": "catena_bookqa",
        "language": "en",
        "all_classes": None,
        "_id": item.id,
    }
