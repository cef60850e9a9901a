"""`python -m catena.evaluation.prompts`: what models are sent, one executed prompt of each kind, as docs/prompts.md.

A small document is asked with a model that records what it is sent and answers from a script.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from catena import AskOptions, Catena
from catena.agents.chain import LLMChain
from catena.agents.deps import Deps
from catena.agents.graph import run
from catena.agents.written import LLMReasoner
from catena.llm import Completion, Message, OnText
from catena.settings import Settings

TEXT = """# The Harbour Lantern

The Harbour Lantern is made by Brandt and Sons of Bergen. It is meant for small boats, and for whoever must find a
mooring in the dark. Hang it where no sail can touch it, at least two metres above the water. On a clear night it can
be seen from four miles away, in rain from one.

# Battery

The battery of the lantern lasts forty hours on one charge. A red light shows that the battery is low. Charge it with
the cable that came with the lantern, for six hours. In frost the battery lasts half as long.

# Care

Wipe the glass with a dry cloth. Never open the case under water. The warranty covers five years, but neither the cable
nor what salt does to the hinges.
"""
HEAD = """# Prompts

One executed prompt of each kind, written by `python -m catena.evaluation.prompts` and compared by a test. The wording
is in `agents/prompts/`; lines of documents begin with "| ", so that a model can tell them from instructions.
"""
QUESTION = "How long does the battery of the lantern last?"
ANSWERS, WORKS, MANAGES, JUDGES = (
    "You answer questions about documents",
    "You are one of several readers",
    "You answer questions about a text",
    "Several readers have answered",
)
"""How the prompts of each kind begin."""
NOTED = "- The battery lasts forty hours on one charge [2]"
READ = "Evidence: [2]\nAnswer: The battery lasts forty hours on one charge [2]."
REPLIES = (
    (ANSWERS, "", READ),
    (WORKS, "[2]\n|", NOTED),
    (WORKS, "charge [2]", f"{NOTED}\n- The warranty covers five years [3]"),
    (WORKS, "", "NOTHING FOUND"),
    (MANAGES, "five years [3]", f"{READ} The warranty covers five years [3]."),
    (MANAGES, "", READ),
    (JUDGES, "", "Best: 2"),
)
"""What the model writes: the first whose prompt begins so and holds that. No order of calls changes it."""


class Scripted:
    """A model that answers from a script and keeps what it was sent."""

    name = "test/scripted"

    def __init__(self, window: int) -> None:
        self._window = window
        self._sent: list[Sequence[Message]] = []

    async def window(self) -> int:
        return self._window

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        role: str = "answer",
        on_text: OnText | None = None,
    ) -> Completion:
        self._sent.append(messages)
        return Completion(next(reply for *rule, reply in REPLIES if _fits(messages, *rule)), self.name)

    def sent(self, opening: str, held: str) -> Sequence[Message]:
        """The prompt that begins so and holds that."""
        return next(messages for messages in self._sent if _fits(messages, opening, held))


def _fits(messages: Sequence[Message], opening: str, held: str) -> bool:
    return messages[0]["content"].startswith(opening) and held in messages[1]["content"]


@dataclass(frozen=True, slots=True)
class Example:
    """How to ask, and the prompts to show: title, how it begins, what it holds."""

    options: AskOptions
    window: int
    shown: tuple[tuple[str, str, str], ...]


EXAMPLES = (
    Example(AskOptions(strategy="retrieve"), 8192, (("Retrieve: the passages found", ANSWERS, ""),)),
    Example(AskOptions(strategy="full"), 8192, (("Full: the whole document", ANSWERS, ""),)),
    Example(
        AskOptions(strategy="chain", paths=2),
        720,  # so small that the document is read in two parts
        (
            ("Chain: a worker", WORKS, "charge [2]"),
            ("Chain: the manager", MANAGES, "five years [3]"),
            ("Chain: the judge of two paths", JUDGES, ""),
        ),
    ),
)


def page() -> str:
    """The whole of docs/prompts.md."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lantern.md"
        path.write_text(TEXT, encoding="utf-8")
        with Catena(settings=Settings(home=Path(folder) / "home", background=False)) as catena:
            document = catena.add(path)
            parts = [part for one in EXAMPLES for part in _sections(one, _record(catena, document.id, one))]
    return "\n".join([HEAD, *parts])


def _record(catena: Catena, document_id: str, example: Example) -> Scripted:
    """Ask, with a model that keeps every prompt."""
    llm = Scripted(example.window)
    reasoner, chain = LLMReasoner(llm, catena.embedder), LLMChain(llm, catena.embedder)
    deps = Deps(catena.library, catena.retriever, catena.embedder, reasoner, chain=chain)
    asyncio.run(run(deps, QUESTION, [document_id], example.options))
    return llm


def _sections(example: Example, llm: Scripted) -> Iterator[str]:
    for title, *rule in example.shown:
        yield f"## {title}\n"
        for message in llm.sent(*rule):
            yield f"{message['role']}:\n\n```text\n{message['content']}\n```\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="catena.evaluation.prompts", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/prompts.md"))
    options = parser.parse_args(arguments)
    options.out.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
