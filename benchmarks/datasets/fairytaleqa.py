"""FairytaleQA (Xu et al., ACL 2022): questions on whole stories; the evidence is named by section."""

from __future__ import annotations

import re
from pathlib import Path

from catena.benchmarks.datasets.benchmark_items import Item, Source
from catena.benchmarks.datasets.records import Record, has_own, labels, own_records, read_rows, strings
from catena.errors import OptionError

STORY, QUESTIONS = "-story.csv", "-questions.csv"


def load(data: Path) -> list[Item]:
    """Read the split folders `section-stories/SPLIT` and `questions/SPLIT`, or `questions.jsonl`."""
    if has_own(data):
        stories: dict[str, Source] = {}
        return [_own(record, data, stories) for record in own_records(data, "fairytaleqa")]
    found = sorted(data.rglob(f"section-stories/*/*{STORY}"))
    if not found:
        raise OptionError(
            f"There is no section-stories/SPLIT in {data}.", "Give the folder of the splits with --data."
        )
    return [item for path in found for item in _official(path)]


def _own(record: Record, data: Path, stories: dict[str, Source]) -> Item:
    name = record["docs"][0]
    if name not in stories:
        stories[name] = story(data / name)
    sections = frozenset(int(one["section"]) for one in record["evidence"])
    kinds = labels(record, type="type", scope="scope")
    return Item(
        record["id"], record["question"], strings(record["answer"]), stories[name], sections, True, kinds
    )


def _official(path: Path) -> list[Item]:
    source = story(path)
    questions = path.parents[2] / "questions" / path.parent.name / path.name.replace(STORY, QUESTIONS)
    items = []
    for number, row in enumerate(read_rows(questions), 1):
        answers = tuple(row[key] for key in row if re.fullmatch(r"answer\d", key or "") and row[key])
        sections = frozenset(int(number) for number in re.findall(r"\d+", row["cor_section"]))
        kinds = labels(row, type="ex-or-im1", scope="local-or-sum", element="attribute1")
        key = f"{source.name}-{number}"  # question ids are not unique within a story
        items.append(Item(key, row["question"], answers, source, sections, True, kinds))
    return items


def story(path: Path) -> Source:
    """A story with its sections as units, lines unwrapped."""
    sections = tuple(" ".join(row["text"].split()) + "\n\n" for row in read_rows(path))
    return Source(f"{path.parent.name}/{path.name.removesuffix(STORY)}", units=sections)
