"""A model writes one question and answer from numbered passages; code finds the quotes that the answer rests on, where
they stand, and how much of the book must be read for them."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from catena.agents.citations.attribution import Attributor, Numbered
from catena.agents.citations.citation import cite_all
from catena.agents.citations.support_check import support
from catena.agents.generative.markdown_sanitizer import neutral
from catena.agents.generative.prompt_passages import show
from catena.agents.generative.prompt_templates import render
from catena.agents.generative.reply_parser import Claim, plain, read_reply
from catena.bookqa.book import Book
from catena.bookqa.item_slots import TENTHS, tenth
from catena.bookqa.items import NOT_SAID, Difficulty, Item, ItemKind, Provenance, Scope, item_id
from catena.bookqa.subjects import Subject
from catena.llm.protocol import LLM, Message, chat
from catena.retrieval.embedder import Embedder
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Citation, Evidence, Passage

FOLDER = Path(__file__).parent / "prompts"
MAX_REPLY = 400
"""Tokens of a question with its answer."""
MAX_QUESTION = 60
"""Words."""
SECTION = 0.1
"""Share of the book within which evidence is of one section."""
_QUESTION = re.compile(
    r"^[*_#> \t]*question[*_ \t]*[:：][*_ \t]*(?P<text>.+?)(?=^[*_#> \t]*(?:answer|evidence)\b|\Z)",
    re.I | re.M | re.S,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """Draft of an item; without citations nothing in the book was found for it."""

    question: str
    answer: str
    citations: tuple[Citation, ...]


@cache
def prompts_version() -> str:
    """A hash of all prompts of this folder: items made with other words say so."""
    texts = [path.read_bytes() for path in sorted(FOLDER.glob("*.md"))]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:12]


def messages(kind: ItemKind, subject: Subject, shown: str) -> list[Message]:
    """The prompt for one question."""
    slots = {} if kind == "local" else {"subject": subject.name}
    user = render("question", FOLDER, passages=shown, task=render(kind, FOLDER, **slots))
    return chat(render("question_system", FOLDER), user)


async def write(
    kind: ItemKind, subject: Subject, passages: Sequence[Passage], book: Book, llm: LLM, embedder: Embedder
) -> Draft | None:
    """Ask for one question; nothing where the reply holds none. Raises ModelError and Stopped."""
    shown = show(passages, range(1, len(passages) + 1), book.view)
    done = await llm.complete(messages(kind, subject, shown.text), max_tokens=MAX_REPLY, role="question")
    read = read_question(done.text, len(passages))
    if read is None:
        return None
    question, claims = read
    if kind == "unanswerable":
        return Draft(question, "", ())
    evidence = await asyncio.to_thread(quotes, claims, shown.sentences(book.view), embedder)
    citations, _ = cite_all(evidence, book.view)
    found = tuple(one for one in citations if one.status == "verified")
    # A claim that rests on nothing would be an answer without evidence.
    return Draft(question, " ".join(claim.text for claim in claims), found if all(evidence) else ())


def read_question(reply: str, num_passages: int) -> tuple[str, tuple[Claim, ...]] | None:
    """The question on one line, and the sentences of its answer with the passages that each names."""
    reply = plain(reply)
    found = _QUESTION.search(reply)
    if found is None:
        return None
    question = neutral(" ".join(re.sub(r"\[[\d,\s–-]*\]|[*_`|]", "", found["text"]).split()))
    read = read_reply(reply[: found.start()] + "\n" + reply[found.end() :], range(1, num_passages + 1))
    claims = tuple(Claim(one.text, one.numbers or read.evidence) for one in read.claims)
    if (
        not question.endswith(("?", "？"))
        or len(question.split()) > MAX_QUESTION
        or not (claims or read.denies)
    ):
        return None
    return question, claims


def quotes(
    claims: Sequence[Claim], shown: Sequence[Numbered], embedder: Embedder
) -> list[tuple[Evidence, ...]]:
    """By claim, the sentences that support it. Embedding them takes a core for a while: never in the event loop."""
    return [quote(claim, shown, embedder) for claim in claims]


def quote(claim: Claim, shown: Sequence[Numbered], embedder: Embedder) -> tuple[Evidence, ...]:
    """The sentences of the named passages that support a claim; where its words do not tell, as answers are cited."""
    wanted = set(query_terms(claim.text))
    named = [one.candidate for one in shown if one.number in claim.numbers]
    ranked = sorted(named, key=lambda one: -len(wanted & set(terms(one.text))))
    for candidate in ranked[:1]:
        if support(claim.text, [candidate.text]) == "supported":
            return (candidate.evidence,)
    return Attributor(shown, embedder).find(claim.text, claim.numbers)


def make_item(draft: Draft, kind: ItemKind, book: Book, provenance: Provenance) -> Item:
    """Tag a draft with scope, diffusion, span and position of its evidence, and with a difficulty by rule."""
    places = [book.place(citation) for citation in draft.citations]
    shares = [round(at, 4) for _, at in places]
    span = (min(shares), max(shares)) if shares else None
    scope = _scope(len({passage for passage, _ in places}), span)
    tenths = {tenth(at) for at in shares}
    return Item(
        id=item_id(book.id, kind, draft.question),
        book=book.id,
        title=book.title,
        kind=kind,
        question=draft.question,
        answer=draft.answer if draft.citations else NOT_SAID,
        difficulty=_difficulty(scope, shares),
        is_answerable=bool(draft.citations),
        citations=draft.citations,
        scope=scope,
        diffusion=len(tenths) / TENTHS,
        span=span,
        position=round(sum(shares) / len(shares), 4) if shares else None,
        provenance=provenance,
        places=tuple(shares),
    )


def _scope(num_passages: int, span: tuple[float, float] | None) -> Scope:
    if span is None:
        return "none"
    if num_passages == 1:
        return "passage"
    return "section" if span[1] - span[0] <= SECTION else "book"


def _difficulty(scope: Scope, shares: Sequence[float]) -> Difficulty:
    """One place is easy to look up, that there is none hard to know; else by how many places there are."""
    if scope == "passage":
        return "easy"
    return "hard" if scope == "none" or len(shares) > 2 else "medium"
