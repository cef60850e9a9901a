"""Demonstrations recycled from the documents themselves (DOUBLE, arXiv 2406.13632).

k passages, one question and answer about each, made by a small model from that passage alone; in the prompt they
stand between the passages and the question, name their passage by number and give evidence before the answer.

Where this differs from the paper: its context is the whole input of 1,000 to 3,000 tokens, ours is what retrieval
found plus the demonstrated passages; passages are drawn among those of good text, not among all; a pair whose answer
the passage does not hold is thrown away; and a passage that the question may need is never demonstrated, so that no
answer is given away. Chains have no demonstrations: their workers see one stretch each.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from catena.agents.citations.support_check import support
from catena.agents.document_view import DocumentView
from catena.agents.extractive import sentence_ranking
from catena.agents.generative.markdown_sanitizer import neutral
from catena.agents.generative.prompt_passages import as_data
from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_parser import plain
from catena.errors import ModelError
from catena.llm.protocol import LLM, Message, chat
from catena.retrieval.sentences import sentences
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Passage, PassageKey

MIN_LIKELY, MAX_LIKELY = 3, 10
"""Of the passages shown a third, those nearest to the question, is never demonstrated; at least and at most so many."""
MIN_SENTENCES, MIN_WORDS, MIN_LETTERS = 2, 25, 0.75
"""What makes a passage good text; the last is the share of its characters that are letters or spaces."""
MAX_QUESTION, MAX_ANSWER = 40, 50
"""Words."""
MAX_REPLY = 160
"""Tokens."""
MAX_SHOWN = MAX_REPLY + 24
"""Tokens that a pair takes in a prompt, with its labels and number."""
TRIES = 3
"""How many more passages than wanted are tried, where a model writes no usable pair."""
_PAIR = re.compile(
    r"question[*_\s]{0,20}[:：](.{1,600}?)\n[*_#\s]{0,20}answer[*_\s]{0,20}[:：](.+?)(?:\n[ \t]*\n|\Z)",
    re.I | re.S,
)


@dataclass(frozen=True, slots=True)
class Demo:
    passage: Passage
    question: str
    answer: str


class DemoStore(Protocol):
    """Keeps texts by key until their documents are removed; a `Library` is one."""

    def get_call(self, key: str, /) -> str | None: ...
    def put_call(self, key: str, response: str, document_ids: Iterable[str], /) -> None: ...


class Demonstrator:
    """Makes demonstrations when they are first needed, and keeps them per document and model."""

    def __init__(self, llm: LLM, store: DemoStore) -> None:
        self._llm = llm
        self._store = store
        self._turn = asyncio.Lock()  # documents that are read at the same time take each other's pairs

    async def choose(
        self, num: int, view: DocumentView, excluded: Sequence[Collection[PassageKey]]
    ) -> list[Demo]:
        """Up to `num` demonstrations, in turn of the documents asked.

        `excluded` are passages that must not be demonstrated, the strictest collection first: another one is taken
        only while the ones before leave too few. Raises Stopped at a cap; a model that fails makes fewer.
        """
        found: dict[PassageKey, Demo] = {}
        ids = view.document_ids[:num]
        for keys, (at, document_id) in product(excluded, enumerate(ids)):
            wanted = num // len(ids) + (at < num % len(ids))
            have = sum(key[0] == document_id for key in found)
            if have < wanted:
                async with self._turn:
                    more = await self._of_document(document_id, wanted - have, view, {*keys, *found})
                found |= {demo.passage.key: demo for demo in more}
        return list(found.values())

    async def _of_document(
        self, document_id: str, num: int, view: DocumentView, excluded: Collection[PassageKey]
    ) -> list[Demo]:
        """The first `num` passages in the document's own random order that make a pair."""
        key = self._key(document_id, view)
        kept = _read(await asyncio.to_thread(self._store.get_call, key))
        passages = await asyncio.to_thread(lambda: list(_shuffled(document_id, view)))
        free = (one for one in passages if one.key not in excluded)
        good = (one for one in free if one.ordinal in kept or is_good(one, view))
        found: list[Demo] = []
        for _ in range(1 + TRIES):
            batch = [one for one, _ in zip(good, range(num - len(found)), strict=False)]
            new = [one for one in batch if one.ordinal not in kept]
            pairs = await asyncio.gather(*(self._make(one) for one in new))
            kept |= {one.ordinal: pair for one, pair in zip(new, pairs, strict=True)}
            if new:
                await asyncio.to_thread(self._store.put_call, key, json.dumps(kept), [document_id])
            found += [Demo(one, *pair) for one in batch if (pair := kept[one.ordinal])]
            if len(found) == num or not batch:
                break
        return found

    async def _make(self, passage: Passage) -> tuple[str, str] | None:
        """Ask for one pair; nothing if what comes cannot be used."""
        try:
            done = await self._llm.complete(messages(passage.text), max_tokens=MAX_REPLY, role="demo")
        except ModelError:
            return None
        return read_pair(done.text, passage.text)

    def num_kept(self, view: DocumentView) -> int:
        """Count the pairs made before, of all documents asked."""
        kept = [_read(self._store.get_call(self._key(one, view))) for one in view.document_ids]
        return sum(pair is not None for pairs in kept for pair in pairs.values())

    def _key(self, document_id: str, view: DocumentView) -> str:
        return f"demos {document_id} {view.document(document_id).parser_version} {self._llm.name}"


def messages(passage: str) -> list[Message]:
    """The prompt for one pair."""
    user = render("demo", passage=as_data(passage))
    return chat(render("demo_system"), user)


def read_pair(reply: str, passage: str) -> tuple[str, str] | None:
    """A question and an answer that the passage holds, each on one line; nothing else will do."""
    found = _PAIR.search(plain(reply))
    if not found:
        return None
    question, answer = (neutral(" ".join(re.sub(r"[\[\]*_`|]", "", part).split())) for part in found.groups())
    is_short = len(question.split()) <= MAX_QUESTION and 0 < len(answer.split()) <= MAX_ANSWER
    if (
        not is_short
        or not question.endswith(("?", "？"))
        or support(answer, [passage]) not in ("supported", "partial")
    ):
        return None
    return question, answer


def show(demos: Sequence[Demo], numbers: Mapping[PassageKey, int]) -> str:
    """The demonstrations as they stand in the prompt; those whose passage is not shown are left out."""
    shown = [(demo, numbers[demo.passage.key]) for demo in demos if demo.passage.key in numbers]
    return "\n\n".join(
        f"Question: {demo.question}\nEvidence: [{number}]\nAnswer: {demo.answer.rstrip('.')} [{number}]."
        for demo, number in shown
    )


def likely(question: str, passages: Sequence[Passage], view: DocumentView) -> set[PassageKey]:
    """The passages that share most with the question, by the rarity of its words."""
    wanted = query_terms(question)

    def share(passage: Passage) -> float:
        idf = view.rarity(passage.ref.document_id)
        return sentence_ranking.overlap(wanted, set(terms(f"{passage.header} {passage.text}")), idf)

    num = min(MAX_LIKELY, max(MIN_LIKELY, len(passages) // 3))
    best = sorted(passages, key=share, reverse=True)[:num]
    return {passage.key for passage in best}


def is_good(passage: Passage, view: DocumentView) -> bool:
    """Running text of two whole sentences or more: no table, no list of contents, no scraps."""
    page = view.text(passage.ref)
    whole = [
        page.text[start:end]
        for start, end in sentences(page, ("text",))
        if passage.start <= start and end <= passage.end
    ]
    held = [one for one in whole if len(one.split()) > 4 and one[-1] in '.!?。！？”"’']
    letters = sum(char.isalpha() or char.isspace() for char in passage.text)
    return (
        len(held) >= MIN_SENTENCES
        and sum(len(one.split()) for one in held) >= MIN_WORDS
        and letters >= MIN_LETTERS * len(passage.text)
    )


def _shuffled(document_id: str, view: DocumentView) -> Iterator[Passage]:
    """Uniformly at random, the same for the same document."""
    passages = view.passages(document_id)
    yield from random.Random(document_id).sample(passages, len(passages))


def _read(kept: str | None) -> dict[int, tuple[str, str] | None]:
    found: Mapping[str, Sequence[str] | None] = json.loads(kept) if kept else {}
    return {int(ordinal): (pair[0], pair[1]) if pair else None for ordinal, pair in found.items()}
