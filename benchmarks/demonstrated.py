"""`python -m catena.benchmarks.demonstrated`: what demonstrations cost, how often they are reused, what they show.

Questions of FairytaleQA whose section is known are asked with 0, 3 and 5 demonstrations. The model is the stub that
reads; every prompt is looked at: demonstrations stand between the passages and the question, name a passage that is
shown, and never one of the sections that the question's answer stands in.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from catena import AskOptions, Catena
from catena.retrieval.sentences import sentence_spans
from catena.settings import Settings
from catena.testing import StubModel
from catena.testing.stub import read_passages

_DEMO = re.compile(r"^Question: (.*)\nEvidence: \[(\d+)\]\nAnswer: .*\[\2\]\.$", re.M)
_PASSAGE = re.compile(r"^\[(\d+)\]\n\| .*· Section (\d+) ·", re.M)


def reply(request: Mapping[str, Any]) -> str:
    """The stub's rules: make a pair of the passage's longest sentence, or read."""
    system, user = (message["content"] for message in request["messages"])
    if not system.startswith("You write one question"):
        return read_passages(request)
    text = " ".join(line.removeprefix("| ") for line in user.splitlines() if line.startswith("| "))
    longest = max((text[start:end] for start, end in sentence_spans(text)), key=len)
    subject = " ".join(longest.split()[:6])
    return f"Question: What is told of “{subject}”?\nAnswer: {' '.join(longest.split()[:40])}"


def stories(data: Path, num: int) -> Iterator[tuple[str, list[tuple[str, set[str]]]]]:
    """Stories as Markdown, a heading a section, with their questions and the sections that answer them."""
    asked: dict[str, list[tuple[str, set[str]]]] = {}
    for line in (data / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        if one["set"] == "fairytaleqa":
            sections = {evidence["section"] for evidence in one["evidence"]}
            asked.setdefault(one["docs"][0], []).append((one["question"], sections))
    for path, questions in sorted(asked.items())[:num]:
        with (data / path).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        yield "\n\n".join(f"# Section {row['section']}\n\n{row['text']}" for row in rows), questions


def look(prompt: str, own: set[str], counts: Counter[str]) -> None:
    """Count what one prompt shows."""
    section = dict(_PASSAGE.findall(prompt))
    found = list(_DEMO.finditer(prompt))
    last = max(match.start() for match in _PASSAGE.finditer(prompt))
    counts["demonstrations"] += len(found)
    for demo in found:
        counts["out of place"] += not last < demo.start() < prompt.rindex("\nQuestion: ")
        counts["wrong number"] += demo[2] not in section
        counts["own evidence"] += section.get(demo[2]) in own


def measure(data: Path, num_demos: int, num_stories: int, per_story: int) -> Counter[str]:
    """Ask, and count over all questions."""
    counts: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        StubModel(rules="catena.benchmarks.demonstrated:reply") as stub,
        Catena(
            settings=Settings(
                home=Path(folder) / "home", model="openai/stub", api_base=stub.url, background=False
            )
        ) as catena,
    ):
        for number, (text, questions) in enumerate(stories(data, num_stories)):
            path = Path(folder) / f"{number}.md"
            path.write_text(text, encoding="utf-8")
            document = catena.add(path)
            for question, own in questions[:per_story]:
                options = AskOptions(strategy="retrieve", demos=num_demos)
                answer = catena.ask(question, documents=[document], options=options)
                for role in answer.roles:
                    counts[f"{role.role} calls"] += role.usage.calls
                    counts[f"{role.role} tokens"] += role.usage.prompt_tokens
                counts["questions"] += 1
                look(stub.requests()[-1]["messages"][-1]["content"], own, counts)
    return counts


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="catena.benchmarks.demonstrated", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--stories", type=int, default=6)
    parser.add_argument("--questions", type=int, default=8, help="of each story")
    options = parser.parse_args(arguments)
    print(
        "| demos | questions | tokens a question | shown | made | tokens to make | out of place | own evidence |"
    )
    print("| --- " * 8 + "|")
    failed = 0
    for num in (0, 3, 5):
        counts = measure(options.data, num, options.stories, options.questions)
        failed += counts["out of place"] + counts["wrong number"] + counts["own evidence"]
        cells = (
            num,
            counts["questions"],
            counts["answer tokens"] // counts["questions"],
            counts["demonstrations"],
            counts["demo calls"],
            counts["demo tokens"],
            counts["out of place"] + counts["wrong number"],
            counts["own evidence"],
        )
        print("| " + " | ".join(map(str, cells)) + " |")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
