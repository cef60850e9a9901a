"""FairytaleQA: does an answer that stands in the story stand in the sentences quoted? Simple peers beside it.

The stories come in two halves: weights and cuts are chosen on `tuning`, figures are given on `held-out`.
"""

from __future__ import annotations

import csv
import random
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from catena.client import Catena
from catena.options import AskOptions
from catena.retrieval.bm25 import DocumentIndex
from catena.retrieval.embedder import Embedder
from catena.retrieval.sentences import sentence_spans
from catena.retrieval.text_analysis import query_terms, terms
from catena.types import Citation

Half = Literal["tuning", "held-out"]
FOLDER = Path("fairytaleqa/data-by-train-split")
LIMITS = AskOptions()
NUM_BY_WORDS = 30
"""Sentences that the peer "BM25 + MiniLM" puts in the embedder's order."""


@dataclass(frozen=True, slots=True)
class StoryQuestion:
    text: str
    accepted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """`questions` are the explicit ones of which an accepted answer stands in `text`, word for word."""

    name: str
    text: str
    questions: tuple[StoryQuestion, ...]


@dataclass(frozen=True, slots=True)
class Quoted:
    """Counts of one way of answering on all questions; `num_words` are those of its quotes."""

    name: str
    num: int
    right: int
    refused: int
    num_words: int


Quotes = Callable[[str], list[str]]
"""From a question to what is quoted of the story, in the order of the story; nothing is a refusal."""


def read_stories(data: Path, half: Half, split: str = "val") -> Iterator[Story]:
    """Every other story of a split; `data` is the folder of the development documents."""
    folder = data / FOLDER
    paths = sorted(folder.glob(f"section-stories/{split}/*-story.csv"))
    for path in paths[half == "held-out" :: 2]:
        text = "\n\n".join(" ".join(row["text"].split()) for row in _rows(path))
        asked = folder / "questions" / split / path.name.replace("-story.csv", "-questions.csv")
        yield Story(path.stem, text, tuple(_questions(asked, text)))


def _questions(path: Path, story: str) -> Iterator[StoryQuestion]:
    for row in _rows(path):
        accepted = tuple(row[key] for key in row if re.fullmatch(r"answer\d", key or "") and row[key])
        if row["ex-or-im1"] == "explicit" and holds(story, accepted):
            yield StoryQuestion(row["question"], accepted)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def plain(text: str) -> str:
    """Lower case, words alone, without articles: how FairytaleQA answers are compared."""
    return " ".join(re.findall(r"\w+", re.sub(r"\b(?:a|an|the)\b", " ", text.lower())))


def holds(text: str, accepted: Iterable[str]) -> bool:
    """Tell whether an accepted answer stands in the text, whole words."""
    held = f" {plain(text)} "
    return any(f" {plain(one)} " in held for one in accepted if plain(one))


def measure_quotes(catena: Catena, stories: Iterable[Story]) -> list[Quoted]:
    """Ask every question of its story; Catena first, then its peers under the same limits."""
    totals: dict[str, Quoted] = {}
    for story in stories:
        for name, quotes in _ways(catena, story):
            for question in story.questions:
                before = totals.get(name, Quoted(name, 0, 0, 0, 0))
                totals[name] = _judged(before, question, quotes(question.text))
    return list(totals.values())


def _judged(total: Quoted, question: StoryQuestion, quotes: Sequence[str]) -> Quoted:
    return Quoted(
        total.name,
        total.num + 1,
        total.right + holds(" ".join(quotes), question.accepted),
        total.refused + (not quotes),
        total.num_words + sum(len(quote.split()) for quote in quotes),
    )


def _ways(catena: Catena, story: Story) -> Iterator[tuple[str, Quotes]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{story.name}.txt"
        path.write_text(story.text, "utf-8")
        document = catena.add(path)
    peer = SentencePeer(story.text, catena.embedder)

    def asked(question: str) -> list[str]:
        answer = catena.ask(question, documents=[document])
        cited = sorted(answer.citations, key=_place)
        return [one.quote for one in cited] if answer.statements else []

    yield "Catena, embedded reader", asked
    yield "BM25 + MiniLM sentences", peer.by_meaning
    yield "random", partial(peer.at_random, random.Random(story.name))
    yield "three longest", peer.longest


def _place(citation: Citation) -> tuple[int, int]:
    return citation.parts[0].ref.number, citation.parts[0].start


class SentencePeer:
    """Simple ways to quote a story: each ranks all of its sentences and takes what fits the limits."""

    def __init__(self, text: str, embedder: Embedder) -> None:
        self._sentences = [text[start:end] for start, end in sentence_spans(text)]
        self._embedder = embedder
        builder = DocumentIndex.builder()
        for sentence in self._sentences:
            builder.add(terms(sentence))
        self._index = builder.build()

    def by_meaning(self, question: str) -> list[str]:
        """BM25's best sentences that the embedder likes most, in the order of the story."""
        return [self._sentences[place] for place in sorted(self._nearest(question))]

    def best_first(self, question: str) -> list[str]:
        """The same sentences in the embedder's order."""
        return [self._sentences[place] for place in self._nearest(question)]

    def _nearest(self, question: str) -> list[int]:
        scores = self._index.score(query_terms(question))
        best = np.argsort(-scores, kind="stable")[:NUM_BY_WORDS]
        vectors = self._embedder.embed([question, *(self._sentences[place] for place in best)])
        return self._within_limits(best[np.argsort(-(vectors[1:] @ vectors[0]), kind="stable")])

    def at_random(self, chance: random.Random, _: str) -> list[str]:
        return self._in_order(chance.sample(range(len(self._sentences)), len(self._sentences)))

    def longest(self, _: str) -> list[str]:
        return self._in_order(
            sorted(range(len(self._sentences)), key=lambda place: -len(self._sentences[place].split()))
        )

    def _in_order(self, ranked: Iterable[int]) -> list[str]:
        return [self._sentences[place] for place in sorted(self._within_limits(ranked))]

    def _within_limits(self, ranked: Iterable[int]) -> list[int]:
        chosen: list[int] = []
        num_words = 0
        for place in ranked:
            words = len(self._sentences[place].split())
            if num_words + words <= LIMITS.max_words:
                chosen.append(place)
                num_words += words
            if len(chosen) == LIMITS.max_sentences:
                break
        return chosen


def to_markdown(rows: Sequence[Quoted]) -> str:
    lines = ["| | questions | answer in the quotes | words an answer | refused |", "| --- " * 5 + "|"]
    for row in rows:
        num = max(1, row.num)
        lines.append(
            f"| {row.name} | {row.num} | {row.right / num:.3f} | {row.num_words / num:.0f} "
            f"| {row.refused / num:.3f} |"
        )
    return "\n".join(lines)
