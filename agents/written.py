"""A language model reads numbered passages and writes; code finds what each sentence rests on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from catena.agents.desk import Desk
from catena.agents.grounding import Numbered, ground
from catena.agents.prompting import render
from catena.agents.reasoner import Draft, DraftStatement, Question
from catena.agents.replies import NOT_FOUND, Claim, Reply, read_reply
from catena.agents.room import Room, divide, too_small
from catena.agents.routing import asks_of_all, task_of
from catena.agents.showing import Shown, fit, found_passages
from catena.errors import ModelSilent
from catena.llm import LLM, Completion, Message, num_tokens
from catena.retrieval.embedder import Embedder
from catena.types import Evidence, Note, Passage, Segment, Span, Support

MAX_REPLY = {"answer": 1024, "list": 2048, "count": 2048, "summary": 2048}
"""Tokens kept for the reply, by task; of a small window a quarter."""
LEAST_PASSAGE = 8
"""No passage is shown in fewer tokens: a book need not be read to see that it does not fit."""
BEST_ONLY = "The question asks about the whole document; only the passages that fit it best were read."


class LLMReasoner:
    """One call a question: evidence first, then the answer. Its tools are none, its memory is the prompt."""

    notice = ""
    segment_words = 4000

    def __init__(self, llm: LLM, embedder: Embedder) -> None:
        self._llm = llm
        self._embedder = embedder
        self.name = llm.name

    async def whole(self, question: Question, desk: Desk) -> int | None:
        """Count the prompt with every passage in it, and the reply; nothing if they exceed the window."""
        room = await self._room(question)
        count = sum(desk.count_vectors(document_id)[1] for document_id in desk.document_ids)
        if count * LEAST_PASSAGE > room.text:
            return None
        shown = await asyncio.to_thread(lambda: fit(_all_passages(desk), desk, room.text))
        return None if shown.num_dropped else room.window - room.text + num_tokens(shown.text)

    async def read(self, question: Question, segment: Segment, note: Note, desk: Desk) -> Note:
        """Keep the passages, with how well their page fits: the writer reads all of them at once."""
        found = [
            Evidence(
                (Span(passage.ref, passage.start, passage.end),),
                passage.text,
                question.page_scores.get(passage.ref, 0.0),
            )
            for passage in segment.passages
        ]
        return Note("", (*note.evidence, *found))

    async def write(self, question: Question, note: Note, desk: Desk) -> Draft:
        """Ask the model once. Raises ModelError; OptionError when not one passage fits its window."""
        passages = await asyncio.to_thread(
            lambda: _all_passages(desk) if question.is_whole else found_passages(note, desk)
        )
        if not passages:
            return Draft((), confidence=0.0, pages=())
        room = await self._room(question)
        shown = await asyncio.to_thread(fit, passages, desk, room.text)
        if not shown.passages:
            raise too_small(self.name, room.window)
        done = await self._llm.complete(messages(question, shown.text), max_tokens=room.reply)
        reply = read_reply(done.text, range(1, len(shown.passages) + 1))
        if not reply.claims and not reply.denies:
            raise ModelSilent(f"{self.name} wrote no answer.", "Ask again, or take another model.")
        return await asyncio.to_thread(self._draft, question, shown, reply, done, desk)

    async def ask(self, question: Question, note: Note) -> str | None:
        """Look once only."""
        return None

    async def judge(self, statement: str, quotes: Sequence[str]) -> Support | None:
        """Leave it to the code's own checks."""
        return None

    async def _room(self, question: Question) -> Room:
        return divide(await self._llm.window(), MAX_REPLY[task_of(question.text)], 4, messages(question, ""))

    def _draft(self, question: Question, shown: Shown, reply: Reply, done: Completion, desk: Desk) -> Draft:
        warnings = [BEST_ONLY] if asks_of_all(question.text) and not question.is_whole else []
        if shown.num_dropped:
            warnings.append(
                f"{shown.num_dropped} of {shown.num_dropped + len(shown.passages)} passages found did not fit "
                f"the window of {self.name} and were not read."
            )
        if done.is_cut:
            warnings.append(f"{self.name} was cut short: its answer is longer than it may be.")
        statements = grounded(reply.claims, shown.sentences(desk), self._embedder)
        return Draft(
            statements,
            confidence=1.0 if statements else 0.0,
            warnings=tuple(warnings),
            model=done.who,
            pages=shown.pages,
        )


def messages(question: Question, passages: str) -> list[Message]:
    """The prompt of an answer from passages."""
    system = render("answer_system", form=form(question), not_found=NOT_FOUND)
    user = render("answer", passages=passages, question=one_line(question.text))
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def form(question: Question) -> str:
    """What the prompt says of the answer's form."""
    task = task_of(question.text)
    if task == "answer":
        return render("form_answer", max_sentences=str(question.options.max_sentences))
    return render(f"form_{task}")


def grounded(
    claims: Sequence[Claim], sentences: Sequence[Numbered], embedder: Embedder
) -> tuple[DraftStatement, ...]:
    """Each sentence of a reply with what it rests on."""
    return tuple(
        DraftStatement(claim.text, ground(claim.text, claim.numbers, sentences, embedder)) for claim in claims
    )


def one_line(text: str) -> str:
    return " ".join(text.split())


def _all_passages(desk: Desk) -> list[Passage]:
    return [passage for document_id in desk.document_ids for passage in desk.passages(document_id)]
