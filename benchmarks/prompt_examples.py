"""`python -m catena.benchmarks.prompt_examples`: what models are sent, an executed prompt a kind, as docs/prompts.md.

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
from catena.agents.context import Deps
from catena.agents.generative.chain import LLMChain
from catena.agents.generative.model_reader import LLMReasoner
from catena.agents.generative.question_rewriting import Turn
from catena.agents.graph import run
from catena.agents.kv_strategy import attending_prompt
from catena.arena_systems import memory_messages
from catena.bookqa.items import Item, Provenance
from catena.bookqa.model_judge import messages as messages_of_judge
from catena.bookqa.responses import Response
from catena.llm.protocol import Completion, Message, OnText
from catena.settings import Settings
from catena.types import Answer

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
OTHER = """# The Garden Lantern

The Garden Lantern is made by Lund of Oslo. Its battery lasts ten hours on one charge. It must stand in the sun by day.
"""
LONGER = (
    TEXT
    + """
# Storing

Keep the lantern in a dry cupboard through the winter, wrapped in wool. Take it out every other month and let it burn
for an hour, since what is never used grows weak. Before the first trip of the year look at each joint with a glass, and
have the frame painted again where the rust comes through. A lantern that has lain under water goes back to Bergen, for
what the salt has begun no cloth will end.

# Hanging

A chain of brass comes with the lantern. Screw the hook into the mast with the long screw, and turn it until the ring
points to the bow. The short screw is for cabins, where the ceiling is thin. Never hang the lantern from a rope: a rope
turns in the wind, and whoever sees the light from another ship will take it for a signal. Two chains are better than
one where the sea is rough.

# Glass

The glass is blown by hand in Murano. A broken pane is replaced by any harbour workshop; ask for the size that is
printed on the lower rim of the frame. Red and green panes are sold apart, and may only be used on ships that the
harbour master has measured. Scratches do no harm, but a crack lets the wet in, and the reflector behind it goes blind
within a year.

# History

The first lanterns of this form were made for the herring fleet in 1911. They burned oil and were as heavy as a child.
After the great storm of 1923 the fishermen of Bergen asked for one that could be lit with wet hands, and the brothers
Brandt built it in a single winter. It hangs in the town hall to this day, next to the wheel of the ship that it
brought home.
"""
)
HEAD = """# Prompts

One executed prompt of each kind, written by `python -m catena.benchmarks.prompt_examples` and compared by a test.
The wording is in `agents/generative/prompts/`; lines of documents begin with "| ", so that a model can tell them from
instructions.
"""
QUESTION = "How long does the battery of the lantern last?"
ANSWERS, WORKS, MANAGES, JUDGES, SEARCHES, SIFTS, DEMONSTRATES, CHECKS, FOLLOWS, COMBINES = (
    "You answer questions about documents",
    "You are one of several readers",
    "You answer questions about a text",
    "Several readers have answered",
    "You write search queries",
    "You choose the passages",
    "You write one question about a passage",
    "You check whether quotes",
    "You make the last question",
    "You answer a question about several documents",
)
"""Beginnings of the prompts of each kind."""
NOTED = "- The battery lasts forty hours on one charge [2]"
READ = "Evidence: [2]\nAnswer: The battery lasts forty hours on one charge [2]."
REPLIES = (
    (ANSWERS, "as few words", "Forty hours"),
    (ANSWERS, "Reply yes or no", "Yes"),
    (ANSWERS, "Garden Lantern", "Evidence: [1]\nAnswer: The battery lasts ten hours [1]."),
    (ANSWERS, "", READ),
    (SEARCHES, "", "battery hours on one charge"),
    (SIFTS, "forty hours", "Evidence: [2]"),
    (SIFTS, "", "Evidence: []"),
    (DEMONSTRATES, "Murano", "Question: Where is the glass of the lantern blown?\nAnswer: In Murano."),
    (DEMONSTRATES, "wool", "Question: In what is the lantern wrapped in winter?\nAnswer: In wool."),
    (
        DEMONSTRATES,
        "1911",
        "Question: For whom were the first lanterns made?\nAnswer: For the herring fleet.",
    ),
    (DEMONSTRATES, "", "I cannot think of a question."),
    (CHECKS, "", "supported"),
    (FOLLOWS, "", QUESTION),
    (COMBINES, "", "Evidence: [1, 2]\nAnswer: The Harbour Lantern lasts forty hours [1], the other ten [2]."),
    (WORKS, "[2]\n|", NOTED),
    (WORKS, "charge [2]", f"{NOTED}\n- The warranty covers five years [3]"),
    (WORKS, "", "NOTHING FOUND"),
    (MANAGES, "five years [3]", f"{READ} The warranty covers five years [3]."),
    (MANAGES, "", READ),
    (JUDGES, "", "Best: 2"),
)
"""Replies of the model: the first whose prompt begins so and holds that. No order of calls changes it."""


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
    """A question, and the prompts to show of it: title, how it begins, what it holds.

    `most_shown`: tokens of passages that the model is shown, where it reads slowly.
    """

    options: AskOptions
    window: int
    shown: tuple[tuple[str, str, str], ...]
    question: str = QUESTION
    turns: tuple[Turn, ...] = ()
    documents: tuple[str, ...] = (TEXT,)
    most_shown: int = 0


EXAMPLES = (
    Example(AskOptions(strategy="retrieve"), 8192, (("Retrieve: the passages found", ANSWERS, ""),)),
    Example(
        AskOptions(strategy="retrieve"),
        8192,
        (
            ("Retrieve: a fact, asked of a model that reads slowly", ANSWERS, "as few words"),
            ("Retrieve: its opinion whether that is there", ANSWERS, "Reply yes or no"),
        ),
        most_shown=1500,
    ),
    Example(
        AskOptions(strategy="retrieve", demos=3, rewrite=True, check="model"),
        8192,
        (
            ("Retrieve: other searches (`rewrite`)", SEARCHES, ""),
            ("Retrieve: a demonstration is made (`demos`)", DEMONSTRATES, "Murano"),
            ("Retrieve: with demonstrations", ANSWERS, "Question: Where is the glass"),
            ("Check: a model's verdict (`check`)", CHECKS, ""),
        ),
        documents=(LONGER,),
    ),
    Example(
        AskOptions(strategy="retrieve"),
        640,  # so small that what was found does not fit
        (("Retrieve: passages that do not fit are sifted", SIFTS, "forty hours"),),
    ),
    Example(
        AskOptions(strategy="retrieve"),
        8192,
        (("A follow-up is made self-contained", FOLLOWS, ""),),
        question="And how long does it last?",
        turns=(Turn("Who makes the lantern?", "Brandt and Sons of Bergen make it."),),
    ),
    Example(
        AskOptions(strategy="retrieve"),
        8192,
        (("Several documents: the answer of what was found in each", COMBINES, ""),),
        question="Compare how long the batteries last.",
        documents=(TEXT, OTHER),
    ),
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
    with tempfile.TemporaryDirectory() as folder, _open(Path(folder) / "home") as catena:
        ids: dict[str, str] = {}
        for text in (TEXT, OTHER, LONGER):
            path = Path(folder) / f"{len(ids)}.md"
            path.write_text(text, encoding="utf-8")
            ids[text] = catena.add(path).id
        parts = [
            part
            for one in EXAMPLES
            for part in _sections(one, _record(catena, [ids[text] for text in one.documents], one)[0])
        ]
        parts += [part for title, messages in _apart(catena, ids[TEXT]) for part in _section(title, messages)]
    return "\n".join([HEAD, *parts])


def _open(home: Path) -> Catena:
    return Catena(settings=Settings(home=home, background=False))


def _record(catena: Catena, document_ids: Sequence[str], example: Example) -> tuple[Scripted, Answer]:
    """Ask, with a model that keeps every prompt."""
    llm = Scripted(example.window)
    history, most_shown = catena.library.history, example.most_shown
    reasoner = LLMReasoner(llm, catena.embedder, store=history, most_shown=most_shown)
    chain = LLMChain(llm, catena.embedder)
    deps = Deps(catena.library, catena.retriever, catena.embedder, reasoner, chain=chain)
    answer = asyncio.run(run(deps, example.question, document_ids, example.options, turns=example.turns))
    return llm, answer


def _apart(catena: Catena, document_id: str) -> Iterator[tuple[str, Sequence[Message]]]:
    """Return the prompts where a document is in KV pages, and where answers are compared."""
    yield "KV pages: behind the document", [{"role": "user", "content": attending_prompt(QUESTION)}]
    _, answer = _record(catena, [document_id], EXAMPLES[0])
    told, source = "The battery lasts forty hours on one charge.", Provenance("none", "", 1)
    item = Item(
        "1", document_id, "The Harbour Lantern", "local", QUESTION, told, "easy", True, answer.citations,
        "passage", 0.1, (0.4, 0.4), 0.4, source,
    )  # fmt: skip
    right = Response("1", "one", answer.text, False, answer.citations)
    wrong = Response("1", "two", "It lasts ten hours.", False)
    yield "Arena: two answers are compared", messages_of_judge(item, right, wrong)
    yield "Arena: an answer from memory", memory_messages(item)


def _sections(example: Example, llm: Scripted) -> Iterator[str]:
    for title, *rule in example.shown:
        yield from _section(title, llm.sent(*rule))


def _section(title: str, messages: Sequence[Message]) -> Iterator[str]:
    yield f"## {title}\n"
    for message in messages:
        yield f"{message['role']}:\n\n```text\n{message['content']}\n```\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="catena.benchmarks.prompt_examples", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/prompts.md"))
    options = parser.parse_args(arguments)
    options.out.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
