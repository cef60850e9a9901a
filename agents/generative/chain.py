"""A language model reads whole documents, one worker after another (Chain of Agents, arXiv 2406.02818).

Each worker sees its passages and the note of the worker before, and writes the note anew. The manager sees the last
note and the ledger of all that was ever noted. Passages keep one number through the whole run.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from catena.agents.citations.attribution import Numbered
from catena.agents.cost import call_estimate
from catena.agents.cost.prompt_sizes import Measured
from catena.agents.cost.token_usage import CallEstimate
from catena.agents.document_view import DocumentView
from catena.agents.generative import ledger
from catena.agents.generative.answer_prompts import MAX_REPLY
from catena.agents.generative.chain_prompts import judge_messages, manager_messages, worker_messages
from catena.agents.generative.context_budget import ContextBudget, Sizes, divide, too_small
from catena.agents.generative.prompt_passages import Shown, as_data, show
from catena.agents.generative.reply_outcomes import cut_short, declined, grounded, silent, unchecked_notice
from catena.agents.generative.reply_parser import Claim, Reply, plain, read_line, read_reply
from catena.agents.generative.worker_notes import read_note, write_note
from catena.agents.reasoner import Draft, DraftStatement, Question
from catena.agents.router import scope_of, task_of
from catena.agents.segments import Stretch
from catena.errors import ModelError
from catena.llm.protocol import LLM, Completion, OnText, num_tokens
from catena.retrieval.embedder import Embedder
from catena.types import Fact, Note, Passage

MAX_WINDOW = 16_384
"""Tokens of a window that are used: beyond, answers get no better (Chain of Agents, window sweep)."""
MAX_NOTE = 1024
"""Tokens of a note, and of the reply that writes it; of a small window an eighth each."""
HEAD = 8
"""Tokens of the line above an answer that is judged."""
SHORT_ANSWER = 5
"""Words up to which answers vote; longer ones are judged (Chain of Agents, table 8)."""
ANY_NUMBER = range(1, sys.maxsize)
_TOTAL = re.compile(r"^\W*(?:in all|total)\W+(\d+)\W*$", re.I)
_BEST = re.compile(r"\bbest\W{0,6}(?:answer\W{0,3})?(\d+)|^\W*(\d+)\W*$", re.I)


class LLMChain:
    """Workers and manager; `worker` may be a smaller model than the one that answers."""

    max_paths = 5

    def __init__(
        self,
        llm: LLM,
        embedder: Embedder,
        *,
        worker: LLM | None = None,
        max_note: int = MAX_NOTE,
        keeps_ledger: bool = True,
        on_text: OnText | None = None,
    ) -> None:
        """`max_note`: tokens of a note; `keeps_ledger=False` is the chain of the paper, to compare with.

        `on_text` gets the manager's answer as it is written.
        """
        self._on_text = on_text
        self._llm = llm
        self._worker = worker or llm
        self._embedder = embedder
        self._max_note = max_note
        self._keeps_ledger = keeps_ledger
        self._sizes: dict[str, Sizes] = {}

    async def sizes(self, question: Question) -> Sizes:
        """Divide a worker's window; the note's share is kept free whether or not it is filled."""
        if question.text not in self._sizes:
            self._sizes[question.text] = await self._divided(question)
        return self._sizes[question.text]

    async def _divided(self, question: Question) -> Sizes:
        window = min(await self._worker.window(), MAX_WINDOW)
        room = divide(window, MAX_NOTE, 8, worker_messages(question, "", "", MAX_NOTE))
        note = min(self._max_note, room.reply)
        return Sizes(window, room.text - note, note, room.reply)

    def scope(self, question: str) -> str | None:
        """Say which words ask about the whole document."""
        return scope_of(question)

    async def plan(self, question: Question, view: DocumentView) -> list[Stretch]:
        """Pack whole passages greedily (algorithm 2), with tokens left for the note and the reply."""
        sizes = await self.sizes(question)
        stretches = await asyncio.to_thread(_cut, view, sizes.passages)
        if not stretches:
            raise too_small(self._worker.name, sizes.window)
        return stretches

    async def work(self, question: Question, stretch: Stretch, note: Note, view: DocumentView) -> Note:
        """Let one worker read. Raises ModelError."""
        sizes = await self.sizes(question)
        shown = await asyncio.to_thread(
            lambda: _show(view.passages(stretch.document_id, stretch.ordinals), view)
        )
        if shown.num_tokens > sizes.passages:
            raise ModelError(f"Passage {shown.numbers[0]} alone exceeds the window of {self._worker.name}.")
        prompt = worker_messages(question, shown.text, note.text, sizes.reply)
        done = await self._worker.complete(prompt, max_tokens=sizes.reply, role="worker")
        known = {*shown.numbers, *_noted(note), *(fact.number for fact in note.ledger)}
        claims = read_note(done.text, known, is_cut=done.is_cut)
        if not claims:
            return note
        facts = note.ledger
        new = [claim for claim in claims if set(claim.numbers) & set(shown.numbers)]
        if self._keeps_ledger and new:
            facts = await asyncio.to_thread(self._add, facts, new, shown, view)
        return Note(write_note(claims, sizes.note), ledger=facts)

    async def manage(self, question: Question, note: Note, view: DocumentView) -> Draft:
        """Answer from the last note and the ledger; what must be complete is asked in as many parts as needed.

        Raises ModelError.
        """
        if not note.text and not note.ledger:
            return Draft(())
        task = task_of(question.text)
        room = await self._manager_room(question)
        budget = room.text - num_tokens(note.text)
        noted = _noted(note)
        if task in ("list", "count"):
            parts = ledger.batches(note.ledger, budget)[: ledger.MAX_PARTS]
        else:
            parts = [ledger.best(note.ledger, question.text, noted, view, budget)]
        prompts = [manager_messages(question, ledger.show(part), note.text) for part in parts]
        on_text = self._on_text if len(prompts) == 1 else None  # pieces of several would mix
        done = await asyncio.gather(
            *(
                self._llm.complete(one, max_tokens=room.reply, role="manager", on_text=on_text)
                for one in prompts
            )
        )
        known = {*noted, *(fact.number for fact in note.ledger)}
        shown = "\n".join(prompt[-1]["content"] for prompt in prompts)
        replies = [read_reply(one.text, known, shown) for one in done]
        if not any(reply.claims or reply.denies or reply.declines for reply in replies):
            raise silent(done[0], self._llm.name)
        if not any(reply.claims for reply in replies) and any(reply.declines for reply in replies):
            return declined(done[0], self._llm.name)
        sentences = await asyncio.to_thread(self._sentences, note, view)
        draft = await asyncio.to_thread(self._draft, task, replies, done, sentences)
        left_out = len(note.ledger) - sum(len(part) for part in parts)
        return _with_warning(draft, left_out, len(note.ledger))

    def gather(self, question: Question, note: Note, view: DocumentView) -> Draft:
        """Gather what workers said, the nearest to the question first, as many as the answer may have sentences."""
        is_all = task_of(question.text) != "answer"
        facts = ledger.best(note.ledger, question.text, _noted(note), view, MAX_WINDOW)
        chosen = facts if is_all else facts[: question.options.max_sentences]
        return Draft(tuple(DraftStatement(fact.claim, (fact.evidence,)) for fact in chosen))

    async def decide(self, question: Question, drafts: Sequence[Draft]) -> int:
        """Let short answers vote; let the model judge others, or where no answer has most votes."""
        texts = [_plain(draft) for draft in drafts]
        (first, votes), *others = Counter(texts).most_common()
        if len(texts) == votes or (_are_short(texts) and (not others or others[0][1] < votes)):
            return texts.index(first)
        room = await self._judge_room(question)
        share = room.text // len(drafts) - HEAD
        answers = "\n\n".join(f"Answer {n}:\n{_for_judge(draft, share)}" for n, draft in enumerate(drafts, 1))
        done = await self._llm.complete(
            judge_messages(question, answers), max_tokens=room.reply, role="judge"
        )
        return read_choice(done.text, len(drafts))

    async def foresee_reading(self, question: Question, measured: Measured) -> list[CallEstimate]:
        """Count the calls of workers, managers and judge."""
        sizes = await self.sizes(question)
        return call_estimate.chain(
            question,
            len(await asyncio.to_thread(measured.segments, sizes.passages)),
            measured.total,
            sizes,
            (await self._manager_room(question), await self._judge_room(question)),
            (self._llm, self._worker),
        )

    async def _manager_room(self, question: Question) -> ContextBudget:
        window = min(await self._llm.window(), MAX_WINDOW)
        return divide(window, MAX_REPLY[task_of(question.text)], 4, manager_messages(question, "", ""))

    async def _judge_room(self, question: Question) -> ContextBudget:
        return divide(min(await self._llm.window(), MAX_WINDOW), 64, 8, judge_messages(question, ""))

    def _add(
        self, facts: Sequence[Fact], new: Sequence[Claim], shown: Shown, view: DocumentView
    ) -> tuple[Fact, ...]:
        return ledger.add(facts, new, shown.sentences(view), self._embedder)

    def _sentences(self, note: Note, view: DocumentView) -> list[Numbered]:
        """Sentences that the answer can rest on: the ledger, without one the passages that the note names."""
        if self._keeps_ledger:
            return ledger.sentences(note.ledger)
        return _show(view.numbered(_noted(note)), view).sentences(view)

    def _draft(
        self, task: str, replies: Sequence[Reply], done: Sequence[Completion], sentences: Sequence[Numbered]
    ) -> Draft:
        claims = tuple({claim.text: claim for reply in replies for claim in reply.claims}.values())
        is_count = task == "count"
        listed = [claim for claim in claims if not (is_count and _TOTAL.match(claim.text))]
        statements = grounded(listed, sentences, self._embedder)
        if is_count and statements:
            statements = (*statements, _total(statements))
        cut = [one for one in done if one.is_cut][:1]
        warnings = [cut_short(one, self._llm.name) for one in cut]
        return Draft(
            statements,
            warnings=(*warnings, *unchecked_notice(statements)),
            model=done[0].who,
        )


def read_choice(reply: str, num_answers: int) -> int:
    """The index of the answer that a judge names last; the first where it names none."""
    found = [int(one[1] or one[2]) - 1 for one in _BEST.finditer(plain(reply))]
    return next((best for best in reversed(found) if 0 <= best < num_answers), 0)


def _show(passages: Sequence[Passage], view: DocumentView) -> Shown:
    """Show passages with the numbers that they have through the whole run."""
    return show(passages, [view.number(passage) for passage in passages], view)


def _cut(view: DocumentView, budget: int) -> list[Stretch]:
    """The documents as stretches; nothing if not one passage fits."""
    measured = Measured(view)
    fits = any(size <= budget for size in measured.tokens)
    return [Stretch.of(segment) for segment in measured.segments(budget)] if fits else []


def _noted(note: Note) -> set[int]:
    """The passages that a note names: they were checked when it was written."""
    return {number for line in note.text.splitlines() for number in read_line(line, ANY_NUMBER).numbers}


def _total(listed: Sequence[DraftStatement]) -> DraftStatement:
    """Code counts what the model lists: models count badly."""
    is_proved = all(one.evidence for one in listed)
    return DraftStatement(f"In all: {len(listed)}", (), "supported" if is_proved else "partial")


def _with_warning(draft: Draft, num_left_out: int, num_facts: int) -> Draft:
    if not num_left_out:
        return draft
    warning = f"{num_left_out} of {num_facts} facts noted did not fit the last prompt and were not shown."
    return replace(draft, warnings=(*draft.warnings, warning))


def _plain(draft: Draft) -> str:
    """An answer in a form that equal answers share."""
    words = re.findall(r"\w+", " ".join(one.text for one in draft.statements).casefold())
    return " ".join(word for word in words if word not in ("the", "a", "an"))


def _are_short(texts: Sequence[str]) -> bool:
    return all(len(text.split()) <= SHORT_ANSWER for text in texts)


def _for_judge(draft: Draft, budget: int) -> str:
    """An answer and the quotes under it, as many lines as fit."""
    lines = [f"| {statement.text}" for statement in draft.statements] or ["| (the text does not say)"]
    quotes = dict.fromkeys(one.text for statement in draft.statements for one in statement.evidence)
    lines += ["rests on:", *(as_data(" ".join(quote.split())) for quote in quotes)] if quotes else []
    kept = []
    for line in lines:
        budget -= num_tokens(f"{line}\n")
        if budget < 0:
            break
        kept.append(line)
    return "\n".join(kept)
