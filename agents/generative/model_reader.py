"""A language model reads numbered passages and writes; code finds what each sentence rests on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from catena.agents.cost import call_estimate
from catena.agents.cost.call_estimate import Answering
from catena.agents.cost.prompt_sizes import Measured, Search
from catena.agents.cost.token_usage import CallEstimate
from catena.agents.document_view import DocumentView
from catena.agents.extractive.comparison import asks_of_each
from catena.agents.extractive.extractive_reader import ExtractiveReasoner
from catena.agents.generative import demonstrations, ledger, multi_document, passage_filter, support_judge
from catena.agents.generative.answer_prompts import MAX_REPLY, form, messages
from catena.agents.generative.brief_answer import MAX_REPLY as BRIEF_REPLY
from catena.agents.generative.brief_answer import answer_in_few_words, asks_for_fact, brief_messages
from catena.agents.generative.context_budget import ContextBudget, divide, too_small
from catena.agents.generative.demonstrations import Demo, Demonstrator, DemoStore
from catena.agents.generative.passage_filter import sift
from catena.agents.generative.prompt_passages import (
    LARGEST_NUMBER,
    Shown,
    fit,
    found_passages,
    likeliest,
    sizes,
)
from catena.agents.generative.query_expansion import rewrite
from catena.agents.generative.question_rewriting import Turn, self_contained
from catena.agents.generative.reply_outcomes import cut_short, declined, grounded, read, unchecked_notice
from catena.agents.generative.reply_parser import Reply
from catena.agents.reasoner import Draft, DraftStatement, Question
from catena.agents.router import asks_of_all, task_of
from catena.llm.protocol import LLM, Completion, OnText
from catena.retrieval.embedder import Embedder
from catena.types import Evidence, Note, PageRef, Passage, PassageKey, Segment, Span, Support

LEAST_PASSAGE = 8
"""No passage is shown in fewer tokens: a book need not be read to see that it does not fit."""
BEST_ONLY = "The question asks about the whole document; only the passages that fit it best were read."


class LLMReasoner:
    """One call a question: evidence first, then the answer. Its tools are none, its memory is the prompt.

    More calls only where they are asked for (searches, demonstrations, verdicts), where what was found does not fit
    one prompt, and where a question compares documents.
    """

    notice = ""
    segment_words = 4000

    def __init__(
        self,
        llm: LLM,
        embedder: Embedder,
        *,
        small: LLM | None = None,
        store: DemoStore | None = None,
        on_text: OnText | None = None,
        least_reply: int = 0,
        most_shown: int = 0,
    ) -> None:
        """`small` makes demonstrations and filters passages, `store` keeps them; `on_text` gets the answer as it comes.

        `least_reply`: tokens that a reply may take at least, for models that think first. `most_shown`: tokens of
        passages that one prompt has at most, for models that read slowly; 0: what fits.
        """
        self._llm = llm
        self._small = small or llm
        self._embedder = embedder
        self._demonstrator = None if store is None else Demonstrator(self._small, store)
        self._on_text = on_text
        self._least_reply = least_reply
        self._most_shown = most_shown
        self.name = llm.name

    async def whole(self, question: Question, view: DocumentView) -> int | None:
        """Count the prompt with every passage in it, and the reply; nothing if they exceed the window, or if the
        best passages will do: a small model that is asked for a fact.
        """
        if self._asks_for_few_words(question):
            return None
        room = await self._room(question)
        count = sum(view.num_passages(document_id) for document_id in view.document_ids)
        if count * LEAST_PASSAGE > room.text:
            return None
        total = await asyncio.to_thread(_total, view, room.text)
        return None if total is None else room.window - room.text + total

    async def understand(self, question: str, turns: Sequence[Turn], view: DocumentView) -> str:
        """Let the model say what a follow-up means."""
        return await self_contained(question, turns, self._small)

    async def rewrite(self, question: Question) -> list[str]:
        """Ask the model for other searches."""
        return await rewrite(question.text, self._small)

    async def read(self, question: Question, segment: Segment, note: Note, view: DocumentView) -> Note:
        """Keep the passages, a page's best first, with how well their page fits: the writer reads them at once."""
        ranks = question.passage_ranks
        order = sorted(segment.passages, key=lambda one: ranks.get(one.key, len(ranks)))
        found = [
            Evidence(
                (Span(passage.ref, passage.start, passage.end),),
                passage.text,
                question.page_scores.get(passage.ref, 0.0),
            )
            for passage in order
        ]
        return Note("", (*note.evidence, *found))

    async def write(self, question: Question, note: Note, view: DocumentView) -> Draft:
        """Ask the model once, or of each document and then of all.

        Raises ModelError; OptionError when not one passage fits its window.
        """
        if self._on_text:
            self._on_text("")  # what was written before one more search
        passages = await asyncio.to_thread(
            lambda: _all_passages(view) if question.is_whole else found_passages(note, view)
        )
        if not question.is_whole and asks_of_each(question.text, view.document_ids):
            return await self._write_of_each(question, passages, view)
        return await self._answer(question, passages, view, on_text=self._on_text)

    async def judge(self, statement: str, quotes: Sequence[str]) -> Support | None:
        """Ask the model whether the quotes support a statement."""
        return await support_judge.judge(statement, quotes, self._llm)

    async def foresee(
        self, question: Question, view: DocumentView, measured: Measured, search: Search | None
    ) -> list[CallEstimate]:
        """Count the calls that answer from what is found or from all at once, or that check what a chain answers."""
        await asyncio.to_thread(lambda: measured.tokens)
        is_counted = self._demonstrator is not None and question.options.demos
        answering = Answering(
            question,
            measured,
            view.document_ids,
            self._llm,
            self._small,
            await self._room(question),
            await self._synthesis_room(question),
            await passage_filter.room(question.text, self._small),
            self._demonstrator.num_kept(view) if self._demonstrator and is_counted else 0,
            is_brief=self._is_brief(question),
            is_few_words=self._asks_for_few_words(question),
        )
        if question.is_whole:
            return [*answering.whole(), *answering.checks()]
        if search is not None:
            return [*answering.found(search), *answering.checks()]
        return answering.checks(ledger.MAX_PARTS)

    def foresee_follow_up(self, question: str, turns: Sequence[Turn]) -> list[CallEstimate]:
        """One call, for a question that leans on those before."""
        return call_estimate.follow_up(question, turns, self._small)

    async def _write_of_each(
        self, question: Question, passages: Sequence[Passage], view: DocumentView
    ) -> Draft:
        """Read each document on its own, at the same time, then write one answer of what was found."""
        ids = view.document_ids
        of = {one: [passage for passage in passages if passage.ref.document_id == one] for one in ids}
        drafts = await asyncio.gather(
            *(self._answer(question, of[one], view, role="document") for one in ids)
        )
        room = await self._synthesis_room(question)
        pairs = list(zip(ids, drafts, strict=True))
        shown, found = multi_document.findings(pairs, view, room.text)
        pages = tuple(dict.fromkeys(ref for draft in drafts for ref in draft.pages or ()))
        warnings = tuple(
            dict.fromkeys(
                [
                    *(one for draft in drafts for one in draft.warnings),
                    *multi_document.left_out(pairs, len(found)),
                ]
            )
        )
        if not found:
            missing = next((draft.missing for draft in drafts if draft.missing), "")
            is_refusal = any(draft.is_refusal for draft in drafts)
            return Draft((), is_refusal=is_refusal, warnings=warnings, pages=pages, missing=missing)
        prompt = multi_document.messages(question, shown, form(question))
        done = await self._llm.complete(
            prompt, max_tokens=room.reply, role="synthesis", on_text=self._on_text
        )
        reply = read(done, self.name, range(1, len(found) + 1), shown)
        if reply.declines:
            return declined(done, self.name)
        statements = await asyncio.to_thread(
            grounded, reply.claims, multi_document.sentences(found), self._embedder, reply.evidence
        )
        draft = self._draft(statements, reply, done, pages)
        return replace(draft, warnings=(*warnings, *draft.warnings))

    async def _answer(
        self,
        question: Question,
        passages: Sequence[Passage],
        view: DocumentView,
        *,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Draft:
        if not passages:
            return Draft((), pages=())
        is_brief, note = self._is_brief(question), None
        chosen = await self._demos(question, passages, view)
        if is_brief and not question.is_whole:
            reader = ExtractiveReasoner(self._embedder)
            note = await reader.read(question, Segment(tuple(passages)), Note(""), view)
            passages = likeliest(note, passages)
        room = await self._room(question, chosen)
        shown = await asyncio.to_thread(fit, _with(chosen, passages), view, room.text)
        if shown.num_dropped and question.is_whole and chosen:
            chosen, room = [], await self._room(question)  # the whole is shown whole
            shown = await asyncio.to_thread(fit, passages, view, room.text)
        warnings = [BEST_ONLY] if asks_of_all(question.text) and not question.is_whole else []
        if shown.num_dropped and shown.passages and not is_brief:
            kept = await sift(question.text, passages, view, room.text, self._small)
            shown = await asyncio.to_thread(fit, _with(chosen, kept or passages), view, room.text)
            warnings += _dropped(shown, self.name)
        if is_brief and not shown.passages:  # the best one is shown, however long
            room = await self._wide_room(question)
            shown = await asyncio.to_thread(fit, passages[:1], view, room.text)
        if not shown.passages:
            raise too_small(self.name, room.window)
        if note is not None and self._asks_for_few_words(question):
            return await answer_in_few_words(
                self._llm, self._embedder, question, note, shown, view, room.reply, on_text
            )
        prompt = messages(question, shown.text, demonstrations.show(chosen, _numbers(shown)))
        done = await self._llm.complete(prompt, max_tokens=room.reply, role=role, on_text=on_text)
        reply = read(done, self.name, shown.numbers, shown.text)
        if reply.declines:
            return replace(declined(done, self.name), pages=shown.pages)
        sentences = await asyncio.to_thread(shown.sentences, view)
        statements = await asyncio.to_thread(
            grounded, reply.claims, sentences, self._embedder, reply.evidence
        )
        draft = self._draft(statements, reply, done, shown.pages)
        missing = "" if is_brief else draft.missing  # one call: no other search after it
        return replace(draft, warnings=(*warnings, *draft.warnings), missing=missing)

    async def _demos(self, question: Question, passages: Sequence[Passage], view: DocumentView) -> list[Demo]:
        """Demonstrations on passages that the question does not need."""
        if not question.options.demos or self._demonstrator is None:
            return []
        near = await asyncio.to_thread(demonstrations.likely, question.text, passages, view)
        found = {passage.key for passage in passages}
        excluded = (near,) if question.is_whole else (found, near)
        return await self._demonstrator.choose(question.options.demos, view, excluded)

    async def _room(self, question: Question, chosen: Sequence[Demo] = ()) -> ContextBudget:
        room = await self._wide_room(question, chosen)
        return room.narrowed(self._most_shown) if self._is_brief(question) else room

    async def _wide_room(self, question: Question, chosen: Sequence[Demo] = ()) -> ContextBudget:
        shown = demonstrations.show(chosen, {demo.passage.key: LARGEST_NUMBER for demo in chosen})
        is_few = self._asks_for_few_words(question)
        frame = brief_messages(question, "") if is_few else messages(question, "", shown)
        reply = max(BRIEF_REPLY, self._least_reply) if is_few else self._reply(question)
        return divide(await self._llm.window(), reply, 4, frame)

    def _is_brief(self, question: Question) -> bool:
        """Tell whether this model is shown little, unless the whole was asked for."""
        return bool(self._most_shown) and question.options.strategy != "full"

    def _asks_for_few_words(self, question: Question) -> bool:
        """Tell whether a fact is asked for, of a model that is shown little."""
        is_plain = not question.is_whole and not question.options.demos
        return is_plain and self._is_brief(question) and asks_for_fact(question.text)

    async def _synthesis_room(self, question: Question) -> ContextBudget:
        empty = multi_document.messages(question, "", form(question))
        return divide(await self._llm.window(), self._reply(question), 4, empty)

    def _reply(self, question: Question) -> int:
        return max(MAX_REPLY[task_of(question.text)], self._least_reply)

    def _draft(
        self,
        statements: tuple[DraftStatement, ...],
        reply: Reply,
        done: Completion,
        pages: tuple[PageRef, ...],
    ) -> Draft:
        cut = (cut_short(done, self.name),) if done.is_cut else ()
        return Draft(
            statements,
            warnings=(*cut, *unchecked_notice(statements)),
            model=done.who,
            pages=pages,
            missing=reply.missing,
        )


def _all_passages(view: DocumentView) -> list[Passage]:
    return [passage for document_id in view.document_ids for passage in view.passages(document_id)]


def _total(view: DocumentView, budget: int) -> int | None:
    """Tokens of all passages; nothing if they exceed the budget."""
    total = 0
    for size in sizes(_all_passages(view), view):
        total += size
        if total > budget:
            return None
    return total


def _with(chosen: Sequence[Demo], passages: Sequence[Passage]) -> list[Passage]:
    """Demonstrated passages first, so that they are shown in any case; none twice."""
    demonstrated = [demo.passage for demo in chosen]
    keys = {one.key for one in demonstrated}
    return [*demonstrated, *(one for one in passages if one.key not in keys)]


def _numbers(shown: Shown) -> dict[PassageKey, int]:
    return {passage.key: number for passage, number in zip(shown.passages, shown.numbers, strict=True)}


def _dropped(shown: Shown, name: str) -> list[str]:
    if not shown.num_dropped:
        return []
    total = shown.num_dropped + len(shown.passages)
    return [
        f"{shown.num_dropped} of {total} passages that may help did not fit the window of {name} and were not read."
    ]
