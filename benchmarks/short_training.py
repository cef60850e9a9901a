"""Weights of a short answer's signs: fitted on FairytaleQA's training stories, which no figure is given on.

catena eval short_training [--data ../shared/data]: writes agents/extractive/short_weights.json.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from catena.agents.extractive import answer_spans
from catena.agents.extractive.question_form import kind_of_answer, plain_form
from catena.agents.extractive.short_answers import LEARNED
from catena.benchmarks.fairytales import FOLDER, _rows, plain
from catena.retrieval.sentences import sentence_spans
from catena.retrieval.text_analysis import query_terms, terms

SEED = 3
MIN_WEIGHT = 0.1
MAX_OTHERS = 60
"""Stretches beside the right one that are learned from, of each question."""


@dataclass(frozen=True, slots=True)
class Example:
    kind: str
    signs: tuple[list[str], ...]
    right: int


def examples(data: Path, split: str = "train") -> Iterator[Example]:
    """Each explicit question with the sentence of its story that holds the answer, and that answer's stretch."""
    chance = random.Random(SEED)
    folder = data / FOLDER
    for path in sorted(folder.glob(f"section-stories/{split}/*-story.csv")):
        story = " ".join(" ".join(row["text"].split()) for row in _rows(path))
        sentences = [story[start:end] for start, end in sentence_spans(story)]
        plains = [f" {plain(one)} " for one in sentences]
        held = [set(terms(one)) for one in sentences]
        asked = folder / "questions" / split / path.name.replace("-story.csv", "-questions.csv")
        for row in _rows(asked):
            gold = plain(row["answer1"])
            if row["ex-or-im1"] != "explicit" or not gold:
                continue
            question = plain_form(row["question"])
            wanted = frozenset(query_terms(question))
            holding = [at for at, text in enumerate(plains) if f" {gold} " in text]
            if holding:
                best = max(holding, key=lambda at: len(wanted & held[at]))
                made = _example(question, sentences[best], wanted, gold, chance)
                if made:
                    yield made


def _example(
    question: str, sentence: str, wanted: frozenset[str], gold: str, chance: random.Random
) -> Example | None:
    read = answer_spans.tokens(sentence, wanted)
    found = list(answer_spans.stretches(read))
    texts = [plain(sentence[read[one.first].start : read[one.last].end]) for one in found]
    right = [at for at, text in enumerate(texts) if text == gold]
    if not right:
        return None
    others = [at for at, text in enumerate(texts) if text != gold]
    kept = [right[0], *chance.sample(others, min(MAX_OTHERS, len(others)))]
    kind = kind_of_answer(question) or ""
    return Example(kind, tuple(answer_spans.signs(read, found[at]) for at in kept), 0)


def fit(
    made: list[Example], *, decay: float = 1e-4, rounds: int = 12, rate: float = 0.3
) -> dict[str, dict[str, float]]:
    """Weights under which the right stretch is likeliest among its sentence's, by gradient ascent (AdaGrad)."""
    weights: dict[tuple[str, str], float] = defaultdict(float)
    seen: dict[tuple[str, str], float] = defaultdict(lambda: 1e-8)
    chance = random.Random(SEED)
    for _ in range(rounds):
        chance.shuffle(made)
        for one in made:
            keys = [[key for sign in own for key in (("", sign), (one.kind, sign))] for own in one.signs]
            worth = np.array([sum(weights[key] for key in own) for own in keys])
            share = np.exp(worth - worth.max())
            share /= share.sum()
            share[one.right] -= 1
            slope: dict[tuple[str, str], float] = defaultdict(float)
            for own, part in zip(keys, share, strict=True):
                if abs(part) > 1e-3:
                    for key in own:
                        slope[key] += float(part)
            for key, value in slope.items():
                value += decay * weights[key]
                seen[key] += value * value
                weights[key] -= rate * value / seen[key] ** 0.5
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for (kind, sign), value in sorted(weights.items()):
        if abs(value) >= MIN_WEIGHT and (not kind or kind in LEARNED):
            found[kind][sign] = round(value, 2)
    return dict(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    options = parser.parse_args()
    made = list(examples(options.data))
    print(f"{len(made)} questions", flush=True)
    path = Path(answer_spans.__file__).parent / "short_weights.json"
    path.write_text(json.dumps(fit(made), indent=0, ensure_ascii=False) + "\n", "utf-8")
    print(path)


if __name__ == "__main__":
    main()
