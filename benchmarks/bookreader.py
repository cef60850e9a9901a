"""Rules for the stub model: a reader that really finds planted facts in what it is sent, and forgets what it carries.

It plays every role by how the system prompt begins. As a worker it copies the sentences that bear on the question,
and of the note so far each line but with chance `forget`; the same prompt gives the same reply. As a manager, or with
passages found, it answers from the sentences that it is shown: lists, counts, orders by year, follows a chain of four.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catena.benchmarks.planted_books import HIT, LOST

DENIAL = "Evidence: []\nAnswer: NOT IN THE DOCUMENT"


def _pattern(forms: Sequence[str], *gaps: str) -> re.Pattern[str]:
    """Any of the forms; what reading means to this reader."""
    return re.compile("|".join(re.escape(form).replace(r"\{\}", "{}").format(*gaps) for form in forms))


_NAME = r"[A-Z][a-z]+ [A-Z][a-z]+"
LOSSES = _pattern(LOST, _NAME, "[a-z]+")
MISFORTUNES = _pattern(HIT, "[A-Z][a-z]+", r"\d{4}")
LINKS = (
    re.compile(rf"({_NAME}) was apprenticed to ({_NAME})"),
    re.compile(rf"({_NAME}) had a workshop in (\w+)"),
    re.compile(rf"The church of (\w+) was built by ({_NAME})"),
    re.compile(rf"({_NAME}) was buried in (\d+)"),
)
_PUPIL = re.compile(rf"the master of ({_NAME})")
_LINE = re.compile(r"^- (.*?)(?: \[([\d, ]+)\])?$", re.M)

Found = list[tuple[int, str]]
"""Sentences with the number of the passage that they begin in."""


def reply(request: Mapping[str, Any], forget: float = 0.0, seed: int = 0) -> str:
    """Answer one request of Catena's."""
    system, user = (message["content"] for message in request["messages"])
    if system.startswith("Several readers have answered"):
        return "Best: 1"
    shown, _, question = user.rpartition("Question:")
    passages, *rest = re.split(r"^(?:Note so far|Last note):$", shown, maxsplit=1, flags=re.M)
    note = "".join(rest)
    found = find(question, passages)
    if system.startswith("You are one of several readers"):
        drawn = random.Random(f"{seed} {user}")
        kept = [line.group() for line in _LINE.finditer(note) if drawn.random() >= forget]
        new = [f"- {sentence} [{number}]" for number, sentence in found]
        return "\n".join(dict.fromkeys([*new, *kept])) or "NOTHING FOUND"
    return answer(question, _unique([*found, *_noted(question, note)]))


def find(question: str, passages: str) -> Found:
    """The sentences in the passages that bear on the question; a summary's reader takes all that look like facts."""
    numbers: list[tuple[int, int]] = []
    text = ""
    for line in passages.splitlines():
        if head := re.match(r"\[(\d+)\]", line):
            numbers.append((len(text), int(head[1])))
        elif line.startswith("| "):
            text += line[2:] + " "
    return [
        (max((start, number) for start, number in numbers if start <= match.start())[1], match.group())
        for match in sorted(_matches(question, text), key=lambda match: match.start())
    ]


def _matches(question: str, text: str) -> Iterable[re.Match[str]]:
    patterns = _patterns(question)
    return (match for pattern in patterns for match in pattern.finditer(text))


def _patterns(question: str) -> tuple[re.Pattern[str], ...]:
    if "missing" in question:
        return (LOSSES,)
    if "misfortune" in question:
        return (MISFORTUNES,)
    return LINKS if "buried" in question else (LOSSES, MISFORTUNES, *LINKS)


def _noted(question: str, note: str) -> Found:
    """The facts of the note that bear on the question, with the first number of their line."""
    return [
        (int(re.findall(r"\d+", line[2])[0]), line[1])
        for line in _LINE.finditer(note)
        if line[2] and list(_matches(question, line[1]))
    ]


def _unique(found: Found) -> Found:
    return list({sentence: (number, sentence) for number, sentence in reversed(found)}.values())[::-1]


def answer(question: str, found: Found) -> str:
    """Answer as a careful writer does: of the facts that it sees, and of no others."""
    if not found:
        return DENIAL
    if "misfortune" in question:
        found = sorted(found, key=lambda one: int(re.findall(r"\d{4}", one[1])[0]))
    if "buried" in question:
        found = follow(question, found)
        said = " ".join(f"{sentence.rstrip('.')} [{number}]." for number, sentence in found)
        return f"Evidence: {[number for number, _ in found]}\nAnswer: {said}" if found else DENIAL
    lines = [f"- {sentence} [{number}]" for number, sentence in found]
    if "How many" in question:
        lines.append(f"In all: {len(found)}")
    return "Answer:\n" + "\n".join(lines)


def follow(question: str, found: Found) -> Found:
    """The four facts of the chain that begins with the name in the question; nothing if one is missing."""
    pupil = _PUPIL.search(question)
    at = pupil[1] if pupil else ""
    chain: Found = []
    for link in LINKS:
        step = next(
            ((match[2], one) for one in found for match in [link.search(one[1])] if match and match[1] == at),
            None,
        )
        if step is None:
            return []
        at = step[0]
        chain.append(step[1])
    return chain
