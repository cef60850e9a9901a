"""A set in the forms that others read: one JSON record a line, loadable with `datasets.load_dataset("json", …)`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

from catena.agents.bookqa.arena import Responses
from catena.agents.bookqa.games import Game
from catena.agents.bookqa.items import Item
from catena.errors import OptionError
from catena.types import Page, PageRef, Passage

Format = Literal["messages", "dpo", "squad", "ragas", "lciteeval", "longbench"]
FORMATS: tuple[Format, ...] = get_args(Format)
FILES: dict[Format, str] = {"lciteeval": "narrativeqa.jsonl"}
"""L-CiteEval's loaders tell the task by the file's name: NarrativeQA is its questions about books."""
Record = dict[str, Any]


class Books(Protocol):
    """Where the texts of the books are: a `Library` is one."""

    def page(self, ref: PageRef, /) -> Page: ...
    def pages(self, document_id: str, /) -> Iterable[Page]: ...
    def passages(self, document_id: str, /) -> Iterable[Passage]: ...


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What an arena adds to a set: who answered what, and who won; `dpo` is made of it, and `ragas` names a reply."""

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
    """A chat as TRL and OpenAI's fine-tuning take it: the quotes are shown, the answer is learnt."""
    return {"id": item.id, "messages": [_asked(item), {"role": "assistant", "content": item.reply}]}


def _asked(item: Item) -> dict[str, str]:
    quotes = "\n".join(f"> {citation.quote}" for citation in item.citations)
    shown = f"From “{item.title}”:\n\n{quotes}\n\n" if quotes else f"About “{item.title}”: "
    return {"role": "user", "content": shown + item.question}


def _preferences(items: Iterable[Item], outcomes: Outcomes) -> Iterator[Record]:
    """A record for each game that somebody won, in TRL's conversational form."""
    by_item: dict[str, list[Game]] = {}
    for game in outcomes.games:
        if game.verdict != "tie":
            by_item.setdefault(game.item, []).append(game)
    for item in items:
        for game in by_item.get(item.id, ()):
            names = (game.first, game.second)
            winner, loser = names if game.verdict == "first" else names[::-1]
            chosen, rejected = (outcomes.responses[name][item.id].text for name in (winner, loser))
            if chosen != rejected:
                yield {
                    "id": f"{item.id}-{winner}-{loser}",
                    "prompt": [{"role": "user", "content": f"About “{item.title}”: {item.question}"}],
                    "chosen": [{"role": "assistant", "content": chosen}],
                    "rejected": [{"role": "assistant", "content": rejected}],
                    "chosen_system": winner,
                    "rejected_system": loser,
                }


def _squad(item: Item, books: Books) -> Record:
    """SQuAD 2.0: pages of the evidence as context; the answer if it stands there word for word, else the quotes.

    Without evidence there is no context to be wrong about, so a question that cannot be answered has an empty one.
    """
    context = "\n".join(books.page(ref).text for ref in _pages(item))
    found = context.find(item.answer) if item.answer else -1
    texts = [item.answer] if found >= 0 else [citation.quote for citation in item.citations]
    placed = [(text, context.find(text)) for text in texts]
    return {
        "id": item.id,
        "title": item.title,
        "context": context,
        "question": item.question,
        "answers": {
            "text": [text for text, at in placed if at >= 0],
            "answer_start": [at for _, at in placed if at >= 0],
        },
        "is_impossible": not item.is_answerable,
    }


def _pages(item: Item) -> list[PageRef]:
    return sorted({part.ref for citation in item.citations for part in citation.parts})


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
