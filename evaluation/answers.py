"""How good are answers without a model? FairytaleQA (is the answer in the quotes?) and generated tables.

python -m catena.evaluation.answers fairytaleqa FOLDER   (its README says where to get the data)
python -m catena.evaluation.answers tables [NUMBER]
"""

from __future__ import annotations

import asyncio
import csv
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catena.agents.quantities import quantities
from catena.client import Catena
from catena.evaluation.generated_tables import TableQuestion, write_tables
from catena.settings import load_settings
from catena.types import Answer


@dataclass(slots=True)
class Score:
    num: int = 0
    right: int = 0
    refused: int = 0
    words: int = 0

    def __str__(self) -> str:
        num = max(1, self.num)
        return (
            f"{self.right / num:.3f} right of {self.num}, {self.refused / num:.3f} refused, "
            f"{self.words / num:.0f} words a question"
        )


def plain(text: str) -> str:
    """Lower case, words alone, without articles: how FairytaleQA answers are compared."""
    return " ".join(re.findall(r"\w+", re.sub(r"\b(?:a|an|the)\b", " ", text.lower())))


def is_quoted(answer: Answer, accepted: list[str]) -> bool:
    """Whether the quotes, in the order of the document, hold an accepted answer."""
    cited = sorted(answer.citations, key=lambda one: (one.parts[0].ref.number, one.parts[0].start))
    held = f" {plain(' '.join(one.quote for one in cited))} "
    return bool(answer.statements) and any(f" {plain(one)} " in held for one in accepted if plain(one))


def names_number(answer: Answer, asked: TableQuestion) -> bool:
    """Whether the first number of the text is the one asked for, with unit and scale."""
    found = quantities(answer.text)
    return (
        bool(found)
        and abs(found[0].full - asked.value) < 1e-6 * abs(asked.value) + 1e-9
        and (found[0].unit == asked.unit)
    )


def fairytales(folder: Path) -> Iterator[tuple[Path, list[tuple[str, list[str]]]]]:
    """Stories (CSV, one section a row) with their explicit questions whose answer stands in the story."""
    for path in sorted(folder.glob("section-stories/val/*-story.csv")):
        story = plain(" ".join(row["text"] for row in _rows(path)))
        questions = path.name.replace("-story.csv", "-questions.csv")
        asked = []
        for row in _rows(folder / "questions" / "val" / questions):
            answers = [row[key] for key in row if re.fullmatch(r"answer\d", key or "") and row[key]]
            if row["ex-or-im1"] == "explicit" and any(f" {plain(one)} " in f" {story} " for one in answers):
                asked.append((row["question"], answers))
        yield path, asked


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def measure_fairytales(catena: Catena, folder: Path) -> Score:
    score = Score()
    for path, asked in fairytales(folder):
        with tempfile.TemporaryDirectory() as temporary:
            text = Path(temporary) / f"{path.stem}.txt"
            text.write_text("\n\n".join(" ".join(row["text"].split()) for row in _rows(path)), "utf-8")
            document = catena.add(text)
        for question, accepted in asked:
            answer = catena.ask(question, documents=[document])
            score.num += 1
            score.right += is_quoted(answer, accepted)
            score.refused += answer.status == "not_in_document"
            score.words += sum(len(citation.quote.split()) for citation in answer.citations)
    return score


def measure_tables(catena: Catena, number: int) -> Score:
    score = Score()
    with tempfile.TemporaryDirectory() as temporary:
        for path, asked in write_tables(Path(temporary), number):
            answer = asyncio.run(catena.ask_async(asked.question, documents=[catena.add(path)]))
            score.num += 1
            score.right += names_number(answer, asked)
            score.refused += answer.status == "not_in_document"
            score.words += len(answer.text.split())
    return score


def main() -> None:
    which, *rest = sys.argv[1:] or ["tables"]
    with tempfile.TemporaryDirectory() as home, Catena(settings=load_settings(home=home)) as catena:
        if which == "tables":
            print(measure_tables(catena, int(rest[0]) if rest else 200))
        else:
            print(measure_fairytales(catena, Path(rest[0])))


if __name__ == "__main__":
    main()
