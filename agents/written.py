"""A language model reads numbered passages and writes; code finds what each sentence rests on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from catena.agents.desk import Desk
from catena.agents.grounding import ground
from catena.agents.prompting import render
from catena.agents.reasoner import Draft, DraftStatement, Question
from catena.agents.replies import NOT_FOUND, Reply, read_reply
from catena.agents.routing import asks_of_all
from catena.agents.showing import Shown, fit, found_passages
from catena.errors import ModelSilent, OptionError
from catena.llm import LLM, Completion, Message, num_tokens
from catena.retrieval.embedder import Embedder
from catena.types import Evidence, Note, Segment, Span, Support

MAX_REPLY = 1024
"""Tokens kept for the reply; of a small window a quarter."""
FRAME = 64
"""Tokens that chat templates add around two messages."""
BEST_ONLY = "The question asks about the whole document; only the passages that fit it best were read."


class LLMReasoner:
    """One call a question: evidence first, then the answer. Its tools are none, its memory is the prompt."""

    notice = ""
    segment_words = 4000

    def __init__(self, llm: LLM, embedder: Embedder) -> None:
        self._llm = llm
        self._embedder = embedder
        self.name = llm.name

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
        passages = await asyncio.to_thread(found_passages, note, desk)
        if not passages:
            return Draft((), confidence=0.0, pages=())
        window = await self._llm.window()
        max_tokens = min(MAX_REPLY, window // 4)
        frame = sum(num_tokens(message["content"]) for message in _messages(question, ""))
        shown = fit(passages, desk, window - max_tokens - frame - FRAME)
        if not shown.passages:
            raise OptionError(
                f"Not one passage fits the window of {self.name}, {window} tokens, beside the question.",
                "Ask in fewer words, or set CATENA_CONTEXT_WINDOW if the model takes more.",
            )
        done = await self._llm.complete(_messages(question, shown.text), max_tokens=max_tokens)
        reply = read_reply(done.text, len(shown.passages))
        if not reply.claims and not reply.denies:
            raise ModelSilent(f"{self.name} wrote no answer.", "Ask again, or take another model.")
        return await asyncio.to_thread(self._draft, question, shown, reply, done, desk)

    async def ask(self, question: Question, note: Note) -> str | None:
        """Look once only."""
        return None

    async def judge(self, statement: str, quotes: Sequence[str]) -> Support | None:
        """Leave it to the code's own checks."""
        return None

    def _draft(self, question: Question, shown: Shown, reply: Reply, done: Completion, desk: Desk) -> Draft:
        sentences = shown.sentences(desk)
        statements = tuple(
            DraftStatement(claim.text, ground(claim.text, claim.numbers, sentences, self._embedder))
            for claim in reply.claims
        )
        warnings = [BEST_ONLY] if asks_of_all(question.text) else []
        if shown.num_dropped:
            warnings.append(
                f"{shown.num_dropped} of {shown.num_dropped + len(shown.passages)} passages found did not fit "
                f"the window of {self.name} and were not read."
            )
        if done.is_cut:
            warnings.append(f"{self.name} was cut short: its answer is longer than it may be.")
        return Draft(
            statements,
            confidence=1.0 if statements else 0.0,
            warnings=tuple(warnings),
            model=done.who,
            pages=shown.pages,
        )


def _messages(question: Question, passages: str) -> list[Message]:
    system = render("answer_system", max_sentences=str(question.options.max_sentences), not_found=NOT_FOUND)
    asked = render("answer", passages=passages, question=" ".join(question.text.split()))
    return [{"role": "system", "content": system}, {"role": "user", "content": asked}]
