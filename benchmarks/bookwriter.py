"""A stub model that plays the writer and the checker of question-answer sets by rule.

It proves the plumbing, not the questions: what it asks, nobody would. It copies sentences as answers and describes them
by two of their words; it knows nothing by heart but what `known` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from catena.retrieval.sentences import sentence_spans
from catena.testing.stub import read_passages

_WRITER, _CLOSED = "You write one examination question", "You answer questions about a book from memory"
_SPOKEN = re.compile(r"[\"“”‘!?\[\]]|(?:^|\s)'|'(?:\s|$)")
_WORD = re.compile(r"(?<![A-Za-z'’-])[a-z]{5,}(?![A-Za-z'’-])")
MIN_WORDS, MAX_WORDS = 8, 40
NO_QUESTION = "Evidence: []\nAnswer: I cannot think of a question."
MADE_UP = (
    "zeppelin",
    "microwave",
    "satellite",
    "trampoline",
    "escalator",
    "motorway",
    "kangaroo",
    "saxophone",
)


def reply(request: Mapping[str, Any], known: Mapping[str, str] | None = None) -> str:
    """Write a question, answer one from memory (`known`: answers by question), or read passages."""
    system, user = (message["content"] for message in request["messages"][-2:])
    if system.startswith(_CLOSED):
        question = user.rpartition("Question:")[2].strip()
        return (known or {}).get(question, "I do not know.")
    if system.startswith(_WRITER):
        return _write(user)
    return read_passages(request)


def _write(user: str) -> str:
    shown, _, task = user.rpartition("\n\n")
    passages = list(_passages(shown))
    if "does not tell" in task or "not said here" in task:
        return _unanswerable(passages)
    if "one of these passages states" in task:
        return _local(passages)
    found = [(number, one) for number, text in passages if (one := _telling(text))]
    told = [found[at] for at in sorted({0, len(found) // 2, len(found) - 1})] if found else []
    if len(told) < 2:
        return NO_QUESTION
    about = ", then of ".join(" and ".join(_key_words(one)) for _, one in told)
    answer = " ".join(f"{one.rstrip('.!?')} [{number}]." for number, one in told)
    numbers = ", ".join(str(number) for number, _ in told)
    return f"Evidence: [{numbers}]\nQuestion: In what way does the book speak of {about}?\nAnswer: {answer}"


def _local(passages: list[tuple[int, str]]) -> str:
    for number, text in passages:
        if one := _telling(text):
            words = " and ".join(_key_words(one))
            return f"Evidence: [{number}]\nQuestion: What is told of {words}?\nAnswer: {one.rstrip('.!?')} [{number}]."
    return NO_QUESTION


def _unanswerable(passages: list[tuple[int, str]]) -> str:
    if not passages:
        return NO_QUESTION
    words = _key_words(passages[0][1])
    thing = MADE_UP[sum(map(ord, passages[0][1])) % len(MADE_UP)]
    return (
        f"Evidence: []\nQuestion: Who paid for the {thing} beside the {' and the '.join(words)}?\n"
        "Answer: The book does not say."
    )


def _passages(shown: str) -> Iterator[tuple[int, str]]:
    """Number and text of each passage, without the line that says where it stands."""
    for part in re.split(r"^(?=\[\d+\]$)", shown, flags=re.M):
        if number := re.match(r"\[(\d+)\]", part):
            yield int(number[1]), " ".join(line.removeprefix("| ") for line in part.splitlines()[2:])


def _telling(text: str) -> str:
    """The longest sentence of narrative of middling length that has enough words to be described by."""
    whole = [text[start:end] for start, end in sentence_spans(text)]
    fit = [
        one
        for one in whole[1:-1] or whole  # the first and the last may be cut
        if MIN_WORDS <= len(one.split()) <= MAX_WORDS
        and len(set(_WORD.findall(one))) >= 4
        and not _SPOKEN.search(one)
    ]
    return max(fit, key=len, default="")


def _key_words(text: str) -> list[str]:
    """The two longest plain words."""
    return sorted(set(_WORD.findall(text)), key=lambda word: (-len(word), word))[:2]
