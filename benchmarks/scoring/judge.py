"""A language model as judge, through the same seam as any other call. Its verdicts are the model's opinion."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from catena.agents.generative.prompt_templates import render
from catena.benchmarks.scoring.entailment import FULLY, PARTLY
from catena.errors import ModelSilent
from catena.llm.protocol import LLM, chat

PROMPTS = Path(__file__).parent / "prompts"
MAX_REPLY = 256
_SUPPORT = {"full": FULLY, "partial": PARTLY, "none": 0.0}


@dataclass(frozen=True, slots=True)
class ModelJudge:
    """Judges support, relevance and need of citations; rates and shortens answers.

    Raises ModelError; ModelSilent for a verdict that cannot be read.
    """

    llm: LLM

    @property
    def name(self) -> str:
        return self.llm.name

    async def support(self, question: str, statement: str, snippet: str) -> float:
        words = "|".join(_SUPPORT)
        said = await self._ask("support", words, question=question, statement=statement, snippet=snippet)
        return _SUPPORT[said.lower()]

    async def is_relevant(self, question: str, statement: str, snippet: str) -> bool:
        slots = {"question": question, "statement": statement, "snippet": snippet}
        return await self._says_yes("relevance", **slots)

    async def needs_citation(self, question: str, answer: str, statement: str) -> bool:
        return await self._says_yes("need", question=question, answer=answer, statement=statement)

    async def rate(self, question: str, reference: str, answer: str, *, best: int) -> float:
        """A grade from 1 to `best`, as a share from 0 to 1."""
        slots = {"question": question, "reference": reference, "answer": answer, "best": str(best)}
        grade = int(await self._ask("rating", f"[1-{best}]", **slots))
        return (grade - 1) / (best - 1)

    async def short_answer(self, question: str, answer: str) -> str:
        return (await self._ask("extraction", r"(?s:.+)", question=question, answer=answer)).strip()

    async def _says_yes(self, prompt: str, **slots: str) -> bool:
        return (await self._ask(prompt, "yes|no", **slots)).lower() == "yes"

    async def _ask(self, prompt: str, verdict: str, **slots: str) -> str:
        messages = chat(render("judge_system", PROMPTS), render(prompt, PROMPTS, **slots))
        done = await self.llm.complete(messages, max_tokens=MAX_REPLY, role="judge")
        # The last word that fits: some models think aloud first.
        found = re.findall(rf"(?<!\w)(?:{verdict})(?!\w)", done.text, re.IGNORECASE)
        if not found:
            raise ModelSilent(
                f"{self.name} gave no verdict that can be read.", "Take another model as judge."
            )
        return str(found[-1])
