"""Questions about texts that the data sets keep in tables: stories and what L-Eval gathered, written out as files.

Each is also asked of another text of its set, where that does not answer it.
"""

from __future__ import annotations

import json
import random
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.resources import files
from itertools import islice
from pathlib import Path

from catena.benchmarks.absent import Item
from catena.benchmarks.fairytales import read_stories

PER_SET = 110
PER_WRONG = 45
MADE_UP = "pages made up"
_MARKUP = re.compile(r"</?[A-Z]\w*[^<>]*>")
_DETAILS = re.compile(r"Details: (.+?)$", re.DOTALL)
_LEVAL = ("natural_question", "legal_contract_qa", "scientific_qa")
ELSEWHERE_TOO = ("legal_contract_qa", "scientific_qa")
"""Every contract has an end date, and every paper baselines: their questions are not asked of another."""


def written_out(data: Path, folder: Path) -> Iterator[Item]:
    """Write the texts under `folder` and yield questions about them, an even draw of each set."""
    folder.mkdir(parents=True, exist_ok=True)
    yield from made_up(folder)
    sets = {"fairytaleqa": list(_stories(data, folder))}
    sets |= {name: list(_leval(data / "leval" / f"{name}.jsonl", folder)) for name in _LEVAL}
    for name, items in sets.items():
        drawn = random.Random(name).sample(items, min(PER_SET, len(items)))
        yield from drawn
        if name not in ELSEWHERE_TOO:
            yield from islice(_elsewhere(drawn, random.Random(name)), PER_WRONG)


def made_up(folder: Path) -> Iterator[Item]:
    """Pages written for the purpose: ten facts each, and a dozen that are near and absent."""
    pages = tomllib.loads((files("catena.benchmarks") / "made_up.toml").read_text("utf-8"))["page"]
    for page in pages:
        file = _write(folder, page["name"], page["text"].strip(), ".md")
        for number, (asked, answer) in enumerate(page["facts"]):
            yield Item(f"{page['name']}-{number}", asked, file, "answerable", (), (answer,), MADE_UP)
        for number, asked in enumerate(page["absent"]):
            yield Item(f"{page['name']}-absent-{number}", asked, file, "not answerable", of=MADE_UP)


def _stories(data: Path, folder: Path) -> Iterator[Item]:
    for half in ("tuning", "held-out"):
        for story in read_stories(data, half):
            path = _write(folder, story.name, story.text)
            for number, one in enumerate(story.questions):
                name = f"{story.name}-{number}"
                yield Item(name, one.text, path, "answerable", (), one.accepted, "fairytaleqa")


def _leval(path: Path, folder: Path) -> Iterator[Item]:
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        row = json.loads(line)
        text = "\n\n".join(part.strip() for part in _MARKUP.split(row["input"]) if part.strip())
        file = _write(folder, f"{path.stem}-{number}", text)
        for place, (asked, answer) in enumerate(zip(row["instructions"], row["outputs"], strict=True)):
            details = _DETAILS.search(asked)
            question = (details[1] if details else asked).strip()
            name = f"{path.stem}-{number}-{place}"
            yield Item(name, question, file, "answerable", (), (answer,), path.stem)


def _elsewhere(items: Sequence[Item], chance: random.Random) -> Iterator[Item]:
    """Questions asked of a text that is not theirs."""
    files = sorted({one.file for one in items})
    for one in items:
        other = chance.choice([file for file in files if file != one.file])
        name = f"{one.id}@{Path(other).stem}"
        yield replace(
            one, id=name, file=other, kind="wrong document", accepted=(), of=f"{one.of}, wrong document"
        )


def _write(folder: Path, name: str, text: str, ending: str = ".txt") -> str:
    path = folder / f"{name}{ending}"
    path.write_text(text, "utf-8")
    return str(path)
