"""`catena eval citing SET [--home FOLDER]`: are statements cited by the evidence that a set names?

A statement is made of a question and its gold answer, and cited after the fact among the sentences that a writer would
be shown: the whole story, or the evidence pages and the pages that retrieval finds. Beside it simple peers, and what
the check makes of the same question with the answer to another one. `--home` keeps the documents for the next run.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from catena.agents.citations.attribution import Attributor, CachingEmbedder, Numbered
from catena.agents.citations.support_check import support
from catena.agents.document_view import DocumentView
from catena.agents.generative.prompt_passages import show
from catena.benchmarks.benchmark_run import Documents, choose
from catena.benchmarks.datasets import fairytaleqa, financebench, mmlongbench
from catena.benchmarks.datasets.benchmark_items import Item
from catena.benchmarks.scoring.word_score import holds
from catena.benchmarks.stated import stated
from catena.benchmarks.units import Places
from catena.client import Catena
from catena.errors import DocumentError, OptionError
from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.embedder import Embedder
from catena.retrieval.text_analysis import query_terms, terms
from catena.settings import load_settings
from catena.types import Document, Support

SETS = {"fairytaleqa": fairytaleqa.load, "financebench": financebench.load, "mmlongbench": mmlongbench.load}
NUM_PAGES = 5
"""Pages that retrieval adds to those of the evidence."""
MARKS: tuple[Support, ...] = ("supported", "partial", "unsupported", "contradicted")
Way = Callable[[str], list[str]]
"""From a statement to the sentences cited for it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One statement, a false one of the same question, and the sentences shown with the units each stands in."""

    item: Item
    statement: str
    false: str | None
    shown: Sequence[Numbered]
    units: Sequence[frozenset[int]]

    @property
    def gold(self) -> list[int]:
        """Places of the sentences that are evidence."""
        return [place for place, units in enumerate(self.units) if units & self.item.gold]

    def numbers(self, *, is_gold: bool) -> list[int]:
        """The passages that hold evidence, or one that holds none."""
        held = {self.shown[place].number for place in self.gold}
        others = sorted({one.number for one in self.shown} - held)
        return sorted(held) if is_gold else random.Random(self.item.key).sample(others, min(1, len(others)))


@dataclass(slots=True)
class Score:
    """Sums over the statements that one way has cited."""

    num: int = 0
    none: int = 0
    cited: int = 0
    right: int = 0
    recall: float = 0.0
    num_literal: int = 0
    literal: int = 0

    def add(self, case: Case, cited: Sequence[int]) -> None:
        """Count the sentences cited, by their places in what was shown."""
        gold = case.item.gold
        texts = [one.candidate.text for one in case.shown]
        self.num += 1
        self.none += not cited
        self.cited += len(cited)
        self.right += sum(bool(case.units[place] & gold) for place in cited)
        self.recall += len(gold & {unit for place in cited for unit in case.units[place]}) / len(gold)
        if holds(" ".join(texts[place] for place in case.gold), case.item.answers):
            self.num_literal += 1
            self.literal += holds(" ".join(texts[place] for place in cited), case.item.answers)


@dataclass(slots=True)
class Result:
    scores: dict[str, Score] = field(default_factory=dict)
    marks: dict[str, Counter[Support]] = field(default_factory=dict)


async def cases(catena: Catena, items: Sequence[Item], folder: Path) -> list[Case]:
    """The items that can be stated, are shown, and have a sentence among their evidence."""
    documents = Documents(catena, folder, is_filled=False)
    known: dict[str, tuple[Document, Places]] = {}
    found = []
    for item in items:
        statement = stated(item.question, item.answers[0])
        if statement is None or not item.gold or not item.is_answerable:
            continue
        try:
            if item.source.name not in known:
                known[item.source.name] = await documents.of(item.source)
        except (DocumentError, OptionError):  # pictures alone, or a text whose units cannot be told
            continue
        document, places = known[item.source.name]
        shown = _shown(catena, item, document)
        units = [places.of_spans(one.candidate.evidence.spans) for one in shown]
        case = Case(item, statement, _false(item, items), shown, units)
        if case.gold:
            found.append(case)
    return found


def _shown(catena: Catena, item: Item, document: Document) -> list[Numbered]:
    """Every sentence that a writer is shown."""
    view = DocumentView(catena.library, [document.id])
    passages = view.passages(document.id)
    if not item.source.units:
        hits = catena.search(item.question, documents=[document], k=NUM_PAGES)
        pages = item.gold | {hit.ref.number for hit in hits}
        passages = [passage for passage in passages if passage.ref.number in pages]
    return show(passages, range(1, len(passages) + 1), view).sentences(view)


def _false(item: Item, items: Sequence[Item]) -> str | None:
    """The question with the answer to another one of the same document."""
    others = [one for one in items if one.source.name == item.source.name]
    random.Random(item.key).shuffle(others)
    for other in others:
        differs = not any(
            holds(other.answers[0], [one]) or holds(one, other.answers[:1]) for one in item.answers
        )
        if differs and (made := stated(item.question, other.answers[0])):
            return made
    return None


def measure(found: Sequence[Case], embedder: Embedder) -> Result:
    """Cite each statement in every way, and mark the true and the false ones by what Catena cites for them."""
    result = Result()
    for case in found:
        ground = Attributor(case.shown, embedder)
        places = {one.candidate.evidence.spans: place for place, one in enumerate(case.shown)}
        for name, numbers in (
            ("Catena", []),
            ("Catena, evidence named by the model", case.numbers(is_gold=True)),
            ("Catena, another passage named", case.numbers(is_gold=False)),
        ):
            cited = ground.find(case.statement, numbers)
            result.scores.setdefault(name, Score()).add(case, [places[one.spans] for one in cited])
            if not numbers:
                mark = support(case.statement, [one.text for one in cited])
                result.marks.setdefault("true", Counter())[mark] += 1
        if case.false is not None:
            mark = support(case.false, [one.text for one in ground.find(case.false)])
            result.marks.setdefault("false", Counter())[mark] += 1
        for name, place in _peers(case, embedder):
            result.scores.setdefault(name, Score()).add(case, [place])
    return result


def _peers(case: Case, embedder: Embedder) -> Iterator[tuple[str, int]]:
    """One sentence each."""
    texts = [one.candidate.text for one in case.shown]
    builder = DocumentIndex.builder()
    for text in texts:
        builder.add(terms(text))
    yield "best BM25 sentence", int(np.argmax(builder.build().score(query_terms(case.statement))))
    vectors = embedder.embed([case.statement, *texts])
    yield "embedder only", int(np.argmax(vectors[1:] @ vectors[0]))
    yield "random sentence", random.Random(case.item.key).randrange(len(texts))


def to_markdown(result: Result) -> str:
    lines = ["| | precision | recall | answer in the quotes | sentences | none cited |", "| --- " * 6 + "|"]
    for name, one in result.scores.items():
        literal = f"{one.literal / one.num_literal:.2f}" if one.num_literal else ""
        lines.append(
            f"| {name} | {one.right / max(1, one.cited):.2f} | {one.recall / one.num:.2f} | {literal} "
            f"| {one.cited / one.num:.1f} | {one.none / one.num:.2f} |"
        )
    for name, counted in result.marks.items():
        shares = ", ".join(f"{mark} {counted[mark] / counted.total():.2f}" for mark in MARKS)
        lines.append(f"\n{counted.total()} {name} statements: {shares}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("set", choices=[*SETS])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--home", type=Path, help="keep the documents here")
    parser.add_argument("--limit", type=int, default=200, help="questions, drawn at random")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        settings = load_settings(home=given.home or temporary, background=False)
        with Catena(settings=settings) as catena:
            items = choose(SETS[given.set](given.data), given.limit, 1)
            found = asyncio.run(cases(catena, items, Path(temporary)))
            print(f"{given.set}: {len(found)} of {len(items)} questions\n")
            print(to_markdown(measure(found, CachingEmbedder(catena.embedder))))


if __name__ == "__main__":
    main()
