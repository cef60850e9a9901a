"""Estimate of the model calls of a question, before one is made: the usual number and an upper bound.

Prompts are bounded by what the documents hold and by the window, replies by the tokens that they may take. The usual
figures are guesses where they depend on what a model will write. A call that fails and is made again is not in
either (`Plan.retries`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from catena.agents.citations.attribution import MAX_EVIDENCE
from catena.agents.citations.support_check import MAX_VERDICTS
from catena.agents.cost.prompt_sizes import Measured, Search
from catena.agents.cost.token_usage import CallEstimate, CallUsage, total
from catena.agents.extractive.comparison import asks_of_each
from catena.agents.extractive.follow_up import leans
from catena.agents.generative import demonstrations, query_expansion, question_rewriting, support_judge
from catena.agents.generative.chain_prompts import judge_messages, manager_messages, worker_messages
from catena.agents.generative.context_budget import ContextBudget, Sizes
from catena.agents.generative.ledger import MAX_PARTS
from catena.agents.generative.question_rewriting import Turn
from catena.agents.reasoner import Question
from catena.agents.router import Task, task_of
from catena.llm.protocol import LLM, prompt_tokens

USUAL_REPLY: Mapping[Task, int] = {"answer": 120, "list": 400, "count": 400, "summary": 500}
"""Tokens of an answer."""
FEW_WORDS = 16
"""Tokens of one that is a fact alone."""
USUAL_LIST = 12
"""Statements of an answer that is no short one."""
USUAL_SENTENCE = 40
"""Tokens of a statement, a quote, a search or a question."""
USUAL_NOTE = 250
"""Tokens of a worker's reply, and of the note that it is handed."""
USUAL_FACTS = 80
"""Tokens that the ledger gains with each worker."""
LEDGER = 11
"""Tokens that the ledger gains with one of a worker's reply at most, quotes apart: a line of five ("a [1]") names
three sentences, each shown with twelve of numbers and marks, and with the line itself."""


@dataclass(frozen=True, slots=True)
class Answering:
    """Facts about a question before it is answered: its models, how their windows divide, its documents.

    `num_kept`: demonstrations that were made before; `is_brief`: the best passages alone are shown;
    `is_few_words`: and only a fact is asked for.
    """

    question: Question
    measured: Measured
    document_ids: Sequence[str]
    llm: LLM
    small: LLM
    room: ContextBudget
    synthesis_room: ContextBudget
    sift_room: ContextBudget
    num_kept: int = 0
    is_brief: bool = False
    is_few_words: bool = False

    @property
    def task(self) -> Task:
        return task_of(self.question.text)

    def whole(self) -> list[CallEstimate]:
        """All of the documents in one prompt."""
        shown = self.measured.total
        return [*self._demos(1, 1), self._answer("answer", [shown], [shown])]

    def found(self, search: Search) -> list[CallEstimate]:
        """Estimate the calls over retrieved pages, read at once or document by document."""
        is_each = asks_of_each(self.question.text, self.document_ids)
        ids: Sequence[str | None] = self.document_ids if is_each else [None]
        rounds = range(1, search.num_rounds + 1)
        most = [self.measured.pages(num * search.num_pages, one) for one in ids for num in rounds]
        usual = [self.measured.of(search.found, one) for one in ids]
        calls = [*self._rewrite(), *self._demos(len(most), 2), *self._sift(usual, most)]
        if not is_each:
            return [*calls, *self._replies("answer", usual, most)]
        return [*calls, *self._replies("document", usual, most), self._synthesis(len(rounds))]

    def _replies(self, role: str, usual: Sequence[int], most: Sequence[int]) -> list[CallEstimate]:
        """An answer; or a fact in a few words, and an opinion on the same passages."""
        if not self.is_few_words:
            return [self._answer(role, usual, most)]
        return [self._answer("brief", usual, most), self._answer("opinion", usual, most)]

    def checks(self, num_replies: int = 1) -> list[CallEstimate]:
        """A model's verdicts on the statements of an answer that came in so many replies."""
        if self.question.options.check != "model":
            return []
        frame = prompt_tokens(support_judge.messages(" ", [" "] * MAX_EVIDENCE))
        num = self.question.options.max_sentences if self.task == "answer" else USUAL_LIST
        usual = CallUsage.of(num, frame + 2 * USUAL_SENTENCE, 3)
        quotes = MAX_EVIDENCE * self.measured.longest
        most = CallUsage.of(MAX_VERDICTS, frame + quotes, support_judge.MAX_REPLY)
        said = CallUsage(read=num_replies * self.room.reply, longest=self.room.reply)
        return [
            CallEstimate(
                "check", self.llm.name, usual, replace(most + said, longest=most.longest + said.longest)
            )
        ]

    def _answer(self, role: str, usual: Sequence[int], most: Sequence[int]) -> CallEstimate:
        """One call for each of these tokens of passages, beside the demonstrations."""
        frame = self.room.window - self.room.reply - self.room.text

        def amount(shown: int, written: int) -> CallUsage:
            return CallUsage.of(1, frame + min(shown, self.room.text), written)

        num = self.question.options.demos
        demo = self.measured.usual + 2 * USUAL_SENTENCE
        reply = FEW_WORDS if self.is_few_words else USUAL_REPLY[self.task]
        return CallEstimate(
            role,
            self.llm.name,
            total(amount(shown + num * demo, reply) for shown in usual),
            total(amount(shown + self._demonstrated, self.room.reply) for shown in most),
        )

    @property
    def _demonstrated(self) -> int:
        """Tokens that demonstrations and their passages take in a prompt, at most."""
        return self.question.options.demos * (self.measured.longest + demonstrations.MAX_SHOWN)

    def _demos(self, num_answers: int, num_rules: int) -> list[CallEstimate]:
        """Pairs that are made; `num_rules`: how often passages are looked for, under rules less and less strict."""
        num = self.question.options.demos
        if not num:
            return []
        frame = prompt_tokens(demonstrations.messages(""))
        num_passages = len(self.measured.tokens)
        new = min(max(0, num - self.num_kept), num_passages)
        usual = CallUsage.of(new, frame + self.measured.usual, 2 * USUAL_SENTENCE)
        tried = min(num * (1 + demonstrations.TRIES), num_passages)
        most = CallUsage.of(tried, frame + self.measured.longest, demonstrations.MAX_REPLY)
        return [CallEstimate("demo", self.small.name, usual, most * (num_answers * num_rules))]

    def _rewrite(self) -> list[CallEstimate]:
        if not self.question.options.rewrite:
            return []
        read = prompt_tokens(query_expansion.messages(self.question.text))
        return [_once("rewrite", self.small, read, 3 * USUAL_SENTENCE, query_expansion.MAX_REPLY)]

    def _sift(self, usual: Sequence[int], most: Sequence[int]) -> list[CallEstimate]:
        """Passages that do not fit one prompt are read in several."""
        if self.is_brief:
            return []
        frame = self.sift_room.window - self.sift_room.reply - self.sift_room.text
        left = self.room.text - self.question.options.demos * demonstrations.MAX_SHOWN
        budget = max(1, min(self.sift_room.text, left))

        def amount(shown: int, num: int, written: int) -> CallUsage:
            return CallUsage(num, shown + num * frame, num * written, frame + min(shown, budget))

        # A batch and the first passage of the next exceed the budget together.
        full = max(budget // 2, budget - self.measured.longest)
        at_most = [one for one in most if one + self._demonstrated > self.room.text]
        at_least = [one for one in usual if one > self.room.text]
        if not at_most:
            return []
        return [
            CallEstimate(
                "reader",
                self.small.name,
                total(amount(one, -(-one // budget), USUAL_SENTENCE) for one in at_least),
                total(amount(one, one // full + 1, self.sift_room.reply) for one in at_most),
            )
        ]

    def _synthesis(self, times: int) -> CallEstimate:
        room, num = self.synthesis_room, len(self.document_ids)
        frame = room.window - room.reply - room.text
        usual = frame + min(room.text, num * (USUAL_REPLY[self.task] + USUAL_SENTENCE))
        most = CallUsage.of(times, frame + max(0, room.text), room.reply)
        return CallEstimate("synthesis", self.llm.name, CallUsage.of(1, usual, USUAL_REPLY[self.task]), most)


def follow_up(question: str, turns: Sequence[Turn], llm: LLM) -> list[CallEstimate]:
    """A question that leans on those before is made self-contained."""
    if not turns or not leans(question):
        return []
    read = prompt_tokens(question_rewriting.messages(question, turns))
    return [_once("follow-up", llm, read, USUAL_SENTENCE, question_rewriting.MAX_REPLY)]


def chain(
    question: Question,
    num_stretches: int,
    shown: int,
    sizes: Sizes,
    rooms: tuple[ContextBudget, ContextBudget],
    models: tuple[LLM, LLM],
) -> list[CallEstimate]:
    """Workers, a manager for each path, and one who chooses among the paths.

    `shown`: tokens of all passages; `rooms`: of manager and judge; `models`: of both, and of workers.
    """
    manager_room, judge_room = rooms
    llm, worker = models
    found = [
        _workers(question, num_stretches, shown, sizes, worker),
        _managers(question, num_stretches, shown, sizes, manager_room, llm),
    ]
    return [*found, _judge(question, judge_room, llm)] if question.options.paths > 1 else found


def _workers(question: Question, num_stretches: int, shown: int, sizes: Sizes, llm: LLM) -> CallEstimate:
    frame = prompt_tokens(worker_messages(question, "", "", sizes.reply))

    def amount(handed: int, written: int) -> CallUsage:
        longest = frame + min(shown, sizes.passages) + handed
        read = shown + num_stretches * (frame + handed)
        return CallUsage(num_stretches, read, num_stretches * written, longest) * question.options.paths

    note = min(USUAL_NOTE, sizes.note)
    return CallEstimate("worker", llm.name, amount(note, note), amount(sizes.note, sizes.reply))


def _managers(
    question: Question, num_stretches: int, shown: int, sizes: Sizes, room: ContextBudget, llm: LLM
) -> CallEstimate:
    paths, task = question.options.paths, task_of(question.text)
    frame = prompt_tokens(manager_messages(question, "", ""))
    told = min(room.text, min(USUAL_NOTE, sizes.note) + num_stretches * USUAL_FACTS)
    parts = 1
    if task in ("list", "count"):
        noted = shown + LEDGER * num_stretches * sizes.reply
        parts = min(MAX_PARTS, 1 + 2 * noted // max(1, room.text - sizes.note))
    usual = CallUsage.of(paths, frame + told, USUAL_REPLY[task])
    return CallEstimate(
        "manager", llm.name, usual, CallUsage.of(paths * parts, frame + room.text, room.reply)
    )


def _judge(question: Question, room: ContextBudget, llm: LLM) -> CallEstimate:
    frame = prompt_tokens(judge_messages(question, ""))
    answers = question.options.paths * 2 * USUAL_REPLY[task_of(question.text)]
    usual = CallUsage.of(1, frame + min(room.text, answers), 5)
    return CallEstimate("judge", llm.name, usual, CallUsage.of(1, frame + room.text, room.reply))


def _once(role: str, llm: LLM, read: int, usual: int, most: int) -> CallEstimate:
    """One call whose prompt is known."""
    return CallEstimate(role, llm.name, CallUsage.of(1, read, min(usual, most)), CallUsage.of(1, read, most))
